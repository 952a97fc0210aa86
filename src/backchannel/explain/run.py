"""Run the pipeline over labelled clips, several at a time."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from backchannel.constants import WINDOW_S
from backchannel.errors import Problem
from backchannel.explain.labels import Labels, LabelsError
from backchannel.explain.lanes import lanes_by_cue, lanes_of
from backchannel.explain.reasons import why_missed
from backchannel.explain.replay import replay
from backchannel.explain.score import ClipScore, score_clip
from backchannel.values import Cue, Rules, SegmentResult, Span


@dataclass(frozen=True, slots=True)
class EvaluatedClip:
    """One clip with its labels, its results, and their scores.

    Attributes
    ----------
    missed
        By cue and span of a missed label: how near the tracks came to it.
    """

    labels: Labels
    results: tuple[SegmentResult, ...]
    cues: tuple[Cue, ...]
    score: ClipScore
    missed: dict[tuple[str, Span], str]

    @property
    def whole(self) -> Span:
        """From the clip's beginning to its end."""
        return Span(0.0, self.score.duration_s)


def evaluate_clip(
    clip: Path,
    labels: Labels,
    window_s: float = WINDOW_S,
    rules: Rules = Rules(),  # noqa: B008 -- a frozen value
    *,
    words: bool = False,
) -> EvaluatedClip:
    """Analyse one clip as a live session would, and score it.

    Raises
    ------
    LabelsError
        When the clip cannot be used.
    """
    try:
        played = replay(clip.read_bytes(), window_s, rules=rules, words=words)
    except Problem as problem:
        raise LabelsError(f"{clip} cannot be analysed: {problem}") from None
    score = score_clip(clip.name, played.results, played.cues, labels)
    by_cue = lanes_by_cue(lanes_of(played))
    missed = {
        (name, label.span): why_missed(
            name, label.span, by_cue.get(name, ()), [cue for cue, _ in match.detections]
        )
        for name, match in score.cues.items()
        for label in match.missed
    }
    return EvaluatedClip(labels, played.results, played.cues, score, missed)


def evaluate_clips(
    clips: Sequence[tuple[Path, Labels]],
    window_s: float = WINDOW_S,
    on_done: Callable[[str], None] | None = None,
    rules: Rules = Rules(),  # noqa: B008 -- a frozen value
    *,
    words: bool = False,
) -> tuple[EvaluatedClip, ...]:
    """Evaluate clips, in as many processes as there are cores; the order is that of the clips.

    Parameters
    ----------
    on_done
        Called with the name of each clip when it is done.
    rules
        How cues are interpreted.
    words
        Also listen for words.

    Raises
    ------
    LabelsError
        When a clip cannot be used.
    """
    evaluate = partial(evaluate_clip, window_s=window_s, rules=rules, words=words)
    workers = min(len(os.sched_getaffinity(0)), len(clips))
    if workers <= 1:
        return tuple(_one_by_one(evaluate, clips, on_done))
    # Spawned, because the inference engine has threads that do not survive a fork.
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        # The long ones first, so that none runs alone at the end.
        order = sorted(range(len(clips)), key=lambda index: -clips[index][0].stat().st_size)
        jobs: dict[Future[EvaluatedClip], int] = {
            pool.submit(evaluate, *clips[index]): index for index in order
        }
        try:
            for job in as_completed(jobs):
                job.result()
                if on_done is not None:
                    on_done(clips[jobs[job]][0].name)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        return tuple(job.result() for job in sorted(jobs, key=lambda job: jobs[job]))


def _one_by_one(
    evaluate: Callable[[Path, Labels], EvaluatedClip],
    clips: Sequence[tuple[Path, Labels]],
    on_done: Callable[[str], None] | None,
) -> Iterator[EvaluatedClip]:
    for clip, labels in clips:
        yield evaluate(clip, labels)
        if on_done is not None:
            on_done(clip.name)
