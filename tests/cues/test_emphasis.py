"""Nods and shakes of listeners, against what only looks like them: beats, cameras, trunks, music."""

import numpy as np
import pytest

from backchannel.arrays import FloatArray
from backchannel.tracks import Tracks
from backchannel.values import Cue
from tests.cues.build import both, clock, cues_in, heard, measure, named, only, seen, swings

SECONDS = 10.0
T = clock(SECONDS)
ONCE = swings(T, 4.0, 1, 1.5, 9.0)
THRICE = swings(T, 4.0, 3, 2.0, 9.0)
TALK = heard(SECONDS, [(0.5, 9.5)])
SYLLABLES = 0.06 + 0.06 * np.sin(2 * np.pi * 3.3 * T)
SCALE = 0.25
"""Apparent face width in `build.AT_REST`, picture heights."""


def nods_and_shakes(tracks: Tracks) -> list[Cue]:
    return [cue for cue in cues_in(tracks) if cue.name in ("nod", "shake")]


def moved_with(angle_deg: FloatArray, face_widths_per_rad: float) -> FloatArray:
    """Place of the face in the picture, if it moves with an angle."""
    return np.asarray(0.45 + face_widths_per_rad * SCALE * np.radians(angle_deg))


# --- turns and utterances ---------------------------------------------------------------------------


def test_one_nod_counts_only_while_listening() -> None:
    assert named(both(seen(SECONDS, head_pitch_deg=ONCE), heard(SECONDS)), "nod")
    assert not named(both(seen(SECONDS, head_pitch_deg=ONCE), TALK), "nod")


@pytest.mark.parametrize("sound", [None, heard(SECONDS)], ids=["no sound", "a voice that is missed"])
def test_a_moving_jaw_counts_as_speech(sound: Tracks | None) -> None:
    picture = seen(SECONDS, head_pitch_deg=ONCE, mouth_opening=SYLLABLES)
    assert not named(picture if sound is None else both(picture, sound), "nod")


@pytest.mark.parametrize(
    "opening", [SYLLABLES * 0.3, SYLLABLES * 0.5 + 0.12], ids=["hardly moves", "stays open, as in a laugh"]
)
def test_a_jaw_that_does_not_open_and_close_does_not(opening: FloatArray) -> None:
    picture = seen(SECONDS, head_pitch_deg=ONCE, mouth_opening=opening)
    assert named(both(picture, heard(SECONDS)), "nod")


def test_a_nod_with_a_short_utterance_is_a_listeners() -> None:
    said = np.where((T > 4.0) & (T < 4.4), 0.09, 0.01)
    tracks = both(seen(SECONDS, head_pitch_deg=ONCE, mouth_opening=said), heard(SECONDS, [(4.0, 4.5)]))
    assert measure(only(tracks, "nod"), "count") == 1


@pytest.mark.parametrize("phrases", [[(3.6, 5.4)], [(2.0, 3.7), (4.0, 4.5)]], ids=["long", "in a turn"])
def test_a_nod_with_a_longer_utterance_or_inside_a_turn_is_emphasis(
    phrases: list[tuple[float, float]],
) -> None:
    assert not named(both(seen(SECONDS, head_pitch_deg=ONCE), heard(SECONDS, phrases)), "nod")


def test_regular_nods_of_a_speaker_are_found() -> None:
    tracks = both(seen(SECONDS, head_pitch_deg=THRICE, mouth_opening=SYLLABLES), TALK)
    assert measure(only(tracks, "nod"), "count") == 3


def test_nods_of_a_speaker_in_step_with_the_jaw_are_beats() -> None:
    in_step = 0.01 - THRICE / 100
    assert not named(both(seen(SECONDS, head_pitch_deg=THRICE, mouth_opening=in_step), TALK), "nod")


# --- what moves besides the neck ----------------------------------------------------------------------


@pytest.mark.parametrize("face_widths_per_rad", [-1.2, -0.5, 0.0, 0.5])
def test_a_neck_moves_the_face_a_little_in_the_picture(face_widths_per_rad: float) -> None:
    nod = seen(SECONDS, head_pitch_deg=THRICE, head_y=moved_with(THRICE, face_widths_per_rad))
    shake = seen(SECONDS, head_yaw_deg=THRICE, head_x=moved_with(THRICE, face_widths_per_rad))
    assert [cue.name for cue in nods_and_shakes(nod)] == ["nod"]
    assert [cue.name for cue in nods_and_shakes(shake)] == ["shake"]


@pytest.mark.parametrize("face_widths_per_rad", [-5.0, -3.0, 3.0, 5.0])
def test_a_camera_or_a_trunk_that_moves_is_no_nod_and_no_shake(face_widths_per_rad: float) -> None:
    lifted = seen(SECONDS, head_pitch_deg=THRICE, head_y=moved_with(THRICE, face_widths_per_rad))
    swayed = seen(SECONDS, head_yaw_deg=THRICE, head_x=moved_with(THRICE, face_widths_per_rad))
    assert nods_and_shakes(lifted) == nods_and_shakes(swayed) == []


def test_a_nod_before_a_camera_that_trembles_is_found() -> None:
    tremble = 0.45 + np.random.default_rng(1).normal(0, 0.01, T.size)
    assert named(seen(SECONDS, head_pitch_deg=THRICE, head_y=tremble), "nod")


# --- music --------------------------------------------------------------------------------------------


def test_a_long_series_of_nods_is_found() -> None:
    assert measure(only(seen(SECONDS, head_pitch_deg=swings(T, 2.0, 7, 1.5, 8.0)), "nod"), "count") == 7


def test_a_rhythm_that_goes_on_is_no_nod() -> None:
    assert not named(seen(SECONDS, head_pitch_deg=swings(T, 1.0, 12, 1.6, 8.0)), "nod")


def test_a_long_rhythm_is_not_judged_before_it_ends() -> None:
    assert not named(seen(6.0, head_pitch_deg=swings(clock(6.0), 2.0, 7, 1.5, 8.0)), "nod")


def test_a_shake_may_go_on() -> None:
    assert measure(only(seen(SECONDS, head_yaw_deg=swings(T, 0.5, 12, 1.4, 14.0)), "shake"), "count") == 12
