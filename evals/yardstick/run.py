"""One clip from script to errors: render, perceive, interpret, compare."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from backchannel.conversation.interpret import finish, interpret
from backchannel.conversation.state import Conversation
from backchannel.perception.perceive import perceive_segment
from backchannel.tracks import Tracks
from backchannel.values import Cue, MediaLimits, Segment
from evals.yardstick.design import Case, targets
from evals.yardstick.gestures import GestureScore, score_gesture
from evals.yardstick.picture import picture_errors
from evals.yardstick.sample import Sample
from evals.yardstick.sound import sound_errors
from synthesis import perform, write_clip

GESTURES = ("nod", "shake")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one clip showed.

    Attributes
    ----------
    samples
        By measure, for example ``head pitch, deg``: the errors, or shares, to be pooled over clips.
    gestures
        By name of `GESTURES`.
    """

    case: Case
    samples: dict[str, Sample]
    gestures: dict[str, GestureScore]


def run(case: Case) -> Outcome:
    """Render a clip into a real file, analyse it as a user's, and compare."""
    return compare(case, perceived(case))


def perceived(case: Case) -> Tracks:
    """Render a clip and measure it."""
    suffix = ".mp4" if case.shot.encoding.codec == "h264" else ".webm"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{suffix}"
        write_clip(path, case.shot)
        return perceive_segment(Segment(path.read_bytes()), MediaLimits())


def compare(case: Case, tracks: Tracks) -> Outcome:
    """Compare tracks, and the cues found in them, with the script."""
    cues = found_cues(tracks)
    truth, voice = perform(case.shot)
    samples = picture_errors(case.shot, truth, tracks, cues)
    if voice is not None and tracks.voice is not None:
        samples |= sound_errors(voice, tracks, cues)
    scores = {
        name: score_gesture(targets(case.shot, name), [cue for cue in cues if cue.name == name])
        for name in GESTURES
    }
    return Outcome(case, samples, scores)


def found_cues(tracks: Tracks) -> list[Cue]:
    """Find every cue, window by window as in a session; one that grows is counted as it last was."""
    conversation, changes = interpret(Conversation(), tracks)
    _, last = finish(conversation)
    cues: list[Cue] = []
    for result in (*changes.results, *last.results):
        for cue in result.cues:
            cues = [*(old for old in cues if not _same(old, cue)), cue]
    return cues


def _same(one: Cue, other: Cue) -> bool:
    return one.name == other.name and one.direction == other.direction and one.span.overlap_s(other.span) > 0
