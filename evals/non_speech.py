"""Sound in which nobody speaks: silence, noise, tones, music, claps, and noise in the rhythm of speech."""

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


def _tones(seed: int, level: float) -> FloatArray:
    """Beeps of two tones, as of a telephone, with pauses of their own length."""
    random = np.random.default_rng(seed)
    length_s = float(random.uniform(0.08, 0.4))
    sound = np.zeros(_TIME_S.size)
    for start_s in np.arange(0.2, LENGTH_S - length_s, 2 * length_s):
        beeps = (start_s <= _TIME_S) & (start_s + length_s > _TIME_S)
        low_hz, high_hz = random.uniform(300, 1000), random.uniform(1000, 3000)
        sound += beeps * (np.sin(2 * np.pi * low_hz * _TIME_S) + np.sin(2 * np.pi * high_hz * _TIME_S)) / 2
    return np.asarray(level * sound, np.float32)


def _claps(seed: int, level: float) -> FloatArray:
    """Applause, or single claps: short bursts of noise that fade."""
    random = np.random.default_rng(seed)
    sound = np.zeros(_TIME_S.size)
    for start_s in random.uniform(0, LENGTH_S, int(random.choice([5, 20, 150]))):
        after_s = np.maximum(_TIME_S - start_s, 0)
        sound += np.where(after_s > 0, np.exp(-after_s * random.uniform(30, 90)), 0) * random.uniform(0.3, 1)
    return np.asarray(sound * _band(seed, level, 400, 6000), np.float32)


def _babble(seed: int, level: float) -> FloatArray:
    """Noise and a buzz in the bands of vowels, in the rhythm of syllables, as of a crowd behind a wall."""
    random = np.random.default_rng(seed)
    sound = np.zeros(_TIME_S.size)
    for talker in range(int(random.choice([1, 3, 6]))):
        buzz = np.sign(np.sin(2 * np.pi * random.uniform(90, 240) * _TIME_S)) * random.uniform(0, 1)
        source = buzz + np.random.default_rng(seed + talker).normal(0, 1, _TIME_S.size)
        for middle_hz in (random.uniform(300, 800), random.uniform(900, 2300)):
            band = butter(
                2, [0.85 * middle_hz, 1.15 * middle_hz], "bandpass", fs=SAMPLE_RATE_HZ, output="sos"
            )
            syllables = np.sin(2 * np.pi * (random.uniform(2, 5) * _TIME_S + random.uniform(0, 1)))
            sound += sosfilt(band, source) * np.maximum(syllables, 0)
    return np.asarray(sound / np.abs(sound).max() * level, np.float32)


def _reversed(seed: int, level: float) -> FloatArray:
    """Noises that swell and break off: claps and notes, backwards."""
    return np.ascontiguousarray((_claps(seed, level) + _music(seed, level / 2))[::-1])


KINDS: Final[Mapping[str, Callable[[int, float], FloatArray]]] = {
    "silence": _silence,
    "room": _room,
    "noise": _noise,
    "hum": _hum,
    "music": _music,
    "breath": _breath,
    "motor": _motor,
    "tones": _tones,
    "claps": _claps,
    "babble": _babble,
    "reversed": _reversed,
}
"""From a seed and a level (1 is full scale) to (n,) samples of `LENGTH_S`, by kind."""
