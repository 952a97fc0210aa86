"""Generates docs/cues-and-signals.md from the tables that the code uses.

Run ``python -m tools.reference``. A test compares the page with the tables. The accuracy figures come from
``evals/results.json``, which `make eval RESULTS=1` writes.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from backchannel.cues.thresholds import CueThresholds, cue_table
from backchannel.signals.phrases import PHRASES
from backchannel.signals.weights import quality_table, signal_table

TARGET = Path("docs/cues-and-signals.md")
RESULTS = Path("evals/results.json")

CUES_OF_ROW: Mapping[str, tuple[str, ...]] = {
    "pause": ("pause", "long_pause"),
    "speech_rate": ("speech_brisk", "speech_faster", "speech_slow"),
    "blink": (),
}
"""Rows of the cue table whose cues have other names. Every other row has one cue, of the same name."""

HEAD = """# Cues and signals

This page describes how each cue and signal is measured, where its numbers come from, what it gets wrong, and
how often it was right. It is generated from the tables that the code uses (`python -m tools.reference`).

Lengths on a face are in face widths: the distance between the outer eye corners. Left and right are from the
person's own point of view. A baseline is a running estimate of the person's normal value. "Not validated"
means that there were too few labelled examples to judge.

Signals are interpretations of visible and audible behaviour, not feelings. Culture, health, lighting and
camera affect them. Nothing here is validated for hiring, policing or medical use.
"""


def reference() -> str:
    """Return the page's text."""
    scores = json.loads(RESULTS.read_text(encoding="utf-8"))["cues"] if RESULTS.is_file() else {}
    parts = [HEAD, "## Cues\n", *_cues(scores), "## Signals\n", *_signals(), "## Quality\n", *_quality()]
    return "\n".join(parts).rstrip() + "\n"


def _cues(scores: Mapping[str, Any]) -> Iterator[str]:
    for row, thresholds in cue_table().items():
        yield f"### {row}\n"
        yield f"{thresholds.measured_as}\n"
        made = [name for name in CUES_OF_ROW.get(row, (row,)) if name in PHRASES]
        for name in made:
            yield f"- Reported as: *{_phrase(name)}*"
        yield f"- Thresholds: {_thresholds(thresholds)}"
        yield f"- Source: {thresholds.source}"
        yield f"- Known failures: {thresholds.known_failure}"
        if made:
            yield f"- Accuracy: {'; '.join(_accuracy(name, scores) for name in made)}"
        yield ""


def _phrase(name: str) -> str:
    return PHRASES[name].one.replace("{", "‹").replace("}", "›")


def _thresholds(thresholds: CueThresholds) -> str:
    return ", ".join(f"`{name}` {value:g}" for name, value in thresholds.values.items())


def _accuracy(name: str, scores: Mapping[str, Any]) -> str:
    score = scores.get(name)
    if not score or not score["labels"]:
        return f"{name}: not validated"
    named = {"precision": "precision", "recall": "recall", "f1": "F1"}
    numbers = [f"{title} {score[part]:.2f}" for part, title in named.items() if score[part] is not None]
    labels = "1 label" if score["labels"] == 1 else f"{score['labels']} labels"
    few = ", too few to trust" if score["labels"] < 5 else ""
    return f"{name}: {', '.join(numbers)} ({labels}{few})"


def _signals() -> Iterator[str]:
    yield "A signal needs a primary cue. Weights are log-odds at full strength, and are judgement.\n"
    for name, row in signal_table().items():
        yield f"### {name}\n"
        yield f"- Prior: {row.prior:g}"
        for kind in ("primary", "supporting", "against"):
            weights: Mapping[str, float] = getattr(row, kind)
            sign = "−" if kind == "against" else "+"
            listed = ", ".join(f"`{cue}` {sign}{weight:g}" for cue, weight in weights.items())
            yield f"- {kind.capitalize()}: {listed}"
        definitive = ", ".join(f"`{cue}`" for cue in sorted(row.definitive)) or "none"
        yield f"- Enough for a high probability on its own: {definitive}"
        yield f"- Source of the pairing: {row.source}"
        yield ""


def _quality() -> Iterator[str]:
    yield "A dimension is 50 + 50·tanh(sum of weight × share of the time). 50 means no evidence either way.\n"
    yield "| Dimension | Weights |"
    yield "|---|---|"
    for name, weights in quality_table().items():
        yield f"| {name} | {', '.join(f'{cue} {weight:+g}' for cue, weight in weights.items())} |"


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
