"""The log-mel spectrogram that Whisper listens to.

The steps are those of the published network (Radford et al. 2022): windows of 25 ms every 10 ms, energy in
bands of equal width on Slaney's mel scale, the logarithm, and the loudest 80 dB of it.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import get_window

from backchannel.arrays import FloatArray
from backchannel.constants import SAMPLE_RATE_HZ

HOP: Final = 160
"""Samples from one frame to the next (10 ms)."""
_WINDOW: Final = 400
_LINEAR_TO_HZ: Final = 1000.0
"""Slaney's mel scale is linear up to here, and logarithmic above."""
_HZ_PER_MEL: Final = 200.0 / 3
_OCTAVE_STEP: Final = np.log(6.4) / 27


def log_mel(samples: FloatArray, frames: int, bands: int = 80) -> NDArray[np.float32]:
    """Compute the spectrogram of a sound with silence behind it.

    Parameters
    ----------
    samples
        (n,) mono, `SAMPLE_RATE_HZ`, full scale ±1; no longer than the frames.
    frames
        Frames of the result. Behind the sound they are silent.
    bands
        Mel bands; 80 for Whisper base.

    Returns
    -------
    numpy.ndarray
        (bands, frames), about -1..1.5.
    """
    padded = np.zeros(frames * HOP, np.float32)
    padded[: samples.size] = samples
    padded = np.pad(padded, _WINDOW // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP][:frames]
    window = get_window("hann", _WINDOW).astype(np.float32)
    power = np.abs(np.fft.rfft(windows * window, axis=1)).astype(np.float32) ** 2
    level = np.log10(np.maximum(_mel_filters(bands) @ power.T, 1e-10))
    return np.ascontiguousarray((np.maximum(level, level.max() - 8.0) + 4.0) / 4.0, dtype=np.float32)


@cache
def _mel_filters(bands: int) -> NDArray[np.float32]:
    """(bands, 201): triangles of equal area, evenly spaced on the mel scale from 0 Hz to 8 kHz."""
    hz = np.linspace(0.0, SAMPLE_RATE_HZ / 2, _WINDOW // 2 + 1)
    edges = _from_mel(np.linspace(0.0, _to_mel(SAMPLE_RATE_HZ / 2), bands + 2))
    low, middle, high = edges[:-2, np.newaxis], edges[1:-1, np.newaxis], edges[2:, np.newaxis]
    rising, falling = (hz - low) / (middle - low), (high - hz) / (high - middle)
    return (np.maximum(0.0, np.minimum(rising, falling)) * 2.0 / (high - low)).astype(np.float32)


def _to_mel(hz: float) -> float:
    """Convert a frequency above 1 kHz."""
    return float(_LINEAR_TO_HZ / _HZ_PER_MEL + np.log(hz / _LINEAR_TO_HZ) / _OCTAVE_STEP)


def _from_mel(mel: FloatArray) -> FloatArray:
    from_mel = _LINEAR_TO_HZ / _HZ_PER_MEL
    above = _LINEAR_TO_HZ * np.exp(_OCTAVE_STEP * np.maximum(mel - from_mel, 0.0))
    return np.asarray(np.where(mel < from_mel, mel * _HZ_PER_MEL, above), np.float64)
