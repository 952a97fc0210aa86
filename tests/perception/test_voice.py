"""The voice of sounds with known answers, and of a sentence at several levels."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backchannel.arrays import FloatArray
from backchannel.perception.networks import Networks
from backchannel.perception.voice import SAMPLE_RATE_HZ, measure_voice
from backchannel.tracks import F0_HOP_S, LEVEL_HOP_S, SPEECH_HOP_S

SECONDS = 2.0
TIME_S = np.arange(round(SECONDS * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ


def buzz(f0_hz: float) -> FloatArray:
    """Harmonics that fall off like a voice's."""
    orders = range(1, int(4000 / f0_hz) + 1)
    return np.asarray(
        0.1 * sum(np.sin(2 * np.pi * order * f0_hz * TIME_S) / order for order in orders), np.float32
    )


def pulses(f0_hz: float) -> FloatArray:
    train = np.zeros(TIME_S.size, np.float32)
    train[(np.arange(int(SECONDS * f0_hz)) * SAMPLE_RATE_HZ / f0_hz).astype(int)] = 0.5
    return train


def silence() -> FloatArray:
    return np.zeros(TIME_S.size, np.float32)


def noise(amplitude: float) -> FloatArray:
    return np.random.default_rng(0).normal(0, amplitude, TIME_S.size).astype(np.float32)


@pytest.mark.parametrize("f0_hz", [80.0, 110.0, 180.0, 260.0, 400.0])
@pytest.mark.parametrize("make", [buzz, pulses])
def test_a_known_pitch_is_found_within_half_a_semitone(
    networks: Networks, make: Callable[[float], FloatArray], f0_hz: float
) -> None:
    found = measure_voice(networks, make(f0_hz), 0.0).f0_hz
    assert np.isfinite(found).mean() > 0.9
    assert np.nanmax(np.abs(12 * np.log2(found / f0_hz))) < 0.5


def test_a_pitch_that_glides_is_followed(networks: Networks) -> None:
    wanted_hz = 120 * 2 ** (TIME_S / SECONDS)  # an octave
    phase = 2 * np.pi * np.cumsum(wanted_hz) / SAMPLE_RATE_HZ
    sound = np.asarray(0.1 * sum(np.sin(order * phase) / order for order in range(1, 12)), np.float32)
    found = measure_voice(networks, sound, 0.0).f0_hz
    middle = np.minimum(
        ((np.arange(found.size) + 0.5) * F0_HOP_S * SAMPLE_RATE_HZ).astype(int), TIME_S.size - 1
    )
    assert np.nanpercentile(np.abs(12 * np.log2(found / wanted_hz[middle])), 95) < 0.5


@pytest.mark.parametrize("sound", [silence(), noise(0.001), noise(0.1)], ids=["silence", "hiss", "noise"])
def test_silence_and_noise_have_no_pitch_no_speech_and_no_syllables(
    networks: Networks, sound: FloatArray
) -> None:
    voice = measure_voice(networks, sound, 0.0)
    assert np.isfinite(voice.f0_hz).mean() < 0.02
    assert voice.speech_probability.max() < 0.2
    assert voice.syllable_time_s.size == 0


def test_digital_silence_is_nan_and_not_zero(networks: Networks) -> None:
    voice = measure_voice(networks, silence(), 0.0)
    assert np.isnan(voice.f0_hz).all()
    assert not voice.speech_probability.any()
    assert not voice.f0_confidence.any()


@pytest.mark.parametrize("f0_hz", [110.0, 180.0, 260.0])
def test_tones_are_no_speech(networks: Networks, f0_hz: float) -> None:
    for sound in (
        buzz(f0_hz),
        pulses(f0_hz),
        np.asarray(0.2 * np.sin(2 * np.pi * f0_hz * TIME_S), np.float32),
    ):
        assert measure_voice(networks, sound, 0.0).speech_probability.max() < 0.5


def speaks(networks: Networks, sound: FloatArray) -> FloatArray:
    return np.asarray(measure_voice(networks, sound, 0.0).speech_probability >= 0.5, np.float32)


def test_speech_is_found_where_it_is(networks: Networks, speech: FloatArray) -> None:
    found = speaks(networks, speech)
    length_s = (speech.size / SAMPLE_RATE_HZ - 1.75) / 2
    time_s = (np.arange(found.size) + 0.5) * SPEECH_HOP_S
    second_s = 1.25 + length_s
    inside = ((time_s > 0.6) & (time_s < 0.4 + length_s)) | (
        (time_s > second_s + 0.1) & (time_s < second_s + length_s - 0.1)
    )
    outside = (time_s < 0.4) | ((time_s > 0.5 + length_s + 0.3) & (time_s < second_s - 0.1))
    assert found[inside].mean() > 0.95
    assert found[outside].mean() < 0.05


def test_the_first_word_counts_as_much_as_any_other(networks: Networks, speech: FloatArray) -> None:
    # The network needs a while to trust its ears; a segment that begins with speech must not wait for it.
    found = speaks(networks, speech[SAMPLE_RATE_HZ // 2 :])
    assert found[2 : round(0.5 / SPEECH_HOP_S)].mean() > 0.9


@pytest.mark.parametrize("gain_db", [-12.0, -24.0])
def test_a_quiet_copy_has_the_same_speech_pitch_and_syllables(
    networks: Networks, speech: FloatArray, gain_db: float
) -> None:
    quiet = (speech * 10 ** (gain_db / 20)).astype(np.float32)
    one, other = measure_voice(networks, speech, 0.0), measure_voice(networks, quiet, 0.0)
    assert np.array_equal(one.speech_probability >= 0.5, other.speech_probability >= 0.5)
    assert np.array_equal(np.isnan(one.f0_hz), np.isnan(other.f0_hz))
    assert np.nanmax(np.abs(12 * np.log2(one.f0_hz / other.f0_hz))) < 0.05
    assert other.syllable_time_s == pytest.approx(one.syllable_time_s)
    assert other.level_dbfs - one.level_dbfs == pytest.approx(gain_db, abs=0.01)
    assert other.noise_floor_dbfs - one.noise_floor_dbfs == pytest.approx(gain_db, abs=0.01)


def test_a_sentence_has_about_as_many_syllables_as_it_has(networks: Networks, speech: FloatArray) -> None:
    # "They are better than we expected", twice: nine syllables, some of which run together.
    assert 8 <= measure_voice(networks, speech, 0.0).syllable_time_s.size <= 20


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 255, 256, 511, 513, 16_000, 16_001])
def test_every_track_has_one_row_for_each_hop(networks: Networks, samples: int) -> None:
    voice = measure_voice(networks, noise(0.05)[:samples], 0.25)
    assert voice.speech_probability.shape == (-(-samples // round(SPEECH_HOP_S * SAMPLE_RATE_HZ)),)
    assert voice.f0_hz.shape == voice.f0_confidence.shape == (samples // round(F0_HOP_S * SAMPLE_RATE_HZ),)
    assert voice.level_dbfs.shape == (samples // round(LEVEL_HOP_S * SAMPLE_RATE_HZ),)
    assert voice.spectral_change.shape == voice.level_dbfs.shape


def test_syllables_are_told_from_the_segments_start(networks: Networks, speech: FloatArray) -> None:
    early, late = (measure_voice(networks, speech, start_s) for start_s in (0.0, 0.4))
    assert late.start_s == 0.4
    assert late.syllable_time_s == pytest.approx(early.syllable_time_s + 0.4)


def test_the_same_sound_gives_the_same_numbers_whatever_was_heard_before(
    networks: Networks, speech: FloatArray
) -> None:
    before = measure_voice(networks, speech, 0.0)
    measure_voice(networks, noise(0.1), 0.0)
    after = measure_voice(networks, speech, 0.0)
    assert np.array_equal(before.speech_probability, after.speech_probability)
    assert np.array_equal(before.f0_hz, after.f0_hz, equal_nan=True)


def test_sounds_of_every_length_do_not_fill_the_memory(networks: Networks) -> None:
    """A conversation that is followed live comes in every length, for hours."""

    def held_mb() -> int:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) // 1024

    def hear(lengths: range) -> None:
        for length in lengths:
            measure_voice(networks, np.resize(noise(0.05), length), 0.0)

    hear(range(8_000, 40_000, 1009))
    before_mb = held_mb()
    hear(range(8_500, 40_000, 613))
    assert held_mb() - before_mb < 50
