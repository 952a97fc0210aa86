"""Writes docs/rationales.md: rationales from real clips, each with the evidence it rests on.

``python -m tools.rationales CLIPS`` looks at every labelled clip in a folder and takes the two likeliest
occurrences of each signal, from different clips where there are. What no clip shows is
rendered, and said to be.
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

HEAD = """# Rationales, and what they rest on

The two likeliest occurrences of each signal in the labelled clips, word for word as they were reported, with
every number behind them (`include[]=evidence` gives the same). A signal that none of these clips shows has
**rendered** examples instead, and says so: a photograph that a script moves and a synthetic voice, encoded
into a file and analysed like any other. Their scripts were written so that the signal is reported: they show
what a rationale looks like, not how often it is right. Written by `python -m tools.rationales`.
"""

RENDERED = """*None of the labelled clips shows it. These two are rendered, not recorded: a photograph that a
script moves and, where there is speech, a synthetic voice. Nobody did this.*
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
        why = NOT_RENDERED.get(name, "Nothing is scripted for it.")
        yield f"None of the labelled clips shows it. {why}\n"
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
