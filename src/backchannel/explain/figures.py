"""Figures with their confidence intervals: a bootstrap over clips (Efron & Tibshirani 1993).

Clips are drawn with replacement, not labels, because the labels of one clip show one person, one room and one
camera. The draws come from a fixed seed, so the same clips always give the same interval.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backchannel.explain.score import CueScore

DRAWS: Final = 2000
SEED: Final = 11
PERCENTILES: Final = (2.5, 97.5)
MIN_CLIPS: Final = 5
"""A figure from fewer clips gets no interval, which would look far too narrow (judgement)."""

Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, and the interval in which it falls in 95% of the draws.

    Attributes
    ----------
    value
        The figure over all clips; None if nothing was counted.
    low, high
        The interval; None with fewer than `MIN_CLIPS` clips that count.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        """Write it with two digits, and a dash if unknown: ``0.82 (0.71–0.91)``."""
        if self.value is None:
            return "–"
        return (
            f"{self.value:.2f}" if self.low is None else f"{self.value:.2f} ({self.low:.2f}–{self.high:.2f})"
        )


def ratio(parts: Sequence[tuple[float, float]]) -> Figure:
    """Divide the sum of one count by the sum of another.

    Parameters
    ----------
    parts
        Numerator and denominator of each clip.

    Examples
    --------
    >>> str(ratio([(1, 2)] * 5))
    '0.50 (0.50–0.50)'
    >>> str(ratio([(1, 2)]))
    '0.50'
    """
    counts = np.asarray(parts, np.float64).reshape(-1, 2)
    return _figure(counts, lambda sums: sums[..., 0] / sums[..., 1], counts[:, 1] > 0)


def precision(scores: Sequence[CueScore]) -> Figure:
    """Share of a cue's detections that are right, from each clip's score."""
    return ratio([(score.right, score.detections) for score in scores])


def recall(scores: Sequence[CueScore]) -> Figure:
    """Share of a cue's labels that are found, from each clip's score."""
    return ratio([(score.found, score.labels) for score in scores])


def f1(scores: Sequence[CueScore]) -> Figure:
    """Harmonic mean of precision and recall, from each clip's score; unknown without labels."""
    counts = np.asarray(
        [(score.labels, score.found, score.detections, score.right) for score in scores], np.float64
    ).reshape(-1, 4)
    return _figure(counts, _f1, counts[:, 0] > 0)


def _f1(sums: Counts) -> Counts:
    labels, found, detections, right = np.moveaxis(sums, -1, 0)
    shares = np.where(detections > 0, right / detections, 0.0), found / labels
    total = shares[0] + shares[1]
    mean = np.where(total > 0, 2 * shares[0] * shares[1] / total, 0.0)
    return np.where(labels > 0, mean, np.nan)


def _figure(counts: Counts, combine: Callable[[Counts], Counts], counting: NDArray[np.bool_]) -> Figure:
    if not counting.any():
        return Figure()
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(combine(counts.sum(axis=0)))
        drawn = combine(_draws(len(counts)) @ counts)
    if counting.sum() < MIN_CLIPS:
        return Figure(value)
    # Draws without any clip that counts say nothing.
    low, high = np.percentile(drawn[np.isfinite(drawn)], PERCENTILES)
    return Figure(value, float(low), float(high))


@cache
def _draws(clips: int) -> Counts:
    """How often each clip is in each draw, (DRAWS, clips)."""
    random = np.random.default_rng(SEED)
    return random.multinomial(clips, np.full(clips, 1.0 / clips), DRAWS).astype(np.float64)
