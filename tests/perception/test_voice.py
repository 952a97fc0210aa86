"""The voice of sounds with known answers, of a sentence at several levels, and however the sound was cut."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from backchannel.arrays import FloatArray
from backchannel.constants import SAMPLE_RATE_HZ, SILENT_DBFS, VOICE_ROW_S
from backchannel.perception.networks import Networks
from backchannel.perception.voice import BLOCK, FIRST, LOOKAHEAD, MAX_FILLED_S, Hearing, hear
from backchannel.tracks import VoiceTracks

SECONDS = 2.0
TIME_S = np.arange(round(SECONDS * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
AGAIN_S = (LOOKAHEAD + BLOCK) / SAMPLE_RATE_HZ
"""So much of the end of a piece may be given again with the next."""
TRACKS = ("speech_probability", "f0_hz", "level_dbfs", "spectral_change", "syllable")


def measured(networks: Networks, sound: FloatArray, start_s: float = 0.0) -> VoiceTracks:
    """Rows of a sound that is not cut."""
    return hear(networks, sound, start_s, Hearing())[0]


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


@pytest.fixture
def tones_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure the pitch of sound that is no speech, too."""
    monkeypatch.setattr("backchannel.perception.voice.MIN_SPEECH", 0.0)


@pytest.mark.usefixtures("tones_count")
@pytest.mark.parametrize("f0_hz", [80.0, 110.0, 180.0, 260.0, 400.0])
@pytest.mark.parametrize("make", [buzz, pulses])
def test_a_known_pitch_is_found_within_half_a_semitone(
    networks: Networks, make: Callable[[float], FloatArray], f0_hz: float
) -> None:
    found = measured(networks, make(f0_hz)).f0_hz
    assert np.isfinite(found).mean() > 0.9
    assert np.nanmax(np.abs(12 * np.log2(found / f0_hz))) < 0.5


@pytest.mark.usefixtures("tones_count")
def test_a_pitch_that_glides_is_followed(networks: Networks) -> None:
    wanted_hz = 120 * 2 ** (TIME_S / SECONDS)  # an octave
    phase = 2 * np.pi * np.cumsum(wanted_hz) / SAMPLE_RATE_HZ
    sound = np.asarray(0.1 * sum(np.sin(order * phase) / order for order in range(1, 12)), np.float32)
    voice = measured(networks, sound)
    middle = np.round((voice.time_s + VOICE_ROW_S / 2) * SAMPLE_RATE_HZ).astype(int)
    assert np.nanpercentile(np.abs(12 * np.log2(voice.f0_hz / wanted_hz[middle])), 95) < 0.5


@pytest.mark.usefixtures("tones_count")
@pytest.mark.parametrize("sound", [silence(), noise(0.001), noise(0.1)], ids=["silence", "hiss", "noise"])
def test_silence_and_noise_have_no_pitch_no_speech_and_no_syllables(
    networks: Networks, sound: FloatArray
) -> None:
    voice = measured(networks, sound)
    assert np.isfinite(voice.f0_hz).mean() < 0.02
    assert voice.speech_probability.max() < 0.2
    assert not voice.syllable.any()


@pytest.mark.usefixtures("tones_count")
def test_digital_silence_is_nan_and_not_zero(networks: Networks) -> None:
    voice = measured(networks, silence())
    assert np.isnan(voice.f0_hz).all()
    assert not voice.speech_probability.any()


@pytest.mark.parametrize("f0_hz", [110.0, 180.0, 260.0])
def test_tones_are_no_speech(networks: Networks, f0_hz: float) -> None:
    for sound in (
        buzz(f0_hz),
        pulses(f0_hz),
        np.asarray(0.2 * np.sin(2 * np.pi * f0_hz * TIME_S), np.float32),
    ):
        assert measured(networks, sound).speech_probability.max() < 0.5


def speaks(networks: Networks, sound: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Middles of the rows, s, and whether there is speech in each."""
    voice = measured(networks, sound)
    return voice.time_s + VOICE_ROW_S / 2, np.asarray(voice.speech_probability >= 0.5, np.float32)


def test_speech_is_found_where_it_is(networks: Networks, speech: FloatArray) -> None:
    time_s, found = speaks(networks, speech)
    length_s = (speech.size / SAMPLE_RATE_HZ - 1.75) / 2
    second_s = 1.25 + length_s
    inside = ((time_s > 0.6) & (time_s < 0.4 + length_s)) | (
        (time_s > second_s + 0.1) & (time_s < second_s + length_s - 0.1)
    )
    outside = (time_s < 0.4) | ((time_s > 0.5 + length_s + 0.3) & (time_s < second_s - 0.1))
    assert found[inside].mean() > 0.95
    assert found[outside].mean() < 0.05


def test_the_first_word_counts_as_much_as_any_other(networks: Networks, speech: FloatArray) -> None:
    # The network needs a while to trust its ears; a sound that begins with speech must not wait for it.
    time_s, found = speaks(networks, speech[SAMPLE_RATE_HZ // 2 :])
    assert found[(time_s > 0.064) & (time_s < 0.5)].mean() > 0.9


def quieter(sound: FloatArray, by_db: float) -> FloatArray:
    return (sound * 10 ** (-by_db / 20)).astype(np.float32)


@pytest.mark.parametrize("by_db", [12.0, 24.0])
def test_a_quiet_copy_has_the_same_speech_pitch_and_syllables(
    networks: Networks, speech: FloatArray, by_db: float
) -> None:
    # Both are quieter than what the networks know, and raised to it.
    first = quieter(speech, 12.0)
    one, other = measured(networks, first), measured(networks, quieter(first, by_db))
    assert np.array_equal(one.speech_probability >= 0.5, other.speech_probability >= 0.5)
    assert np.array_equal(np.isnan(one.f0_hz), np.isnan(other.f0_hz))
    assert np.nanmax(np.abs(12 * np.log2(one.f0_hz / other.f0_hz))) < 0.05
    assert np.array_equal(one.syllable, other.syllable)
    above = other.level_dbfs > SILENT_DBFS + 5
    assert (other.level_dbfs - one.level_dbfs)[above] == pytest.approx(-by_db, abs=0.01)


@pytest.mark.parametrize("by_db", [12.0, 24.0])
def test_a_loud_voice_is_heard_as_well_as_a_quiet_one(
    networks: Networks, speech: FloatArray, by_db: float
) -> None:
    # A loud one is not lowered, so the networks hear the two at different levels.
    one, other = measured(networks, speech), measured(networks, quieter(speech, by_db))
    assert np.array_equal(one.speech_probability >= 0.5, other.speech_probability >= 0.5)
    assert np.mean(np.isnan(one.f0_hz) == np.isnan(other.f0_hz)) > 0.98
    assert np.nanmax(np.abs(12 * np.log2(one.f0_hz / other.f0_hz))) < 0.25
    assert np.array_equal(one.syllable, other.syllable)


def test_a_sentence_has_about_as_many_syllables_as_it_has(networks: Networks, speech: FloatArray) -> None:
    # "They are better than we expected", twice: nine syllables, some of which run together.
    assert 8 <= measured(networks, speech).syllable.sum() <= 20


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 255, 256, 511, 513, 16_000, 16_001])
def test_every_track_has_one_row_for_each_whole_ten_milliseconds(networks: Networks, samples: int) -> None:
    voice = measured(networks, noise(0.05)[:samples], 0.25)
    assert voice.time_s == pytest.approx(0.25 + np.arange(samples // 160) * VOICE_ROW_S)
    for name in TRACKS:
        assert getattr(voice, name).shape == (samples // 160,), name


def test_rows_are_told_on_the_clock_of_the_sounds_start(networks: Networks, speech: FloatArray) -> None:
    early, late = (measured(networks, speech, start_s) for start_s in (0.0, 0.4))
    assert late.time_s == pytest.approx(early.time_s + 0.4)
    assert np.array_equal(late.syllable, early.syllable)


def test_the_same_sound_gives_the_same_numbers_whatever_was_heard_before(
    networks: Networks, speech: FloatArray
) -> None:
    before = measured(networks, speech)
    measured(networks, noise(0.1))
    after = measured(networks, speech)
    for name in TRACKS:
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name), err_msg=name)


def test_sounds_of_every_length_do_not_fill_the_memory(networks: Networks) -> None:
    """A conversation that is followed live comes in every length, for hours."""

    def held_mb() -> int:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) // 1024

    def hear_all(lengths: range) -> None:
        for length in lengths:
            measured(networks, np.resize(noise(0.05), length))

    hear_all(range(8_000, 40_000, 1009))
    before_mb = held_mb()
    hear_all(range(8_500, 40_000, 613))
    assert held_mb() - before_mb < 50


# --- however the sound was cut ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def talk(speech: FloatArray) -> FloatArray:
    """(n,) some 13 s: sentences at changing levels, so that the gain has something to do."""
    levels = (0.05, 0.3, 0.02)
    return np.concatenate([np.float32(level) * speech for level in levels])


@pytest.fixture(scope="module")
def whole(networks: Networks, talk: FloatArray) -> VoiceTracks:
    return measured(networks, talk)


def cut_up(size: int, piece_s: float) -> list[tuple[int, int]]:
    """First and last sample of each piece."""
    return list(pairwise([*range(0, size, round(piece_s * SAMPLE_RATE_HZ)), size]))


def heard_in_pieces(
    networks: Networks, sound: FloatArray, pieces: Sequence[tuple[int, int]], hearing: Hearing
) -> Iterator[tuple[float, VoiceTracks]]:
    """Yield the start of each piece, s, and what was heard with it."""
    for first, last in pieces:
        start_s = first / SAMPLE_RATE_HZ
        tracks, hearing = hear(networks, sound[first:last], start_s, hearing)
        yield start_s, tracks


def joined(parts: Iterator[tuple[float, VoiceTracks]]) -> VoiceTracks:
    _, line = next(parts)
    for _, tracks in parts:
        line = line.joined(tracks)
    return line


def same_rows(one: VoiceTracks, other: VoiceTracks) -> None:
    """The same within what two runs of a network over other lengths differ by."""
    assert other.time_s == pytest.approx(one.time_s, abs=1e-6)
    assert np.array_equal(np.isnan(one.f0_hz), np.isnan(other.f0_hz))
    voiced = np.isfinite(one.f0_hz)
    assert 12 * np.log2(one.f0_hz / other.f0_hz)[voiced] == pytest.approx(0.0, abs=0.05)
    assert other.level_dbfs == pytest.approx(one.level_dbfs, abs=1e-3)
    assert other.speech_probability == pytest.approx(one.speech_probability, abs=1e-3)
    assert other.spectral_change == pytest.approx(one.spectral_change, abs=1e-3)
    assert np.array_equal(one.syllable, other.syllable)


@pytest.mark.parametrize("piece_s", [0.1, 0.7, 1.0, 5.0])
def test_rows_do_not_depend_on_how_the_sound_was_cut(
    networks: Networks, talk: FloatArray, whole: VoiceTracks, piece_s: float
) -> None:
    again = joined(heard_in_pieces(networks, talk, cut_up(talk.size, piece_s), Hearing()))
    assert whole.syllable.sum() >= 20
    same_rows(whole, again)


def test_rows_do_not_depend_on_cuts_between_two_rows(
    networks: Networks, talk: FloatArray, whole: VoiceTracks
) -> None:
    places = np.sort(np.random.default_rng(3).choice(np.arange(1, talk.size), 9, replace=False)).tolist()
    pieces = list(pairwise([0, *places, talk.size]))
    same_rows(whole, joined(heard_in_pieces(networks, talk, pieces, Hearing())))


@pytest.mark.parametrize("piece_s", [0.1, 0.7, 1.0, 5.0])
def test_only_the_last_rows_are_ever_given_again(
    networks: Networks, talk: FloatArray, piece_s: float
) -> None:
    for start_s, tracks in heard_in_pieces(networks, talk, cut_up(talk.size, piece_s), Hearing()):
        if not len(tracks):
            continue
        beginning = start_s * SAMPLE_RATE_HZ < FIRST + LOOKAHEAD
        earliest_s = 0.0 if beginning else start_s - AGAIN_S
        assert tracks.time_s[0] >= earliest_s - 1e-6
        assert tracks.time_s[0] <= start_s + 1e-6, "no row is left out"
        assert np.all(np.diff(tracks.time_s) > 0)


def test_rows_that_are_not_given_again_are_final(
    networks: Networks, talk: FloatArray, whole: VoiceTracks
) -> None:
    parts = list(heard_in_pieces(networks, talk, cut_up(talk.size, 0.7), Hearing()))
    for (_, tracks), (_, later) in pairwise(parts):
        final = tracks.cut(-np.inf, float(later.time_s[0]) - VOICE_ROW_S / 2)
        if not len(final):
            continue
        same_rows(whole.cut(final.time_s[0] - 1e-3, final.time_s[-1] + 1e-3), final)


def test_nothing_new_is_nothing_lost(networks: Networks, talk: FloatArray, whole: VoiceTracks) -> None:
    half = talk.size // 2
    pieces = [(0, half), (half, half), (half, talk.size)]
    same_rows(whole, joined(heard_in_pieces(networks, talk, pieces, Hearing())))


def test_what_is_kept_of_a_long_sound_is_about_a_second(networks: Networks, talk: FloatArray) -> None:
    hearing = Hearing()
    for first, last in cut_up(talk.size, 1.0):
        _, hearing = hear(networks, talk[first:last], first / SAMPLE_RATE_HZ, hearing)
    assert hearing.samples.size <= 1.1 * SAMPLE_RATE_HZ
    assert hearing.end_s == pytest.approx(talk.size / SAMPLE_RATE_HZ, abs=1e-6)


# --- gaps -------------------------------------------------------------------------------------------


def test_a_short_gap_is_silence(networks: Networks, speech: FloatArray) -> None:
    pause = np.zeros(2 * SAMPLE_RATE_HZ, np.float32)
    unbroken = measured(networks, np.concatenate([speech, pause, speech]))
    _, hearing = hear(networks, speech, 0.0, Hearing())
    first, _ = hear(networks, speech, 0.0, Hearing())
    later, _ = hear(networks, speech, (speech.size + pause.size) / SAMPLE_RATE_HZ, hearing)
    same_rows(unbroken, first.joined(later))


def test_a_long_gap_begins_a_new_run(networks: Networks, speech: FloatArray) -> None:
    start_s = speech.size / SAMPLE_RATE_HZ + MAX_FILLED_S + 0.5
    _, hearing = hear(networks, speech, 0.0, Hearing())
    later, after = hear(networks, speech, start_s, hearing)
    assert later.time_s[0] == pytest.approx(start_s)
    assert len(later) == speech.size // 160
    assert after.run_start_s == start_s
    # The microphone is the same, so its levels are known; a new one hears the same in the same place.
    again, _ = hear(networks, speech, start_s, hearing.anew())
    same_rows(again, later)


def test_sound_that_comes_twice_is_heard_once(
    networks: Networks, talk: FloatArray, whole: VoiceTracks
) -> None:
    half = talk.size // 2
    overlapping = [(0, half), (half - SAMPLE_RATE_HZ // 4, talk.size)]
    same_rows(whole, joined(heard_in_pieces(networks, talk, overlapping, Hearing())))
