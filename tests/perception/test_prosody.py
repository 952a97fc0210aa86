"""Level, spectral change and syllables of sounds with known answers."""

import numpy as np
import pytest

from backchannel.arrays import FloatArray
from backchannel.constants import SILENT_DBFS, VOICE_ROW_S
from backchannel.perception.prosody import (
    band_spectrum,
    find_syllable_nuclei,
    measure_level,
    spectral_change,
)

RATE_HZ = 16_000


def sine(frequency_hz: float, amplitude: float, seconds: float = 1.0) -> FloatArray:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.asarray(amplitude * np.sin(2 * np.pi * frequency_hz * time_s), dtype=np.float32)


@pytest.mark.parametrize("amplitude", [1.0, 0.1, 0.001])
@pytest.mark.parametrize("frequency_hz", [200.0, 1000.0])
def test_the_level_of_a_sine_is_its_rms(frequency_hz: float, amplitude: float) -> None:
    level = measure_level(sine(frequency_hz, amplitude), RATE_HZ)
    assert level == pytest.approx(20 * np.log10(amplitude / np.sqrt(2)), abs=0.2)


def test_twelve_decibels_less_is_twelve_less_everywhere() -> None:
    rng = np.random.default_rng(0)
    loud = (rng.normal(0, 0.1, RATE_HZ) * np.linspace(0.01, 1, RATE_HZ)).astype(np.float32)
    quiet = (loud * 10 ** (-12 / 20)).astype(np.float32)
    assert measure_level(loud, RATE_HZ) - measure_level(quiet, RATE_HZ) == pytest.approx(12.0, abs=1e-3)


def test_silence_has_a_level_and_it_is_finite() -> None:
    assert measure_level(np.zeros(1600, np.float32), RATE_HZ) == pytest.approx(SILENT_DBFS)


def test_a_sound_that_stops_is_quiet_within_thirty_milliseconds() -> None:
    sound = np.concatenate([sine(300, 0.5, 0.5), np.zeros(RATE_HZ // 2, np.float32)])
    level = measure_level(sound, RATE_HZ)
    assert level[48] > -12
    assert level[53] == SILENT_DBFS


@pytest.mark.parametrize(("samples", "rows"), [(0, 0), (159, 0), (160, 1), (319, 1), (1600, 10)])
def test_there_is_one_row_for_each_whole_ten_milliseconds(samples: int, rows: int) -> None:
    sound = np.full(samples, 0.1, np.float32)
    assert measure_level(sound, RATE_HZ).shape == (rows,)
    assert band_spectrum(sound, RATE_HZ).shape[0] == rows
    assert spectral_change(band_spectrum(sound, RATE_HZ)).shape == (rows,)


def harmonics(f0_hz: float, formant_hz: float, seconds: float) -> FloatArray:
    """A buzz whose harmonics are loudest near a formant."""
    total = np.zeros(round(seconds * RATE_HZ), np.float64)
    for order in range(1, int(4000 / f0_hz)):
        weight = np.exp(-(((order * f0_hz - formant_hz) / 300) ** 2)) + 0.01
        total += sine(order * f0_hz, float(weight), seconds)
    return np.asarray(0.1 * total, dtype=np.float32)


def test_a_steady_sound_does_not_change_and_another_vowel_does() -> None:
    sound = np.concatenate([harmonics(120, 500, 0.5), harmonics(120, 2000, 0.5)])
    change = spectral_change(band_spectrum(sound, RATE_HZ))
    assert change[10:45].max() < 0.01
    assert change[60:95].max() < 0.01
    assert change[48:58].max() > 0.2
    assert -1e-6 <= change.min() <= change.max() <= 1


def test_loudness_is_no_spectral_change() -> None:
    sound = harmonics(120, 800, 1.0) * np.linspace(0.1, 1, RATE_HZ, dtype=np.float32)
    assert spectral_change(band_spectrum(sound, RATE_HZ))[10:-5].max() < 0.02


# --- syllables --------------------------------------------------------------------------------------


def bursts(at_s: list[float], seconds: float, peak_dbfs: float = -20.0) -> FloatArray:
    """(n,) dBFS: humps of 150 ms on a floor 40 dB below."""
    time_s = (np.arange(round(seconds / VOICE_ROW_S)) + 0.5) * VOICE_ROW_S
    level = np.full(time_s.size, peak_dbfs - 40.0)
    for middle_s in at_s:
        hump = peak_dbfs - 40.0 * (np.abs(time_s - middle_s) / 0.075) ** 2
        level = np.maximum(level, hump)
    return np.asarray(level, dtype=np.float32)


def nuclei(level_dbfs: FloatArray) -> FloatArray:
    """Times of the nuclei, s, where the loud end is the sound's own."""
    rows = find_syllable_nuclei(level_dbfs, float(np.percentile(level_dbfs, 99)))
    return np.asarray((rows + 0.5) * VOICE_ROW_S, np.float64)


@pytest.mark.parametrize("at_s", [[0.5], [0.5, 0.75], [0.3, 0.5, 0.7, 0.9, 1.1], [0.4, 0.55, 1.4]])
def test_each_burst_is_one_syllable_at_its_time(at_s: list[float]) -> None:
    assert nuclei(bursts(at_s, 2.0)) == pytest.approx(at_s, abs=0.02)


def test_ripples_and_far_weaker_bursts_are_no_syllables() -> None:
    level = np.maximum(bursts([0.5], 2.0), bursts([1.5], 2.0, peak_dbfs=-50.0))
    level += np.float32(0.5) * np.sin(np.arange(level.size)).astype(np.float32)
    assert nuclei(level) == pytest.approx([0.5], abs=0.03)


def test_nothing_has_no_syllables() -> None:
    assert find_syllable_nuclei(np.zeros(0, np.float32), 0.0).shape == (0,)
