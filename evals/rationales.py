"""Writes docs/rationales.md: real rationales from real clips, each with the evidence it rests on.

``python -m evals.rationales CLIPS`` looks at every labelled clip in a folder and takes the two likeliest
occurrences of each signal, from different clips where there are.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from backchannel import analyze
from backchannel.evaluation.labels import labelled_clips
from backchannel.model import Signal, SignalType

TARGET = Path("docs/rationales.md")
PER_SIGNAL = 2

HEAD = """# Rationales, and what they rest on

The two likeliest occurrences of each signal in the labelled clips, word for word as they were reported, with
every number behind them (`include[]=evidence` gives the same). Written by `python -m evals.rationales`.
"""


def rationales(folder: Path) -> str:
    """Return the page's text."""
    found = [
        (clip.name, signal)
        for clip, _ in labelled_clips(folder)
        for result in analyze(clip)
        for signal in result.signals
    ]
    parts = [HEAD]
    for name in get_args(SignalType):
        parts += [f"## {name}\n", *_signal([(clip, signal) for clip, signal in found if signal.type == name])]
    return "\n".join(parts).rstrip() + "\n"


def _signal(found: list[tuple[str, Signal]]) -> Iterator[str]:
    chosen: list[tuple[str, Signal]] = []
    for clip, signal in sorted(found, key=lambda pair: -pair[1].score):
        elsewhere = len({other for other, _ in found}) > len(chosen)
        if len(chosen) < PER_SIGNAL and not (elsewhere and clip in [other for other, _ in chosen]):
            chosen.append((clip, signal))
    if not chosen:
        yield "None of the labelled clips shows it, so there is none to print.\n"
    for clip, signal in chosen:
        yield from _occurrence(clip, signal)


def _occurrence(clip: str, signal: Signal) -> Iterator[str]:
    yield f"**{signal.probability}**, {signal.span.start_s:.1f} to {signal.span.end_s:.1f} s of `{clip}`\n"
    yield f"> {signal.rationale}\n"
    yield "| Cue | From | To | Value | Usual | Weight |"
    yield "|---|---|---|---|---|---|"
    for entry in signal.evidence:
        usual = "" if entry.baseline is None else f"{entry.baseline:.2f}"
        side = f" {entry.direction}" if entry.direction else ""
        yield (
            f"| {entry.cue}{side} | {entry.span.start_s:.2f} s | {entry.span.end_s:.2f} s "
            f"| {entry.value:.2f} {entry.unit} | {usual} | {entry.weight:.2f} |"
        )
    yield ""


if __name__ == "__main__":
    TARGET.write_text(rationales(Path(sys.argv[1])), encoding="utf-8")
