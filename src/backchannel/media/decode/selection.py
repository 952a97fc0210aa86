"""Choose frames by their times: at most one for each tick of a uniform grid."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Grid:
    """Ticks at ``zero_s + k / rate_hz``.

    Attributes
    ----------
    rate_hz
        Ticks per second; ``math.inf`` has a tick wherever a frame is.
    zero_s
        Time of one of the ticks, s.
    """

    rate_hz: float
    zero_s: float = 0.0

    def nearest_tick(self, time_s: float) -> int:
        """Return the number of the tick nearest to a time."""
        if math.isinf(self.rate_hz):
            # Every time is its own tick: count in nanoseconds.
            return round(time_s * 1e9)
        return math.floor((time_s - self.zero_s) * self.rate_hz + 0.5)

    def ahead_s(self, time_s: float) -> float:
        """Return how far the tick nearest to a time is ahead of it, s; negative if it is behind."""
        if math.isinf(self.rate_hz):
            return 0.0
        return self.zero_s + self.nearest_tick(time_s) / self.rate_hz - time_s


class DisplayOrder:
    """Times for frames that have none of their own: the earliest time goes to the first frame shown.

    Packets come in the order of decoding, and decoders return frames in the order of presentation. Both have
    the same times, in another order.
    """

    def __init__(self) -> None:
        self._times: list[int] = []

    def decoding(self, time: int) -> None:
        """Record the time of a packet that goes into the decoder."""
        heappush(self._times, time)

    def shown(self) -> int | None:
        """Time of the next frame that comes out; None if more come out than went in."""
        return heappop(self._times) if self._times else None


class Picker(Generic[T]):
    """Takes from each tick's neighbourhood (half a tick to either side) the item nearest to the tick.

    It holds one item, because the next may be nearer. An item that is not later than the one before it is
    dropped, as is one without a finite time.
    """

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._best: tuple[float, T] | None = None
        self._latest_s, self._step_s = -math.inf, math.inf

    @property
    def reached_s(self) -> float:
        """Time before which every item is picked, s; negative infinity at first."""
        return -math.inf if self._best is None else self._best[0]

    def after(self, time_s: float, item: T) -> tuple[float, T] | None:
        """Add the next item. Returns the one that is picked by it, if any."""
        if not self._latest_s < time_s < math.inf:
            return None
        self._latest_s, self._step_s = time_s, time_s - self._latest_s
        best = self._best
        if best is None or self._grid.nearest_tick(time_s) != self._grid.nearest_tick(best[0]):
            self._best = time_s, item
            return best
        if abs(self._grid.ahead_s(time_s)) < abs(self._grid.ahead_s(best[0])):
            self._best = time_s, item
        return None

    def last(self) -> tuple[float, T] | None:
        """Return the item that is still held, if no later one can be nearer to its tick."""
        best, self._best = self._best, None
        return best if best is not None and self._grid.ahead_s(best[0]) <= self._step_s / 2 else None


def nearest_to_ticks(timed: Iterable[tuple[float, T]], grid: Grid) -> Iterator[tuple[float, T]]:
    """Pick items by their times, as `Picker` does. Lazy: looks one item ahead.

    Parameters
    ----------
    timed
        Items with their times, s, in the order of time.
    grid
        The ticks.

    Yields
    ------
    tuple of float and item
        A subset of `timed`, in the same order.
    """
    picker = Picker[T](grid)
    for time_s, item in timed:
        if (picked := picker.after(time_s, item)) is not None:
            yield picked
    # A tick after the end belongs to the next piece, unless no frame can be nearer.
    if (held := picker.last()) is not None:
        yield held
