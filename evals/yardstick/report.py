"""Pools outcomes, holds them against the bounds, and writes the tables."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evals.yardstick.gestures import GestureScore
from evals.yardstick.run import GESTURES, Outcome
from evals.yardstick.sample import Sample


@dataclass(frozen=True, slots=True)
class Bound:
    """What must hold: a figure at most, or at least, so much."""

    name: str
    limit: float
    at_least: bool = False

    def holds(self, value: float) -> bool:
        """Whether a figure keeps the bound; one that was not measured does not."""
        return bool(value >= self.limit if self.at_least else value <= self.limit)


BOUNDS = (
    Bound("head pitch, deg", 2.0),
    Bound("head yaw, deg", 2.0),
    Bound("head roll, deg", 2.0),
    Bound("gaze yaw from rest, deg", 6.0),
    Bound("gaze pitch from rest, deg", 6.0),
    Bound("nod F1", 0.95, at_least=True),
    Bound("nod counts exact", 1.0, at_least=True),
    Bound("nod edges, s", 0.15),
    Bound("shake F1", 0.95, at_least=True),
    Bound("shake counts exact", 1.0, at_least=True),
    Bound("shake edges, s", 0.15),
    Bound("F0 with slips, semitones", 0.5),
    Bound("F0 of pulse trains, semitones", 0.5),
    Bound("pause edges, s", 0.08),
    Bound("voice activity", 0.95, at_least=True),
)
"""The bounds of the issue, on mean absolute errors."""

REAL_FRAME_BOUNDS = tuple(Bound(f"real frames: {axis}, deg", 2.0) for axis in ("pitch", "yaw", "roll"))


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was measured.

    Attributes
    ----------
    samples
        Pooled over clips, by measure.
    gestures
        Pooled over clips, by name.
    outcomes
        Clip by clip.
    """

    samples: Mapping[str, Sample]
    gestures: Mapping[str, GestureScore]
    outcomes: Sequence[Outcome]

    def figures(self) -> dict[str, float]:
        """Every figure that a bound can be on."""
        figures = {name: sample.mean for name, sample in self.samples.items()}
        for name, score in self.gestures.items():
            figures[f"{name} F1"] = score.f1
            figures[f"{name} counts exact"] = score.exact / max(score.found, 1)
            figures[f"{name} edges, s"] = float(np.abs(score.edge_errors_s).mean()) if score.found else np.nan
        return figures

    def broken(self) -> list[Bound]:
        """Bounds on what was measured that do not hold."""
        figures = self.figures()
        asked = (*BOUNDS, *(bound for bound in REAL_FRAME_BOUNDS if bound.name in figures))
        return [bound for bound in asked if bound.name in figures and not bound.holds(figures[bound.name])]

    def failures(self) -> list[Outcome]:
        """Clips in which a gesture was missed, invented or miscounted."""
        return [
            outcome
            for outcome in self.outcomes
            if not all(score.perfect for score in outcome.gestures.values())
        ]


def pooled(outcomes: Sequence[Outcome], further: Mapping[str, Sample]) -> Report:
    """Pool clips, and what was measured beside them."""
    samples = dict(further)
    for outcome in outcomes:
        for name, sample in outcome.samples.items():
            samples[name] = samples.get(name, Sample()) + sample
    gestures = {
        name: functools.reduce(
            lambda one, other: one + other, (outcome.gestures[name] for outcome in outcomes), GestureScore()
        )
        for name in GESTURES
    }
    return Report(samples, gestures, outcomes)


def as_markdown(report: Report) -> str:
    """Write the tables, and every clip that failed with what is needed to make it again."""
    figures = report.figures()
    lines = ["| Bound | Asked | Measured | |", "|---|---|---|---|"]
    for bound in (*BOUNDS, *REAL_FRAME_BOUNDS):
        value = figures.get(bound.name, np.nan)
        verdict = (
            "not measured" if np.isnan(value) else "holds" if bound.holds(value) else "**does not hold**"
        )
        lines.append(
            f"| {bound.name} | {'≥' if bound.at_least else '≤'} {bound.limit:g} | {value:.3f} | {verdict} |"
        )
    lines += [
        "",
        "| Gesture | Asked | Found | Detected | Precision | Recall | F1 | Exact | Edges within 0.15 s |",
    ]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    lines += [_gesture_row(name, score) for name, score in report.gestures.items()]
    lines += ["", "| Measure | Mean | Worst | Values |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {sample.mean:.3f} | {sample.worst:.2f} | {sample.count} |"
        for name, sample in sorted(report.samples.items())
        if sample.count
    ]
    lines += [
        "",
        f"{len(report.failures())} of {len(report.outcomes)} clips failed:",
        "",
    ]
    lines += [f"- {failure_text(outcome)}" for outcome in report.failures()]
    return "\n".join(lines) + "\n"


def _gesture_row(name: str, score: GestureScore) -> str:
    edges = np.abs(np.array(score.edge_errors_s)).reshape(-1, 2)
    close = float((edges <= 0.15).all(axis=1).mean()) if len(edges) else np.nan
    return (
        f"| {name} | {score.asked} | {score.found} | {score.detections} | {score.precision:.3f} "
        f"| {score.recall:.3f} | {score.f1:.3f} | {score.exact} of {score.found} | {close:.2f} |"
    )


def failure_text(outcome: Outcome) -> str:
    """Say what went wrong in a clip, and how it was made."""
    case, shot = outcome.case, outcome.case.shot
    wrong = ", ".join(
        f"{name}: {score.asked} asked, {score.found} found, {score.detections} detected, {score.exact} exact"
        for name, score in outcome.gestures.items()
        if not score.perfect
    )
    gestures = "; ".join(repr(gesture) for gesture in shot.performance.gestures)
    return (
        f"clip {case.number} ({wrong}): speech {case.speech}, {shot.frame_rate_hz:g} frames/s, {shot.view}, "
        f"{shot.look}, {shot.encoding}; {gestures}"
    )


def as_json(report: Report) -> dict[str, Any]:
    """Write everything for machines."""
    return {
        "clips": len(report.outcomes),
        "figures": {name: round(value, 4) for name, value in report.figures().items() if np.isfinite(value)},
        "broken": [bound.name for bound in report.broken()],
        "failures": [failure_text(outcome) for outcome in report.failures()],
    }
