"""Numbers to be pooled over clips."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Sample:
    """A sum of values and their number; of a clip, or of all.

    Attributes
    ----------
    total, count
        Sum and number of the values.
    worst
        The largest.
    """

    total: float = 0.0
    count: int = 0
    worst: float = -math.inf

    @staticmethod
    def of(values: Iterable[float] | np.ndarray) -> Sample:
        """Pool finite values."""
        known = np.asarray(list(values) if not isinstance(values, np.ndarray) else values, dtype=np.float64)
        known = known[np.isfinite(known)]
        return Sample(float(known.sum()), int(known.size), float(known.max())) if known.size else Sample()

    def __add__(self, other: Sample) -> Sample:
        return Sample(self.total + other.total, self.count + other.count, max(self.worst, other.worst))

    @property
    def mean(self) -> float:
        """Mean; NaN of nothing."""
        return self.total / self.count if self.count else math.nan
