"""Level, band spectrum, spectral change and syllable nuclei: signal processing without a network."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from backchannel.arrays import FloatArray
from backchannel.constants import SILENT_DBFS, VOICE_ROW_S
from backchannel.perception.peaks import find_peaks

LEVEL_WINDOW_S = 0.020
"""Length of the RMS window: short enough for the edges of pauses, longer than a pitch period."""

SILENCE_PEAK = 1e-4
"""Highest sample of silence (-80 dBFS). The networks were not trained on it."""

SPECTRUM_WINDOW_S = 0.032
SPECTRUM_BANDS = 24
CHANGE_LAG_HOPS = 5
"""Spectral change looks 50 ms back: the length of a fast formant movement (judgement)."""

NUCLEUS_DIP_DB = 2.0
"""A syllable peak stands at least this far above the dips beside it (de Jong & Wempe 2009)."""
NUCLEUS_RANGE_DB = 25.0
"""Peaks further below the loud end of the speech are no syllables (de Jong & Wempe 2009: 25 dB)."""
NUCLEUS_SPACING_S = 0.08
"""Closest syllables: faster than 10 a second is not speech (Tauroza & Allison 1990)."""


def measure_level(samples: FloatArray, sample_rate_hz: int) -> FloatArray:
    """RMS level, dBFS, per 10 ms.

    Parameters
    ----------
    samples
        (n,) full scale ±1.

    Returns
    -------
    (n // hop,) dBFS, not below `SILENT_DBFS`; row k is centred on the middle of hop k.
    """
    hop = round(VOICE_ROW_S * sample_rate_hz)
    frames = samples.size // hop
    if not frames:
        return np.zeros(0, np.float32)
    power = np.mean(samples[: frames * hop].astype(np.float64).reshape(frames, hop) ** 2, axis=1)
    hops_in_window = max(1, round(LEVEL_WINDOW_S / VOICE_ROW_S))
    smooth = uniform_filter1d(power, hops_in_window, mode="nearest")
    return np.asarray(np.maximum(10 * np.log10(np.maximum(smooth, 1e-12)), SILENT_DBFS), np.float32)


def peak_per_hop(samples: FloatArray, hop: int) -> FloatArray:
    """Largest absolute sample of each whole hop."""
    return np.asarray(np.abs(samples).reshape(-1, hop).max(axis=1))


def band_spectrum(samples: FloatArray, sample_rate_hz: int) -> FloatArray:
    """Log energy in `SPECTRUM_BANDS` mel-spaced bands per 10 ms, (n // hop, bands) dB."""
    hop, window = round(VOICE_ROW_S * sample_rate_hz), round(SPECTRUM_WINDOW_S * sample_rate_hz)
    frames = samples.size // hop
    if not frames:
        return np.zeros((0, SPECTRUM_BANDS), np.float32)
    padded = np.pad(samples, (window // 2, window))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][:frames]
    power = np.abs(np.fft.rfft(pieces * np.hanning(window).astype(np.float32), axis=1)) ** 2
    return np.asarray(10 * np.log10(power @ _mel_bands(window, sample_rate_hz) + 1e-10), np.float32)


def spectral_change(bands: FloatArray) -> FloatArray:
    """Cosine distance of the mean-free band spectrum to 50 ms before, (n,) 0..1; 0 is perfectly steady."""
    if bands.shape[0] <= CHANGE_LAG_HOPS:
        return np.zeros(bands.shape[0], np.float32)
    shape = bands - bands.mean(axis=1, keepdims=True)
    shape /= np.maximum(np.linalg.norm(shape, axis=1, keepdims=True), 1e-6)
    change = np.zeros(bands.shape[0], np.float32)
    change[CHANGE_LAG_HOPS:] = (1 - np.sum(shape[CHANGE_LAG_HOPS:] * shape[:-CHANGE_LAG_HOPS], axis=1)) / 2
    return change


def find_syllable_nuclei(level_dbfs: FloatArray, loud_dbfs: float) -> NDArray[np.intp]:
    """Find peaks of the level (de Jong & Wempe 2009). Those that are voiced are syllable nuclei.

    Parameters
    ----------
    level_dbfs
        (n,) a row every 10 ms.
    loud_dbfs
        Level of the loud end of the sound (99th percentile).

    Returns
    -------
    (k,) rows, increasing.
    """
    if not level_dbfs.size:
        return np.zeros(0, np.intp)
    smooth = uniform_filter1d(level_dbfs, 5, mode="nearest")
    spacing = round(NUCLEUS_SPACING_S / VOICE_ROW_S)
    return find_peaks(
        smooth, min_height=loud_dbfs - NUCLEUS_RANGE_DB, min_dip=NUCLEUS_DIP_DB, min_spacing=spacing
    )


@cache
def _mel_bands(window: int, sample_rate_hz: int) -> FloatArray:
    """(window // 2 + 1, bands) triangular filters, equally spaced in mel from 80 Hz to 7 kHz."""
    edges_mel = np.linspace(_mel(80.0), _mel(7000.0), SPECTRUM_BANDS + 2)
    edges_hz = 700 * (10 ** (edges_mel / 2595) - 1)
    bins_hz = np.fft.rfftfreq(window, 1 / sample_rate_hz)[:, np.newaxis]
    rising = (bins_hz - edges_hz[:-2]) / (edges_hz[1:-1] - edges_hz[:-2])
    falling = (edges_hz[2:] - bins_hz) / (edges_hz[2:] - edges_hz[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def _mel(frequency_hz: float) -> float:
    return float(2595 * np.log10(1 + frequency_hz / 700))
