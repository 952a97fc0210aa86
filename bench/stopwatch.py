"""CPU time of a piece of work, and what is made of several."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Several runs of one thing, s of CPU time of this process."""

    runs_s: tuple[float, ...]

    @property
    def median_s(self) -> float:
        """The run to quote."""
        return statistics.median(self.runs_s)

    def __truediv__(self, other: "Timing") -> float:
        """Median of the ratios, run by run: both sides saw the same weather."""
        return statistics.median(a / b for a, b in zip(self.runs_s, other.runs_s, strict=True))


def in_turn(works: dict[str, Callable[[], object]], runs: int) -> dict[str, Timing]:
    """Time several pieces of work in turn, A B C A B C, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for counted in range(-1, runs):
        for name, work in works.items():
            started_s = time.process_time()
            work()
            if counted >= 0:
                times[name].append(time.process_time() - started_s)
    return {name: Timing(tuple(measured)) for name, measured in times.items()}
