"""How far is the analysis from a truth that is known? ``python -m evals.truth [--clips 200] [--jobs 2]``.

Renders clips in which face size, light, compression, frame rate and speech vary at the same time, analyses
each as a user's file, and reports the error of every track and cue, the bounds that must hold, and every clip
that failed with what is needed to make it again. Real frames moved by known rotations are added where the
labelled clips are at hand.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from evals.results import commit_now, machine
from evals.yardstick.design import Case, design
from evals.yardstick.furrows import furrow_cases, furrow_errors
from evals.yardstick.real_frames import CLIPS, MISSING, real_frame_errors
from evals.yardstick.report import Report, as_json, as_markdown, pooled
from evals.yardstick.run import Outcome, run
from evals.yardstick.sample import Sample
from evals.yardstick.sound import pulse_errors

RESULTS = Path(__file__).with_name("TRUTH.md")


def main() -> None:
    """Run the command; it fails when a bound is broken."""
    parser = argparse.ArgumentParser(prog="python -m evals.truth", description="Accuracy on synthetic truth.")
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--furrows", type=int, default=20, help="further clips, of furrowed brows")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--results", action="store_true", help="keep the result as evals/TRUTH.md")
    asked = parser.parse_args()
    started_s, commit = time.monotonic(), commit_now()
    report = measure(
        design(asked.clips, asked.seed), jobs=asked.jobs, furrows=furrow_cases(asked.furrows, asked.seed)
    )
    if asked.results:
        heading = heading_of(asked.clips, asked.seed, commit, time.monotonic() - started_s)
        RESULTS.write_text(heading + as_markdown(report), encoding="utf-8")
    print(json.dumps(as_json(report), indent=1) if asked.json else as_markdown(report))
    sys.exit(1 if report.broken() else 0)


def heading_of(clips: int, seed: int, commit: str, took_s: float) -> str:
    """Say what was measured, when and on what."""
    return (
        "# Synthetic truth\n\n"
        f"Written by `python -m evals.truth --clips {clips} --seed {seed} --results`: clips rendered from\n"
        "scripts in which everything varies at once, analysed as files; and real frames\n"
        "moved by known rotations.\n\n"
        f"- Date: {datetime.now(UTC):%Y-%m-%d}\n- Commit: {commit}\n- Machine: {machine()}; "
        f"{took_s / 60:.0f} minutes in all\n- Clips: {clips}, seed {seed}\n\n"
    )


def measure(
    cases: tuple[Case, ...], *, jobs: int = 1, real_frames: bool = True, furrows: tuple[Case, ...] = ()
) -> Report:
    """Render and analyse clips, and pool what they show; of `furrows`, only what they show of furrows."""
    outcomes = list(_outcomes(cases, jobs))
    further: dict[str, Sample] = pulse_errors() | furrow_errors(_outcomes(furrows, jobs))
    if real_frames and CLIPS.is_dir():
        further |= real_frame_errors()
    elif real_frames:
        print(MISSING, file=sys.stderr)
    return pooled(outcomes, further)


def _outcomes(cases: tuple[Case, ...], jobs: int) -> Iterator[Outcome]:
    if jobs == 1:
        yield from _watched(map(run, cases), len(cases))
        return
    # Processes are spawned, not forked: the networks' threads do not survive a fork.
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from _watched(pool.map(run, cases), len(cases))


def _watched(outcomes: Iterator[Outcome], count: int) -> Iterator[Outcome]:
    for number, outcome in enumerate(outcomes, start=1):
        if sys.stderr.isatty():
            print(f"\r{number} of {count} clips", end="\n" if number == count else "", file=sys.stderr)
        yield outcome


if __name__ == "__main__":
    main()
