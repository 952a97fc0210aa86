"""A cut in the picture: no cue crosses it, and a new baseline begins."""

from typing import Any

import numpy as np
import pytest

from backchannel.cues.detect import CueState, observe
from backchannel.tracks import Tracks
from backchannel.values import Cue
from tests.cues.build import clock, cues_in, face, near, picture, rows_of, swings

T = clock(16.0)
CUT_S = 8.0
AFTER = T >= CUT_S


def filmed(*, cut: bool, **values: Any) -> Tracks:
    """One face, whose picture is cut after 8 s, or not."""
    new_shot = np.isclose(T, CUT_S) if cut else False
    return Tracks(16.0, None, picture(T, face(T.size, **values), new_shot=new_shot), None)


def named(tracks: Tracks, name: str) -> list[Cue]:
    return [cue for cue in cues_in(tracks) if cue.name == name]


STEPS: dict[str, dict[str, Any]] = {
    "smile": {
        "mouth_width": np.where(AFTER, 0.64, 0.55),
        "lip_corner_height": np.where(AFTER, -0.24, -0.27),
    },
    "gaze_away": {"gaze_yaw_deg": np.where(AFTER, 17.0, -8.0)},
    "tilt": {"head_roll_deg": np.where(AFTER, 9.0, 0.0)},
    "lean_in": {"head_scale": np.where(AFTER, 0.33, 0.25)},
    "brow_raise": {
        name: np.where(AFTER, 0.25, 0.2)
        for name in ("brow_inner_left", "brow_inner_right", "brow_outer_left", "brow_outer_right")
    },
    "lip_press": {"lip_press": np.where(AFTER, 0.13, 0.2)},
    "brow_furrow": {"brow_crease": np.where(AFTER, 0.0155, 0.01)},
}
"""How another shot differs, by the cue that the difference would be without a cut."""


@pytest.mark.parametrize(("name", "values"), STEPS.items(), ids=STEPS)
def test_another_shot_has_a_baseline_of_its_own(name: str, values: dict[str, Any]) -> None:
    assert named(filmed(cut=False, **values), name)
    assert not named(filmed(cut=True, **values), name)


@pytest.mark.parametrize(
    ("name", "angle", "cycles"), [("nod", "head_pitch_deg", 1), ("shake", "head_yaw_deg", 1.5)]
)
def test_no_gesture_goes_across_a_cut(name: str, angle: str, cycles: float) -> None:
    half = swings(T, CUT_S - cycles / 2 / 1.5, cycles, 1.5, 16.0)
    assert named(filmed(cut=False, **{angle: half}), name)
    assert not named(filmed(cut=True, **{angle: half}), name)


def test_a_swing_of_the_gaze_at_a_cut_is_no_glance() -> None:
    glance = np.where((T >= CUT_S - 0.3) & (T < CUT_S + 0.3), 25.0, 0.0)
    assert named(filmed(cut=False, gaze_yaw_deg=glance), "gaze_away")
    assert not named(filmed(cut=True, gaze_yaw_deg=glance), "gaze_away")


def test_the_first_shot_keeps_its_own_baseline() -> None:
    (cue,) = named(filmed(cut=True, head_scale=np.where(T >= 5.0, 0.33, 0.25)), "lean_in")
    assert near(cue.span, 5.0, CUT_S, within_s=0.2)


def test_what_happens_after_a_cut_is_found() -> None:
    (cue,) = named(filmed(cut=True, head_pitch_deg=swings(T, 11.0, 3, 2.0, 12.0)), "nod")
    assert near(cue.span, 11.0, 12.5)


def test_a_cut_is_no_absence_of_the_face() -> None:
    assert not named(filmed(cut=True), "face_absent")


def test_a_face_is_little_known_after_a_cut() -> None:
    nods = swings(T, 14.0, 3, 2.0, 12.0)
    tilt = np.where(T >= 14.0, 14.0, 0.0)
    known, new = (
        named(filmed(cut=cut, head_roll_deg=tilt, head_pitch_deg=nods), "tilt") for cut in (False, True)
    )
    assert new[0].certainty < known[0].certainty


@pytest.mark.parametrize("window_s", [3.0, 5.0, 7.9, 8.03])
def test_windows_do_not_change_what_is_found(window_s: float) -> None:
    values = STEPS["tilt"] | {"head_pitch_deg": swings(T, 11.0, 3, 2.0, 12.0)}
    rows = rows_of(filmed(cut=True, **values))
    state, found = CueState(), set[str]()
    for start_s in np.arange(0, 16.0, window_s).tolist():
        state, observed = observe(state, rows.cut(start_s, start_s + window_s), start_s)
        found |= {cue.name for cue in observed.cues}
    assert {"tilt", "gaze_away"}.isdisjoint(found)
    assert "nod" in found
