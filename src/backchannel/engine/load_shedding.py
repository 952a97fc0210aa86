"""Decide how many frames a second are analysed, and when the server is overloaded.

Two measurements decide: how long pieces wait for a worker, and how busy the workers are. A long wait alone
may be chance (three clients whose pieces end at the same moment), and busy workers alone are well used.
Together they are too much load. Then 10 frames a second are analysed instead of 15, and then 8. Only if
pieces still wait too long is the server overloaded: streams leave media out, and new sessions are rejected.

The rate rises again, step by step, once the workers have had enough spare time for the next higher rate.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from backchannel.constants import FULL_RATE_HZ

RATES_HZ: Final = (FULL_RATE_HZ, 10.0, 8.0)
"""Below 8 frames a second a nod of 2.5 Hz has barely three frames a cycle and is missed."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When the rate changes. All judgement: no piece of 5 s should be answered after more than 1 s.

    Attributes
    ----------
    fall_wait_s, fall_busy
        The rate falls when a piece waited so long while workers were busy for at least this share of the
        time,
    fall_pause_s
        but not again before the last fall can have shown its effect.
    rise_busy
        It rises when workers would be busy for no more than this share of the time at the next higher rate
        (counting as if all their work grew with the rate, which is more than it does),
    rise_after_s
        and have been so for so long.
    window_s
        Measurements cover so much of the past.
    """

    fall_wait_s: float = 0.5
    fall_busy: float = 0.7
    fall_pause_s: float = 2.0
    rise_busy: float = 0.6
    rise_after_s: float = 10.0
    window_s: float = 5.0


class LoadShedding:
    """Watches the workers and sets the rate.

    Parameters
    ----------
    workers
        How many there are.
    overload_wait_s
        A longer wait at the lowest rate is an overload.
    now_s
        A clock that never goes back, s.
    waiting_s
        Longest time that a piece has waited so far, s; 0 if none waits.
    thresholds
        When the rate changes.
    """

    def __init__(
        self,
        workers: int,
        overload_wait_s: float,
        now_s: Callable[[], float],
        waiting_s: Callable[[], float],
        thresholds: Thresholds | None = None,
    ) -> None:
        self._workers = workers
        self._overload_wait_s = overload_wait_s
        self._now_s = now_s
        self._waiting_s = waiting_s
        self._thresholds = thresholds or Thresholds()
        self._step = 0
        self._changed_s = self._restless_s = -self._thresholds.rise_after_s
        self._waits: deque[tuple[float, float]] = deque()
        self._runs: deque[tuple[float, float]] = deque()
        self._begun: dict[object, float] = {}

    @property
    def rate_hz(self) -> float:
        """Frames a second to analyse in the next piece."""
        self._decide()
        return RATES_HZ[self._step]

    @property
    def overloaded(self) -> bool:
        """Whether pieces wait too long even at the lowest rate."""
        self._decide()
        return self._step == len(RATES_HZ) - 1 and self._wait_s() > self._overload_wait_s

    @property
    def busy(self) -> int:
        """How many workers are busy now."""
        return len(self._begun)

    def waited(self, wait_s: float) -> None:
        """Record how long a piece waited for its worker."""
        self._waits.append((self._now_s(), wait_s))
        self._decide()

    def begin(self, run: object) -> None:
        """Record that a worker is busy from now on."""
        self._begun[run] = self._now_s()

    def end(self, run: object) -> None:
        """Record that it is idle again."""
        self._runs.append((self._begun.pop(run), self._now_s()))

    def _decide(self) -> None:
        now_s, limits = self._now_s(), self._thresholds
        self._forget(now_s - limits.window_s)
        busy = self._busy(now_s)
        if self._wait_s() > limits.fall_wait_s and busy >= limits.fall_busy:
            self._restless_s = now_s
            if self._step < len(RATES_HZ) - 1 and now_s - self._changed_s >= limits.fall_pause_s:
                self._change(self._step + 1)
            return
        while self._step:
            if busy * RATES_HZ[self._step - 1] / RATES_HZ[self._step] > limits.rise_busy:
                self._restless_s = now_s
                return
            if now_s - max(self._changed_s, self._restless_s) < limits.rise_after_s:
                return
            self._change(self._step - 1)

    def _change(self, step: int) -> None:
        self._step = step
        self._changed_s = self._now_s()
        self._waits.clear()  # waits at another rate say nothing about this one

    def _wait_s(self) -> float:
        return max(self._waiting_s(), *(wait_s for _, wait_s in self._waits), 0.0)

    def _busy(self, now_s: float) -> float:
        """Share of the window for which workers were busy, 0..1."""
        from_s = now_s - self._thresholds.window_s
        spans = (*self._runs, *((begun_s, now_s) for begun_s in self._begun.values()))
        busy_s = sum(max(0.0, end_s - max(begin_s, from_s)) for begin_s, end_s in spans)
        return busy_s / (self._thresholds.window_s * self._workers)

    def _forget(self, before_s: float) -> None:
        while self._waits and self._waits[0][0] < before_s:
            self._waits.popleft()
        while self._runs and self._runs[0][1] < before_s:
            self._runs.popleft()
