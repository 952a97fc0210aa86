"""Writes the tables of ``evals/NODS.md``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evals.nods.design import GESTURES
from evals.nods.kinds import KINDS
from evals.nods.score import Counts, Outcome, interval, total

Rows = list[str]


@dataclass(frozen=True, slots=True)
class Bound:
    """What must hold on the clips that were held out: a figure at most, or at least, so much."""

    gesture: str
    name: str
    limit: float
    at_least: bool = False

    def holds(self, value: float) -> bool:
        """Whether a figure keeps the bound."""
        return value >= self.limit if self.at_least else value <= self.limit


FIGURES: dict[str, Callable[[Counts], float]] = {
    "recall": lambda counts: counts.recall,
    "precision": lambda counts: counts.precision,
    "F1": lambda counts: counts.f1,
    "false a minute": lambda counts: counts.false_a_minute,
}

BOUNDS = (
    Bound("nod", "recall", 0.8, at_least=True),
    Bound("nod", "precision", 0.8, at_least=True),
    Bound("nod", "false a minute", 1.0),
    Bound("shake", "recall", 0.65, at_least=True),
    Bound("shake", "precision", 0.75, at_least=True),
    Bound("shake", "false a minute", 0.5),
)
"""A little worse than what was measured when they were set, so that no change of a rule loses it."""


def broken(outcomes: Sequence[Outcome]) -> list[str]:
    """Name the bounds that do not hold."""
    found = []
    for bound in BOUNDS:
        value = FIGURES[bound.name](total([outcome.of(bound.gesture) for outcome in outcomes]))
        if not bound.holds(value):
            found.append(f"{bound.gesture} {bound.name}: {value:.2f}, the bound is {bound.limit:g}")
    return found


def as_markdown(
    rendered: Sequence[Outcome], modelled: Sequence[Outcome], noise_deg: tuple[float, float]
) -> str:
    """Write every table.

    Parameters
    ----------
    rendered, modelled
        Clips that went through pixels and perception, and clips with tracks from the model of perception.
    noise_deg
        Noise of pitch and yaw in the model, deg.
    """
    parts = []
    if rendered:
        parts += ["## Rendered as pixels", *_section(rendered)]
    if modelled:
        parts += ["## Tracks from the model of perception", *_section(modelled)]
    if rendered and modelled:
        parts += ["## Do the two agree?", *_agreement(rendered, modelled, noise_deg)]
    return "\n".join(parts) + "\n"


def _section(outcomes: Sequence[Outcome]) -> Rows:
    held_out = [outcome for outcome in outcomes if outcome.clip.held_out]
    seen = [outcome for outcome in outcomes if not outcome.clip.held_out]
    counted = f"{len(outcomes)} clips, {_minutes(outcomes):.0f} minutes. {len(seen)} clips have even numbers."
    text = f"We adjusted the rules with these in view. The {len(held_out)} odd clips were held out."
    return [
        "",
        counted,
        text,
        "All other figures come from them.",
        "",
        *_summary(held_out, seen),
        "",
        *_kinds(held_out),
        "",
    ]


def _minutes(outcomes: Sequence[Outcome]) -> float:
    return sum(outcome.nod.seconds for outcome in outcomes) / 60


def _summary(held_out: Sequence[Outcome], seen: Sequence[Outcome]) -> Rows:
    rows = ["| Figure | Held out (95% interval) | Even clips |", "|---|---|---|"]
    for gesture in GESTURES:
        counts = [total([outcome.of(gesture) for outcome in part]) for part in (held_out, seen)]
        asked = [f"{part.asked}, {part.found}" for part in counts]
        rows.append(f"| {gesture}s asked, found | {asked[0]} | {asked[1]} |")
        for name, figure in FIGURES.items():
            measured = _with_interval(held_out, gesture, figure)
            rows.append(f"| {gesture}, {name} | {measured} | {figure(counts[1]):.2f} |")
    return rows


def _with_interval(outcomes: Sequence[Outcome], gesture: str, figure: Callable[[Counts], float]) -> str:
    value = figure(total([outcome.of(gesture) for outcome in outcomes]))
    if np.isnan(value):
        return "–"
    low, high = interval(outcomes, gesture, figure)
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _kinds(outcomes: Sequence[Outcome]) -> Rows:
    rows = [
        "| Kind of clip | Clips | Asked | Found | Recall | False nods a minute | False shakes a minute |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, kind in KINDS.items():
        part = [outcome for outcome in outcomes if outcome.clip.kind == name]
        asked = total([outcome.of(kind.asked) for outcome in part]) if kind.asked else Counts()
        recall = _with_interval(part, kind.asked, FIGURES["recall"]) if kind.asked else "–"
        false = [_false_a_minute(part, gesture) for gesture in GESTURES]
        counts = f"{asked.asked} | {asked.found}" if kind.asked else "– | –"
        rows.append(f"| {name} | {len(part)} | {counts} | {recall} | {false[0]} | {false[1]} |")
    return rows


def _false_a_minute(outcomes: Sequence[Outcome], gesture: str) -> str:
    counts = total([outcome.of(gesture) for outcome in outcomes])
    if counts.detections > counts.right or not outcomes:
        return _with_interval(outcomes, gesture, FIGURES["false a minute"])
    # Clips without any say nothing when they are drawn again (Hanley & Lippman-Hand 1983: the rule of three).
    return f"none (under {3 / _minutes(outcomes):.1f})"


def _agreement(
    rendered: Sequence[Outcome], modelled: Sequence[Outcome], noise_deg: tuple[float, float]
) -> Rows:
    clips = {outcome.clip.name for outcome in rendered} & {outcome.clip.name for outcome in modelled}
    pixels, same = ([one for one in part if one.clip.name in clips] for part in (rendered, modelled))
    pitch_deg, yaw_deg = noise_deg
    text = (
        f"The same {len(same)} clips, through pixels and through the model. In the model, pitch has noise of"
    )
    noise = f"{pitch_deg:.2f}° and yaw of {yaw_deg:.2f}° (standard deviation, median clip)."
    rows = ["", text, noise, "", "| Figure | Pixels (95% interval) | Model (95% interval) |", "|---|---|---|"]
    for gesture in GESTURES:
        for name, figure in FIGURES.items():
            through = [_with_interval(part, gesture, figure) for part in (pixels, same)]
            rows.append(f"| {gesture}, {name} | {through[0]} | {through[1]} |")
    return rows
