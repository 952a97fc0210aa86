"""A span of session time, and the clock of a session."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of session time, half open: ``start_s <= t < end_s``."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length, s."""
        return self.end_s - self.start_s

    def overlap_s(self, other: "Span") -> float:
        """Length that this span and the other have in common, s; 0 when apart."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))

    def shifted(self, by_s: float) -> "Span":
        """Move the span in time."""
        return Span(self.start_s + by_s, self.end_s + by_s)

    def clip(self, other: "Span") -> "Span":
        """Return the part of this span inside the other; empty (zero length) when they are apart."""
        start_s = min(max(self.start_s, other.start_s), other.end_s)
        return Span(start_s, min(max(self.end_s, start_s), max(other.end_s, start_s)))


def covered_s(spans: Iterable[Span]) -> float:
    """Return the total duration of some spans, with overlaps counted once, s.

    Examples
    --------
    >>> covered_s([Span(0.0, 2.0), Span(1.0, 3.0)])
    3.0
    """
    total_s, reached_s = 0.0, 0.0
    for span in sorted(spans):
        total_s += max(0.0, span.end_s - max(span.start_s, reached_s))
        reached_s = max(reached_s, span.end_s)
    return total_s


MAX_OVERLAP_S, MAX_GAP_S = 1.0, 600.0
"""A stream whose clock jumps back, or ahead, by more than this is another stream (judgement)."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Session time, and how a running stream's own time maps onto it.

    Attributes
    ----------
    reached_s
        Session time up to which media has arrived.
    stream_offset_s
        Session time minus container time of the running stream; None outside a stream.
    """

    reached_s: float = 0.0
    stream_offset_s: float | None = None

    def place(self, stream_start_s: float | None) -> tuple[float, float | None]:
        """Return the session time at which new media begins, and the stream's offset.

        The clock of a running stream shows how much was lost between two pieces; neighbouring pieces may
        overlap by a few frames. A complete file starts its own clock at zero, so it follows the media before
        it without a gap.

        Parameters
        ----------
        stream_start_s
            Container time at which the new media begins; None for a complete file.

        Examples
        --------
        >>> Clock(reached_s=5.0).place(None)
        (5.0, None)
        >>> Clock(reached_s=5.0, stream_offset_s=0.0).place(7.5)
        (7.5, 0.0)
        """
        if stream_start_s is None:
            return self.reached_s, None
        if self.stream_offset_s is not None:
            start_s = stream_start_s + self.stream_offset_s
            if self.reached_s - MAX_OVERLAP_S <= start_s <= self.reached_s + MAX_GAP_S:
                return start_s, self.stream_offset_s
        return self.reached_s, self.reached_s - stream_start_s
