"""Resample sound that arrives as arrays, from any rate to the one that is analysed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from backchannel.constants import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]


class Resampler:
    """Converts running mono samples to `SAMPLE_RATE_HZ`, as the decoder does with a file's.

    Parameters
    ----------
    rate_hz
        Samples per second.
    """

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._resampler = AudioResampler(format="fltp", layout="mono", rate=SAMPLE_RATE_HZ)

    def add(self, samples: FloatArray) -> FloatArray:
        """Return what the next (n,) samples complete. The rest comes with the samples after them."""
        if not samples.size:
            return samples
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples[np.newaxis]), "fltp", "mono")
        frame.sample_rate = self.rate_hz
        return self._put(frame)

    def rest(self) -> FloatArray:
        """Return what is left at the end."""
        return self._put(None)

    def _put(self, frame: AudioFrame | None) -> FloatArray:
        pieces = [piece.to_ndarray()[0] for piece in self._resampler.resample(frame)]
        return np.concatenate(pieces).astype(np.float32) if pieces else np.zeros(0, np.float32)
