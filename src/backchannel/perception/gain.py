"""Running gain, which raises a quiet microphone to the level that the networks know.

The gain of a block follows from a histogram of the levels heard so far, with older sound fading out. It only
looks back and changes at fixed blocks, so the cut into pieces does not change it.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from backchannel.arrays import FloatArray
from backchannel.constants import SILENT_DBFS, VOICE_ROW_S

TARGET_LEVEL_DBFS: Final = -26.0
"""Active speech level that quiet sound is raised to (ITU-T P.56 practice)."""
MAX_GAIN_DB: Final = 40.0
MIN_RANGE_DB: Final = 12.0
"""Sound with a smaller range between quiet and loud is steady noise and keeps its level (judgement)."""
MEMORY_S: Final = 30.0
"""Time after which the weight of a level falls to 1/e (judgement: microphones move, voices tire)."""

_STEP_DB: Final = 0.5
_BINS: Final = round(-SILENT_DBFS / _STEP_DB) + 1


def _no_levels() -> FloatArray:
    return np.zeros(_BINS, np.float32)


@dataclass(frozen=True, slots=True)
class Levels:
    """A fading histogram of levels. Begins as ``Levels()``.

    Attributes
    ----------
    counts
        (bins,) weight of each level, in steps of 0.5 dB from `SILENT_DBFS` up.
    """

    counts: FloatArray = field(default_factory=_no_levels)

    def after(self, level_dbfs: FloatArray) -> "Levels":
        """Return the histogram after more rows of level, one every 10 ms."""
        bins = np.clip(np.round((level_dbfs - SILENT_DBFS) / _STEP_DB), 0, _BINS - 1).astype(np.intp)
        fading = np.float32(np.exp(-bins.size * VOICE_ROW_S / MEMORY_S))
        more = np.bincount(bins, minlength=_BINS).astype(np.float32)
        return Levels(self.counts * fading + more)

    def percentile(self, percent: float) -> float:
        """Level, dBFS, at this percentile of the sound; `SILENT_DBFS` before any sound."""
        reached = np.cumsum(self.counts)
        if reached[-1] <= 0:
            return SILENT_DBFS
        return SILENT_DBFS + _STEP_DB * int(np.searchsorted(reached, percent / 100 * reached[-1]))

    def gain(self) -> float:
        """Factor that raises a quiet voice to `TARGET_LEVEL_DBFS`; 1 for loud voices, noise and silence."""
        quiet_dbfs, loud_dbfs = self.percentile(10), self.percentile(95)
        if loud_dbfs - quiet_dbfs < MIN_RANGE_DB:
            return 1.0
        # Never below 1, or a loud first word would hide the quiet ends of the words after it.
        gain_db = min(max(TARGET_LEVEL_DBFS - loud_dbfs, 0.0), MAX_GAIN_DB)
        return float(10 ** (gain_db / 20))
