"""A hand in front of the face: cues pause, the baseline learns nothing, and nothing is absent."""

from typing import Any

import numpy as np
import pytest

from backchannel.tracks import Tracks
from backchannel.values import Cue
from tests.cues.build import EYES, clock, cues_in, face, picture, swings

T = clock(16.0)
BEHIND = (T >= 8.0) & (T < 11.0)
NO_HAND = np.zeros(T.size)


def filmed(*, eyes: Any = NO_HAND, mouth: Any = NO_HAND, **values: Any) -> Tracks:
    """One face, with a hand over a part of it where it is 1."""
    one = face(T.size, hand_over_eyes=eyes, hand_over_mouth=mouth, **values)
    return Tracks(16.0, None, picture(T, one), None)


def named(tracks: Tracks, name: str) -> list[Cue]:
    return [cue for cue in cues_in(tracks) if cue.name == name]


SMILE = {"mouth_width": np.where(BEHIND, 0.65, 0.55), "lip_corner_height": np.where(BEHIND, -0.23, -0.27)}
OF_THE_MOUTH: dict[str, dict[str, Any]] = {
    "smile": SMILE,
    "lip_press": {"lip_press": np.where(BEHIND, 0.13, 0.2)},
    "lip_corner_down": {"lip_corner_height": np.where(BEHIND, -0.31, -0.27)},
    "chin_raise": {"chin_raise": np.where(BEHIND, 0.24, 0.2)},
}
OF_THE_EYES: dict[str, dict[str, Any]] = {
    "gaze_away": {"gaze_pitch_deg": np.where(BEHIND, -30.0, 0.0)},
    "eyes_closed": dict.fromkeys(EYES, np.where(BEHIND, 0.05, 0.3)),
    "brow_furrow": {"brow_crease": np.where(BEHIND, 0.03, 0.01)},
    "nod": {"head_pitch_deg": swings(T, 8.5, 3, 2.0, 14.0)},
    "shake": {"head_yaw_deg": swings(T, 8.5, 3, 2.0, 14.0)},
    "tilt": {"head_roll_deg": np.where(BEHIND, 12.0, 0.0)},
}


@pytest.mark.parametrize(("name", "values"), OF_THE_MOUTH.items(), ids=OF_THE_MOUTH)
def test_a_hand_over_the_mouth_hides_the_mouth(name: str, values: dict[str, Any]) -> None:
    assert named(filmed(**values), name)
    assert not named(filmed(mouth=BEHIND, **values), name)


@pytest.mark.parametrize(("name", "values"), OF_THE_EYES.items(), ids=OF_THE_EYES)
def test_a_hand_over_the_mouth_leaves_the_eyes_and_the_head(name: str, values: dict[str, Any]) -> None:
    assert named(filmed(mouth=BEHIND, **values), name)


@pytest.mark.parametrize(
    ("name", "values"), (OF_THE_EYES | OF_THE_MOUTH).items(), ids=OF_THE_EYES | OF_THE_MOUTH
)
def test_a_hand_over_the_eyes_hides_the_face(name: str, values: dict[str, Any]) -> None:
    assert not named(filmed(eyes=BEHIND, **values), name)


def test_a_covered_face_is_not_absent() -> None:
    assert not named(filmed(eyes=BEHIND), "face_absent")


def test_the_baseline_learns_nothing_behind_a_hand() -> None:
    # Most of the time a hand makes the mouth look wide. What follows is a smile all the same.
    behind = (T >= 1.0) & (T < 12.0)
    wide = {
        "mouth_width": np.where(behind, 0.66, np.where(T >= 13.0, 0.63, 0.55)),
        "lip_corner_height": np.where(T >= 13.0, -0.24, -0.27),
    }
    assert named(filmed(mouth=behind, **wide), "smile")
    assert not [cue for cue in named(filmed(**wide), "smile") if cue.span.start_s > 12.5]


def test_what_happens_after_the_hand_is_found() -> None:
    (cue,) = named(filmed(eyes=BEHIND, head_pitch_deg=swings(T, 12.5, 3, 2.0, 12.0)), "nod")
    assert cue.span.start_s == pytest.approx(12.5, abs=0.15)
