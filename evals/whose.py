"""Whose voice is it? ``python -m evals.whose [--clips 20] [--results]``.

Renders people who speak, and people who listen to a voice that is not theirs, both with moving heads. Each is
analysed as a user's file. A phrase is right if it is reported as the person's own (`speaking`) or as another
voice (`other_voice`), as the script says.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from evals.nods.design import Clip, clip
from evals.nods.rendering import rendered
from evals.results import commit_now, machine
from evals.yardstick.run import found_cues

RESULTS: Final = Path(__file__).with_name("WHOSE.md")
OTHERS: Final = ("nods while another speaks",)
OWN: Final = ("beats, voice detected", "sideways emphasis in speech")
BOUND: Final = 0.95
"""Share of phrases that must be right where the lips are visible."""

HEADING: Final = """# Whose voice

Written by `python -m evals.whose --results`: rendered people who speak, and people who listen to a voice that
is not theirs, for 10 s each. Head, light, noise, face size and compression vary. All show one portrait, and
its mouth opens less than most real mouths do. No phrase of a real person in the labelled clips is taken for
another's.

- Date: {date}
- Commit: {commit}
- Machine: {machine}

"""


def main() -> None:
    """Run the command; it fails when the bound is broken."""
    parser = argparse.ArgumentParser(prog="python -m evals.whose", description="Whose voice a phrase is.")
    parser.add_argument("--clips", type=int, default=20, help="clips of each kind")
    parser.add_argument("--results", action="store_true", help="keep the result as evals/WHOSE.md")
    asked = parser.parse_args()
    table, right, phrases = "| Clips | Phrases | Right |\n|---|---|---|\n", 0, 0
    for kind in (*OTHERS, *OWN):
        told, judged = phrases_right(clip(kind, number) for number in range(asked.clips))
        table += f"| {kind} | {judged} | {told} ({told / max(judged, 1):.0%}) |\n"
        right, phrases = right + told, phrases + judged
    print(table)
    if asked.results:
        heading = HEADING.format(date=f"{datetime.now(UTC):%Y-%m-%d}", commit=commit_now(), machine=machine())
        RESULTS.write_text(heading + table, encoding="utf-8")
    if right < BOUND * phrases:
        sys.exit(f"evals.whose: only {right} of {phrases} phrases are right, {BOUND:.0%} are asked")


def phrases_right(clips: Iterable[Clip], kept: Path | None = None) -> tuple[int, int]:
    """Count the phrases that are attributed as their script says, and all phrases."""
    right = phrases = 0
    for made in clips:
        expected = "speaking" if made.shot.performance.voice_is_own else "other_voice"
        found = [
            cue.name for cue in found_cues(rendered(made, kept)) if cue.name in ("speaking", "other_voice")
        ]
        right += found.count(expected)
        phrases += len(found)
    return right, phrases


if __name__ == "__main__":
    main()
