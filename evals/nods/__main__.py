"""Nods and shakes of rendered listeners and speakers: ``python -m evals.nods [--results]``.

Renders clips, analyses each as a user's file, and reports recall, precision and false detections a minute by
kind of clip, with intervals. It also makes clips without pixels, from a model of perception that it learns
from the rendered ones, and compares the two.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from backchannel.tracks import FaceTracks, Tracks
from evals.nods.design import Clip, design
from evals.nods.measurement import MEASURED, Measurement, learned, modelled
from evals.nods.rendering import rendered
from evals.nods.report import as_markdown, broken
from evals.nods.score import Outcome, outcome_of
from evals.results import commit_now, machine
from synthesis import Truth, perform

RESULTS = Path(__file__).parents[1] / "NODS.md"

HEADING = """# Nods and shakes

Written by `make nods RESULTS=1`: people who nod, who shake their head, or do something that looks like it.
Every clip lasts 10 s and comes from a script, so the truth is known. Light, noise, blur, face size,
compression, sway, voice and room vary in all clips. A detection and a scripted gesture match by the rule for
real clips ([README.md](README.md)). Intervals are of 95%: clips are drawn again, kind by kind. Where nothing
false was reported, the limit is that of the rule of three.

- Date: {date}
- Commit: {commit}
- Machine: {machine}; {minutes:.0f} minutes in all{kept}

What the figures do not say:

- All clips show one face: a portrait that is turned and warped. Real heads, beards, glasses and cameras are
  missing. The labelled clips show real people.
- We wrote the scripts. Rates and sizes of beats, sways and steps are judgement, after Hadar et al. (1983)
  and McClave (2000), not measurements of people. Half of the clips are made to provoke a mistake, so
  there are more false detections a minute than in a conversation.
- Beats are timed by the syllables of a synthetic voice. So they are more exactly in step with the jaw than
  the beats of real people.
- The held-out half is not blind: tables over both halves were read while the rules were made, and some
  thresholds were also chosen on the labelled clips of real people.
- Shakes under 9° are often missed. Perception measures nine tenths of a turn, and a shake needs 6°.

"""


def main() -> None:
    """Run the command; it fails when a bound is broken."""
    parser = argparse.ArgumentParser(prog="python -m evals.nods", description="Accuracy of nods and shakes.")
    parser.add_argument("--clips", type=int, default=13, help="rendered clips of each kind")
    parser.add_argument("--modelled", type=int, default=16, help="clips of each kind from the model")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--keep", type=Path, help="folder for the tracks of rendered clips, to use them again"
    )
    parser.add_argument(
        "--results", action="store_true", help="keep the result as evals/NODS.md, and the model"
    )
    asked = parser.parse_args()
    started_s, commit = time.monotonic(), commit_now()
    clips = design(asked.clips)
    tracks = rendered_all(clips, asked.jobs, asked.keep)
    model = learned_from(clips, tracks)
    through_pixels = [outcome_of(clip, made) for clip, made in zip(clips, tracks, strict=True)]
    through_model = [outcome_of(clip, modelled(clip, model)) for clip in design(asked.modelled)]
    noise_deg = tuple(model.noise[MEASURED.index(f"head_{axis}_deg")] for axis in ("pitch", "yaw"))
    tables = as_markdown(through_pixels, through_model, (noise_deg[0], noise_deg[1]))
    if asked.results:
        heading = HEADING.format(
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            commit=commit,
            machine=machine(),
            minutes=(time.monotonic() - started_s) / 60,
            kept=", with tracks that an earlier run had kept" if asked.keep else "",
        )
        RESULTS.write_text(heading + tables, encoding="utf-8")
        model.write()
    print(tables)
    sys.exit("\n".join(broken(held_out(through_pixels))) or None)


def held_out(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Clips that nobody adjusted a rule with."""
    return [outcome for outcome in outcomes if outcome.clip.held_out]


def rendered_all(clips: Sequence[Clip], jobs: int, kept: Path | None) -> list[Tracks]:
    """Render and measure clips, in several processes."""
    # Processes are spawned, not forked: the networks' threads do not survive a fork.
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(partial(rendered, kept=kept), clips))


def learned_from(clips: Sequence[Clip], tracks: Sequence[Tracks]) -> Measurement:
    """Learn the model of perception from rendered clips in which the face was followed throughout."""
    pairs: list[tuple[Truth, FaceTracks]] = []
    for clip, made in zip(clips, tracks, strict=True):
        truth, _ = perform(clip.shot)
        if made.picture is not None and made.picture.faces:
            face = made.picture.faces[0]
            if face.valid.size == truth.time_s.size and face.valid.any():
                pairs.append((truth, face))
    return learned(pairs)


if __name__ == "__main__":
    main()
