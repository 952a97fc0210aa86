"""Generates docs/rationales.md: rationales from real clips, each with its evidence.

``python -m tools.rationales CLIPS`` analyses every labelled clip in a folder and shows the two most likely
occurrences of each signal, from different clips if possible. If no clip shows a signal, the page shows
rendered examples and marks them as rendered.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from backchannel import analyze
from backchannel.explain.labels import labelled_clips
from backchannel.values import Signal, SignalType
from tools.examples import NOT_RENDERED, Example, examples, signals_of

TARGET = Path("docs/rationales.md")
PER_SIGNAL = 2

HEAD = """# Rationales and their evidence

This page shows the two most likely occurrences of each signal in the labelled clips. Each has its rationale
exactly as reported, and every number behind it, as in `include[]=evidence`. If none of the clips shows a
signal, the page shows **rendered** examples and marks them: a script animates a photograph and a synthetic
voice, and the resulting file is analysed like any other. We wrote these scripts so that the signal is
reported. They show what a rationale looks like, not how often it is right. `python -m tools.rationales`
generates the page.
"""

RENDERED = """*None of the labelled clips shows this signal. These two examples are rendered, not recorded: an
animated photograph and, where there is speech, a synthetic voice. No person did this.*
"""


def rationales(folder: Path) -> str:
    """Return the text of the page."""
    found = [
        (clip.name, signal)
        for clip, _ in labelled_clips(folder)
        for result in analyze(clip)
        for signal in result.signals
    ]
    parts = [HEAD]
    for name in get_args(SignalType):
        real = [(clip, signal) for clip, signal in found if signal.type == name]
        parts += [f"## {name}\n", *(_real(real) if real else _rendered(name))]
    return "\n".join(parts).rstrip() + "\n"


def _real(found: list[tuple[str, Signal]]) -> Iterator[str]:
    chosen: list[tuple[str, Signal]] = []
    for clip, signal in sorted(found, key=lambda pair: -pair[1].score):
        elsewhere = len({other for other, _ in found}) > len(chosen)
        if len(chosen) < PER_SIGNAL and not (elsewhere and clip in [other for other, _ in chosen]):
            chosen.append((clip, signal))
    for clip, signal in chosen:
        yield from _occurrence(f"`{clip}`", signal)


def _rendered(name: SignalType) -> Iterator[str]:
    scripts = examples().get(name, ())
    if not scripts:
        why = NOT_RENDERED.get(name, "There is no script for it.")
        yield f"None of the labelled clips shows this signal. {why}\n"
        return
    yield RENDERED
    for example in scripts:
        yield from _rendered_occurrence(example, name)


def _rendered_occurrence(example: Example, name: SignalType) -> Iterator[str]:
    signals = [signal for signal in signals_of(example) if signal.type == name]
    if not signals:
        yield f"Rendered ({example.script}): not reported.\n"
        return
    likeliest = max(signals, key=lambda signal: signal.score)
    yield from _occurrence(f"a rendered clip ({example.script})", likeliest)


def _occurrence(where: str, signal: Signal) -> Iterator[str]:
    yield f"**{signal.probability}**, {signal.span.start_s:.1f} to {signal.span.end_s:.1f} s of {where}\n"
    yield f"> {signal.rationale}\n"
    yield "| Cue | From | To | Value | Baseline | Weight |"
    yield "|---|---|---|---|---|---|"
    for entry in signal.evidence:
        baseline = "" if entry.baseline is None else f"{entry.baseline:.2f}"
        side = f" {entry.direction}" if entry.direction else ""
        measure = f", {entry.measure}" if entry.measure else ""
        yield (
            f"| {entry.cue}{side}{measure} | {entry.span.start_s:.2f} s | {entry.span.end_s:.2f} s "
            f"| {entry.value:.2f} {entry.unit} | {baseline} | {entry.weight:.2f} |"
        )
    yield ""


if __name__ == "__main__":
    TARGET.write_text(rationales(Path(sys.argv[1])), encoding="utf-8")
