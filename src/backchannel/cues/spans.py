"""Small pure functions from masks and scores to index spans, shared by every family of cues."""

import numpy as np

from backchannel.arrays import BoolArray, FloatArray

IndexSpan = tuple[int, int]
"""First row, and one past the last row."""


def runs(mask: BoolArray) -> list[IndexSpan]:
    """Stretches in which the mask is True, in order."""
    padded = np.zeros(mask.size + 2, np.bool_)
    padded[1:-1] = mask
    edges: list[int] = (padded[1:] != padded[:-1]).nonzero()[0].tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def join_close(spans: list[IndexSpan], max_gap: int) -> list[IndexSpan]:
    """Join spans that are at most `max_gap` rows apart."""
    joined: list[IndexSpan] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= max_gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def hysteresis(score: FloatArray, enter: float, leave: float) -> list[IndexSpan]:
    """Stretches where the score stays at or above `leave` and reaches `enter` at least once.

    NaN is below everything, so a missing measurement ends a span.
    """
    return [(start, end) for start, end in runs(score >= leave) if score[start:end].max() >= enter]


def longer_than(spans: list[IndexSpan], min_rows: float) -> list[IndexSpan]:
    """Return the spans of at least `min_rows` rows."""
    return [(start, end) for start, end in spans if end - start >= min_rows]
