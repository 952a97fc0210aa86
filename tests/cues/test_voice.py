"""The voice's manner: phrase ends, pitch, loudness, rate, steadiness, against the person's own usual."""

from dataclasses import replace

import numpy as np
import pytest

from backchannel.arrays import FloatArray, TimeArray
from backchannel.tracks import Tracks
from backchannel.values import Cue
from tests.cues.build import cues_in, heard, measure, named, near, only

SECONDS = 14.0
PHRASES = [(1.0, 3.5), (4.2, 6.5), (7.2, 9.5), (10.2, 12.5)]


def wavering(time_s: TimeArray) -> FloatArray:
    """Hz; a voice that moves by two semitones to each side."""
    return np.asarray(130 * 2 ** (2 * np.sin(2 * np.pi * 1.7 * time_s) / 12))


def ending(semitones: float) -> Tracks:
    """One phrase whose last 300 ms go up or down."""

    def f0_hz(time_s: TimeArray) -> FloatArray:
        return np.asarray(130 * 2 ** (semitones * np.clip((time_s - 4.7) / 0.3, 0, 1) / 12))

    return heard(SECONDS, [(2.0, 5.0)], f0_hz=f0_hz)


@pytest.mark.parametrize(
    ("semitones", "name", "other"), [(7, "rising_end", "falling_end"), (-7, "falling_end", "rising_end")]
)
def test_a_phrase_that_ends_higher_or_lower_says_by_how_much(semitones: float, name: str, other: str) -> None:
    cue = only(ending(semitones), name)
    assert cue.value == pytest.approx(7, abs=1.5)
    assert cue.span.end_s == pytest.approx(5.0, abs=0.1)
    assert cue.span.duration_s < 0.4
    assert named(ending(semitones), other) == []


@pytest.mark.parametrize("semitones", [0, 1, -1])
def test_a_level_end_is_neither(semitones: float) -> None:
    assert not {cue.name for cue in cues_in(ending(semitones))} & {"rising_end", "falling_end"}


def test_the_end_of_a_segment_is_not_the_end_of_a_phrase() -> None:
    tracks = heard(5.0, [(2.0, 5.0)], f0_hz=lambda t: 130 * 2 ** (10 * np.clip((t - 4.7) / 0.3, 0, 1) / 12))
    assert not {cue.name for cue in cues_in(tracks)} & {"rising_end", "falling_end"}


@pytest.mark.parametrize(("change_db", "name"), [(9.0, "loud"), (-9.0, "soft")])
def test_a_phrase_louder_or_softer_than_usual_is_told(change_db: float, name: str) -> None:
    tracks = heard(SECONDS, PHRASES, level_dbfs=lambda t: np.where(t > 10, -24 + change_db, -24))
    cue = only(tracks, name)
    assert near(cue.span, 10.2, 12.5, 0.1)
    assert cue.value == pytest.approx(9, abs=1.5)


def test_an_even_voice_is_neither_loud_nor_soft_at_any_level() -> None:
    for level_dbfs in (-10.0, -45.0):
        names = {cue.name for cue in cues_in(heard(SECONDS, PHRASES, level_dbfs=level_dbfs))}
        assert not names & {"loud", "soft"}


def quieter(tracks: Tracks, by_db: float) -> Tracks:
    assert tracks.voice is not None
    voice = replace(tracks.voice, level_dbfs=tracks.voice.level_dbfs - np.float32(by_db))
    return replace(tracks, voice=voice)


def told(cues: tuple[Cue, ...]) -> list[tuple[str, float, float]]:
    return [(cue.name, round(cue.span.start_s, 3), round(cue.span.end_s, 3)) for cue in cues]


@pytest.mark.parametrize("by_db", [12.0, 20.0])
def test_a_quieter_microphone_gives_the_same_cues(by_db: float) -> None:
    tracks = heard(
        SECONDS,
        [*PHRASES, (13.0, 13.4)],
        f0_hz=wavering,
        level_dbfs=lambda t: -22 + 3 * np.sin(9 * t) + np.where(t > 10, 8, 0),
    )
    before, after = cues_in(tracks), cues_in(quieter(tracks, by_db))
    assert told(before) == told(after)
    assert [cue.value for cue in before] == pytest.approx([cue.value for cue in after], abs=0.01)
    assert "loud" in {cue.name for cue in before}


def test_a_phrase_higher_than_usual_is_told_in_semitones() -> None:
    tracks = heard(SECONDS, PHRASES, f0_hz=lambda t: np.where(t > 10, 130 * 2 ** (5 / 12), 130.0))
    cue = only(tracks, "pitch_raised")
    assert near(cue.span, 10.2, 12.5, 0.1)
    assert cue.value == pytest.approx(5, abs=0.5)


@pytest.mark.parametrize("f0_hz", [95.0, 220.0])
def test_a_high_voice_is_not_raised(f0_hz: float) -> None:
    assert named(heard(SECONDS, PHRASES, f0_hz=f0_hz), "pitch_raised") == []


def test_a_wide_melody_is_lively_and_a_narrow_one_flat() -> None:
    def tune(semitones: float) -> set[str]:
        return {
            cue.name
            for cue in cues_in(
                heard(SECONDS, PHRASES, f0_hz=lambda t: 130 * 2 ** (semitones * np.sin(4 * t) / 12))
            )
        } & {"pitch_lively", "pitch_flat"}

    assert tune(6.0) == {"pitch_lively"}
    assert tune(0.3) == {"pitch_flat"}
    assert tune(2.0) == set()


@pytest.mark.parametrize(("per_s", "name"), [(5.5, "speech_brisk"), (1.6, "speech_slow")])
def test_the_rate_is_syllables_over_the_time_spoken(per_s: float, name: str) -> None:
    cue = named(heard(SECONDS, [(1.0, 6.0)], syllables_per_s=per_s), name)[0]
    assert cue.value == pytest.approx(per_s, abs=0.3)
    assert cue.unit == "syllables/s"


def test_a_usual_rate_is_neither_brisk_nor_slow() -> None:
    names = {cue.name for cue in cues_in(heard(SECONDS, [(1.0, 6.0)], syllables_per_s=3.0))}
    assert not names & {"speech_brisk", "speech_slow"}


def quicker(per_s: float) -> Tracks:
    """Two phrases of 4 s at 3 syllables a second, and one of 3 s at another rate."""
    return heard(
        16.0, [(1, 5), (6.8, 10.8), (12.6, 15.6)], syllables_per_s=lambda t: np.where(t < 12, 3, per_s)
    )


def test_who_speaks_faster_than_usual_is_told_against_it() -> None:
    cue = only(quicker(4.0), "speech_faster")
    assert near(cue.span, 12.6, 15.6, 0.1)
    assert cue.value == pytest.approx(4.0, abs=0.3)
    assert cue.baseline == measure(cue, "usual") == pytest.approx(3.0, abs=0.3)


@pytest.mark.parametrize("per_s", [2.0, 3.0, 3.3])
def test_who_speaks_as_usual_or_slower_is_not_faster(per_s: float) -> None:
    assert named(quicker(per_s), "speech_faster") == []


def test_who_always_speaks_fast_is_brisk_and_not_faster() -> None:
    tracks = heard(16.0, [(1, 5), (6.8, 10.8), (12.6, 15.6)], syllables_per_s=5.5)
    assert len(named(tracks, "speech_brisk")) == 3
    assert named(tracks, "speech_faster") == []


def test_pauses_do_not_slow_the_rate() -> None:
    cue = only(heard(SECONDS, [(1.0, 3.0), (4.0, 6.0)], syllables_per_s=5.0), "speech_brisk")
    assert cue.value == pytest.approx(5.0, abs=0.3)


def test_an_even_fluent_turn_is_a_steady_voice() -> None:
    cue = only(heard(SECONDS, [(1.0, 6.0)], level_dbfs=-22.0), "steady_voice")
    assert cue.value < 1.0
    assert measure(cue, "speech") == pytest.approx(5.0, abs=0.1)
    assert measure(cue, "pause_share") == pytest.approx(0.0, abs=1.0)


@pytest.mark.parametrize(
    "tracks",
    [
        heard(SECONDS, [(1.0, 6.0)], level_dbfs=lambda t: -26 + 11 * np.sign(np.sin(5 * t))),
        heard(SECONDS, [(1.0, 2.5), (3.9, 5.4), (6.8, 8.0)]),
        heard(SECONDS, [(1.0, 1.5)]),
    ],
    ids=["uneven", "with long pauses", "too short to tell"],
)
def test_no_steady_voice_is_heard_when(tracks: Tracks) -> None:
    assert named(tracks, "steady_voice") == []
