"""Time in speech: phrases, pauses, turns, filled pauses, slow starts, vocal backchannels."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backchannel.arrays import FloatArray, TimeArray
from backchannel.cues.detect import CueState, observe
from tests.cues.build import cues_in, heard, measure, named, near, only, rows_of

SECONDS = 12.0


def moving_pitch(time_s: TimeArray) -> FloatArray:
    return np.asarray(130 * 2 ** (3 * np.sin(2 * np.pi * 1.3 * time_s) / 12))


def names_in(phrases: list[tuple[float, float]], **how: Any) -> set[str]:
    return {cue.name for cue in cues_in(heard(SECONDS, phrases, **how))}


def test_speech_is_told_where_it_was_heard() -> None:
    one, other = named(heard(SECONDS, [(1.0, 3.0), (6.0, 9.5)]), "speaking")
    assert near(one.span, 1.0, 3.0, 0.05)
    assert near(other.span, 6.0, 9.5, 0.05)
    assert one.modality == "audio"
    assert one.value == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("runs_on_s", [0.0, 0.1, 0.3])
def test_the_end_of_speech_is_where_the_voice_ends_and_not_where_the_network_lets_go(
    runs_on_s: float,
) -> None:
    cue = only(heard(SECONDS, [(1.0, 3.0)], runs_on_s=runs_on_s), "speaking")
    assert near(cue.span, 1.0, 3.0, 0.06)


@pytest.mark.parametrize("noise_dbfs", [-60.0, -45.0, -40.0])
def test_in_a_noisy_room_speech_ends_where_the_voice_sinks_into_the_noise(noise_dbfs: float) -> None:
    tracks = heard(SECONDS, [(1.0, 3.0), (3.7, 7.0)], runs_on_s=0.3)
    assert tracks.voice is not None
    level_dbfs = np.maximum(tracks.voice.level_dbfs, np.float32(noise_dbfs))
    noisy = replace(tracks, voice=replace(tracks.voice, level_dbfs=level_dbfs))
    assert near(only(noisy, "long_pause").span, 3.0, 3.7, 0.06)


def test_silence_has_no_cues() -> None:
    assert cues_in(heard(SECONDS)) == ()


def test_a_click_is_no_speech() -> None:
    assert cues_in(heard(SECONDS, [(4.0, 4.05)], runs_on_s=0.0)) == ()


# --- pauses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap_s", [0.35, 0.5, 1.0, 2.0])
def test_a_silence_between_words_is_a_pause_of_its_length(gap_s: float) -> None:
    tracks = heard(SECONDS, [(1.0, 3.0), (3.0 + gap_s, 7.0)], runs_on_s=0.05)
    (pause,) = [cue for cue in cues_in(tracks) if cue.name in ("pause", "long_pause")]
    assert near(pause.span, 3.0, 3.0 + gap_s, 0.06)
    assert pause.value == pytest.approx(gap_s, abs=0.08)


def test_only_a_long_silence_is_a_long_pause() -> None:
    assert names_in([(1.0, 3.0), (3.4, 6.0)]) & {"pause", "long_pause"} == {"pause"}
    assert names_in([(1.0, 3.0), (4.2, 6.0)]) & {"pause", "long_pause"} == {"long_pause"}


def test_the_stop_of_a_consonant_is_no_pause() -> None:
    tracks = heard(SECONDS, [(1.0, 3.0), (3.12, 5.0)], runs_on_s=0.0)
    assert not {cue.name for cue in cues_in(tracks)} & {"pause", "long_pause"}
    assert near(only(tracks, "speaking").span, 1.0, 5.0, 0.05)


def test_a_silence_so_long_that_the_turn_is_over_is_no_pause() -> None:
    assert not names_in([(1.0, 3.0), (9.0, 11.0)]) & {"pause", "long_pause"}


def test_what_was_not_heard_is_no_pause() -> None:
    state, _ = observe(CueState(), rows_of(heard(3.2, [(1.0, 3.0)])), 0.0)
    after = rows_of(heard(8.0, [(0.2, 3.2)]), 3.8)  # 0.6 s of sound were lost
    _, observed = observe(state, after, 3.8)
    assert not {cue.name for cue in observed.cues} & {"pause", "long_pause"}
    assert len([cue for cue in observed.cues if cue.name == "speaking"]) == 2


def test_silence_before_and_after_speech_is_no_pause() -> None:
    assert not names_in([(5.0, 7.0)]) & {"pause", "long_pause"}


# --- filled pauses, slow starts, backchannels -------------------------------------------------------


def hum(at_s: float, length_s: float) -> dict[str, Any]:
    """A sound that stands still for a while, in speech that moves."""

    def f0_hz(time_s: TimeArray) -> FloatArray:
        inside = (time_s >= at_s) & (time_s < at_s + length_s)
        return np.where(inside, 120.0, moving_pitch(time_s))

    def change(time_s: TimeArray) -> FloatArray:
        inside = (time_s >= at_s) & (time_s < at_s + length_s)
        return np.where(inside, 0.003, 0.15)

    return {"f0_hz": f0_hz, "change": change}


def test_a_flat_steady_sound_between_silences_is_a_filled_pause() -> None:
    tracks = heard(SECONDS, [(1.0, 3.0), (3.5, 4.0), (4.5, 7.0)], **hum(3.5, 0.5))
    cue = only(tracks, "filled_pause")
    assert near(cue.span, 3.5, 4.0, 0.08)
    assert cue.value == pytest.approx(0.5, abs=0.1)
    assert measure(cue, "slope") < 1.0


def test_a_moving_sound_is_no_filled_pause() -> None:
    assert "filled_pause" not in names_in([(1.0, 3.0), (3.5, 4.0), (4.5, 7.0)], f0_hz=moving_pitch)


def test_a_flat_tune_with_changing_sounds_is_no_filled_pause() -> None:
    assert "filled_pause" not in names_in([(1.0, 3.0), (3.5, 4.0), (4.5, 7.0)], f0_hz=120.0, change=0.15)


def test_a_sound_held_for_long_is_no_filled_pause() -> None:
    assert "filled_pause" not in names_in([(1.0, 3.0), (3.5, 6.5), (7.0, 9.0)], **hum(3.5, 3.0))


def test_a_short_sound_then_a_gap_then_a_phrase_is_a_slow_start() -> None:
    cue = only(heard(SECONDS, [(3.0, 3.4), (4.1, 7.0)]), "slow_start")
    assert near(cue.span, 3.0, 4.1, 0.1)
    assert measure(cue, "gap") == pytest.approx(0.7, abs=0.1)


@pytest.mark.parametrize(
    "phrases",
    [
        [(3.0, 5.0), (5.7, 8.0)],  # a long sound first
        [(3.0, 3.4), (3.55, 7.0)],  # no gap
        [(3.0, 3.4), (4.1, 4.4)],  # no phrase after it
        [(0.5, 2.5), (3.0, 3.4), (4.1, 7.0)],  # in the middle of a turn
    ],
)
def test_no_slow_start_is_heard_in(phrases: list[tuple[float, float]]) -> None:
    assert "slow_start" not in names_in(phrases)


def test_a_short_sound_alone_in_quiet_is_a_vocal_backchannel() -> None:
    cue = only(heard(SECONDS, [(5.0, 5.4)]), "vocal_backchannel")
    assert near(cue.span, 5.0, 5.4, 0.06)


@pytest.mark.parametrize(
    "phrases",
    [
        [(5.0, 5.4), (5.7, 8.0)],  # a word before others
        [(2.0, 4.7), (5.0, 5.4)],  # a word after others
        [(5.0, 6.5)],  # a sentence
    ],
)
def test_no_vocal_backchannel_is_heard_in(phrases: list[tuple[float, float]]) -> None:
    assert "vocal_backchannel" not in names_in(phrases)


def test_a_cough_is_no_vocal_backchannel() -> None:
    assert "vocal_backchannel" not in names_in([(5.0, 5.4)], f0_hz=np.nan)


def test_quiet_that_is_not_yet_known_makes_no_vocal_backchannel() -> None:
    assert named(heard(5.6, [(5.0, 5.4)]), "vocal_backchannel") == []
