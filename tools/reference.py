"""Writes docs/cues-and-signals.md from the tables, so that it cannot drift from what runs.

``python -m tools.reference`` writes it; a test holds the file against the tables. Accuracy comes from
``evals/results.json``, as `make eval` leaves it.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from backchannel.cues.thresholds import CueThresholds, cue_table
from backchannel.signals.rationale import PHRASES
from backchannel.signals.weights import quality_table, signal_table

TARGET = Path("docs/cues-and-signals.md")
RESULTS = Path("evals/results.json")

CUES_OF_ROW: Mapping[str, tuple[str, ...]] = {
    "pause": ("pause", "long_pause"),
    "speech_rate": ("speech_brisk", "speech_faster", "speech_slow"),
    "blink": (),
}
"""Rows of the cue table that make cues of other names; every other row makes the cue it is named after."""

HEAD = """# Cues and signals

How each one is measured, where its numbers come from, what it gets wrong, and how often it was right. This
page is written from the tables that run (`python -m tools.reference`), so it cannot drift from them.

Lengths on a face are in face widths: the distance between the outer eye corners. Left and right are the
subject's own. "Not validated" means that too few labelled examples were at hand to say anything.

Signals are interpretations of visible and audible behaviour, not feelings. Culture, health, lighting and
camera matter. None of this is validated for hiring, policing or medical use.
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
            yield f"- Told as: *{_phrase(name)}*"
        yield f"- Thresholds: {_thresholds(thresholds)}"
        yield f"- Source: {thresholds.source}"
        yield f"- Known failure: {thresholds.known_failure}"
        if made:
            yield f"- Measured: {'; '.join(_accuracy(name, scores) for name in made)}"
        yield ""


def _phrase(name: str) -> str:
    return PHRASES[name].replace("{", "‹").replace("}", "›")


def _thresholds(thresholds: CueThresholds) -> str:
    return ", ".join(f"`{name}` {value:g}" for name, value in thresholds.values.items())


def _accuracy(name: str, scores: Mapping[str, Any]) -> str:
    score = scores.get(name)
    if not score or not score["labels"]:
        return f"{name}: not validated"
    numbers = [
        f"{part} {score[part]:.2f}" for part in ("precision", "recall", "f1") if score[part] is not None
    ]
    few = ", too few to trust" if score["labels"] < 5 else ""
    return f"{name}: {', '.join(numbers)} ({score['labels']} labels{few})"


def _signals() -> Iterator[str]:
    yield "A signal needs a primary cue. Weights are log-odds at full strength; sizes are judgement.\n"
    for name, row in signal_table().items():
        yield f"### {name}\n"
        yield f"- Prior: {row.prior:g}"
        for kind in ("primary", "supporting", "against"):
            weights: Mapping[str, float] = getattr(row, kind)
            sign = "−" if kind == "against" else "+"
            listed = ", ".join(f"`{cue}` {sign}{weight:g}" for cue, weight in weights.items())
            yield f"- {kind.capitalize()}: {listed}"
        definitive = ", ".join(f"`{cue}`" for cue in sorted(row.definitive)) or "none"
        yield f"- Enough alone for a high probability: {definitive}"
        yield f"- Source of the pairing: {row.source}"
        yield ""


def _quality() -> Iterator[str]:
    yield "Each dimension is 50 + 50·tanh of the sum of weight × share of the time; 50 means no evidence.\n"
    yield "| Dimension | Weights |"
    yield "|---|---|"
    for name, weights in quality_table().items():
        yield f"| {name} | {', '.join(f'{cue} {weight:+g}' for cue, weight in weights.items())} |"


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
