"""Sound in which nobody speaks: silence, a room, noise, hum, music, breath, a motor."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from scipy.signal import butter, sosfilt

from backchannel.arrays import FloatArray
from backchannel.constants import SAMPLE_RATE_HZ

LENGTH_S: Final = 6.0
_TIME_S: Final = np.arange(round(LENGTH_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ


def _silence(seed: int, level: float) -> FloatArray:  # noqa: ARG001
    return np.zeros(_TIME_S.size, np.float32)


def _band(seed: int, level: float, low_hz: float, high_hz: float) -> FloatArray:
    band = butter(2, [low_hz, high_hz], "bandpass", fs=SAMPLE_RATE_HZ, output="sos")
    noise = np.random.default_rng(seed).normal(0, level, _TIME_S.size)
    return np.asarray(sosfilt(band, noise), np.float32)


def _room(seed: int, level: float) -> FloatArray:
    return _band(seed, level / 30, 50, 7000)


def _noise(seed: int, level: float) -> FloatArray:
    return _band(seed, level, 100, 7000)


def _hum(seed: int, level: float) -> FloatArray:
    return np.asarray(level * np.sin(2 * np.pi * (50 + seed % 400) * _TIME_S), np.float32)


def _music(seed: int, level: float) -> FloatArray:
    """Notes of four harmonics that fade, on an even beat."""
    random = np.random.default_rng(seed)
    sound = np.zeros(_TIME_S.size)
    for beat_s in np.arange(0, LENGTH_S, float(random.choice([0.25, 0.4, 0.5]))):
        pitch_hz = 110 * 2 ** (random.integers(0, 24) / 12)
        after_s = np.maximum(_TIME_S - beat_s, 0)
        note = sum(np.sin(2 * np.pi * pitch_hz * k * after_s) / k for k in range(1, 5))
        sound += np.where(after_s > 0, np.exp(-4 * after_s) * note, 0)
    return np.asarray(sound / np.abs(sound).max() * level, np.float32)


def _breath(seed: int, level: float) -> FloatArray:
    swell = np.maximum(np.sin(2 * np.pi * _TIME_S / 3), 0) ** 2
    return np.asarray(_band(seed, level, 300, 3500) * swell, np.float32)


def _motor(seed: int, level: float) -> FloatArray:
    whirr_hz = 120 + 40 * np.sin(2 * np.pi * 0.7 * _TIME_S)
    turns = np.sign(np.sin(2 * np.pi * np.cumsum(whirr_hz) / SAMPLE_RATE_HZ))
    whirr = level * turns * (0.6 + 0.4 * np.sin(2 * np.pi * 9 * _TIME_S))
    return np.asarray(whirr + _band(seed, level / 5, 500, 6000), np.float32)


KINDS: Final[Mapping[str, Callable[[int, float], FloatArray]]] = {
    "silence": _silence,
    "room": _room,
    "noise": _noise,
    "hum": _hum,
    "music": _music,
    "breath": _breath,
    "motor": _motor,
}
"""From a seed and a level (1 is full scale) to (n,) samples of `LENGTH_S`, by kind."""
