"""Nods and shakes against the script: found or not, when, and how many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backchannel.values import Cue, Span

MATCH_SHARE = 0.5
"""A detection and a gesture are the same when they share this much of the shorter one."""


@dataclass(frozen=True, slots=True)
class GestureScore:
    """One kind of gesture, in one clip or over all.

    Attributes
    ----------
    asked, found
        Scripted gestures, and those that a detection matches.
    detections, right
        Detections, and those that match a gesture; of two for one gesture, one is right.
    exact
        Found gestures whose count of cycles is the scripted one; a scripted half may be rounded either way.
    edge_errors_s
        Start and end of each found gesture, detected less scripted, s.
    """

    asked: int = 0
    found: int = 0
    detections: int = 0
    right: int = 0
    exact: int = 0
    edge_errors_s: tuple[float, ...] = ()

    def __add__(self, other: GestureScore) -> GestureScore:
        return GestureScore(
            self.asked + other.asked,
            self.found + other.found,
            self.detections + other.detections,
            self.right + other.right,
            self.exact + other.exact,
            self.edge_errors_s + other.edge_errors_s,
        )

    @property
    def precision(self) -> float:
        """Share of the detections that are right; 1 of nothing."""
        return self.right / self.detections if self.detections else 1.0

    @property
    def recall(self) -> float:
        """Share of the gestures that are found; 1 of nothing."""
        return self.found / self.asked if self.asked else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)

    @property
    def perfect(self) -> bool:
        """Everything found, nothing else, every count exact."""
        return self.asked == self.found == self.detections == self.exact


def score_gesture(wanted: Sequence[tuple[Span, float]], detected: Sequence[Cue]) -> GestureScore:
    """Pair detections with scripted gestures, (span, cycles) each, one to one, and score the pairs."""
    free = list(detected)
    pairs: list[tuple[Span, float, Cue]] = []
    for span, cycles in wanted:
        best = max(free, key=lambda cue: cue.span.overlap_s(span), default=None)
        if best is not None and _matches(best.span, span):
            free.remove(best)
            pairs.append((span, cycles, best))
    return GestureScore(
        asked=len(wanted),
        found=len(pairs),
        detections=len(detected),
        right=len(pairs),
        exact=sum(_count(cue) in _whole(cycles) for _, cycles, cue in pairs),
        edge_errors_s=tuple(
            error
            for span, _, cue in pairs
            for error in (cue.span.start_s - span.start_s, cue.span.end_s - span.end_s)
        ),
    )


def _matches(one: Span, other: Span) -> bool:
    return one.overlap_s(other) >= MATCH_SHARE * min(one.duration_s, other.duration_s) > 0


def _count(cue: Cue) -> int:
    return next(round(value) for name, value, _ in cue.measures if name == "count")


def _whole(cycles: float) -> set[int]:
    return {int(cycles), int(cycles + 0.5)}
