"""The truth says what the script says: every named angle has its size, its sign and its unit."""

import numpy as np
import pytest

from backchannel.values import Span
from synthesis import (
    Blink,
    BrowFurrow,
    BrowRaise,
    Glance,
    Lean,
    Nod,
    Performance,
    Shake,
    Smile,
    Squint,
    Sway,
    Tilt,
    Truth,
    Turn,
    truth_of,
)
from synthesis.gestures import Gesture

RATE_HZ = 100.0


def played(*gestures: Gesture, seconds: float = 4.0) -> Truth:
    return truth_of(Performance(seconds, gestures, sway=None), RATE_HZ)


def test_time_is_the_frame_number_over_the_frame_rate() -> None:
    time_s = truth_of(Performance(2.0, sway=None), 30.0).time_s
    assert time_s.shape == (60,)
    assert time_s[15] == pytest.approx(0.5)


def test_nothing_scripted_is_nothing_moved() -> None:
    truth = played()
    for name in Truth.__dataclass_fields__:
        if name != "time_s":
            assert not np.any(getattr(truth, name)), name


def test_a_nod_goes_down_from_rest_as_often_and_as_far_as_scripted() -> None:
    pitch = played(Nod(1.0, cycles=3, peak_to_peak_deg=9.0, rate_hz=2.0)).head_pitch_deg
    assert pitch.max() == pytest.approx(0.0, abs=1e-4)
    assert pitch.min() == pytest.approx(-9.0, abs=0.05)
    bottoms = np.flatnonzero((pitch[1:-1] < pitch[:-2]) & (pitch[1:-1] <= pitch[2:]) & (pitch[1:-1] < -5)) + 1
    assert bottoms / RATE_HZ == pytest.approx([1.25, 1.75, 2.25], abs=0.02)
    assert not np.any(pitch[:100])
    assert not np.any(np.abs(pitch[250:]) > 1e-3)


def test_a_nod_turns_the_head_about_no_other_axis_and_keeps_the_gaze() -> None:
    truth = played(Nod(1.0))
    assert not np.any(truth.head_yaw_deg)
    assert not np.any(truth.head_roll_deg)
    assert not np.any(truth.gaze_pitch_deg)
    assert truth.eye_pitch_deg == pytest.approx(-truth.head_pitch_deg, abs=1e-4)


def test_a_shake_swings_in_yaw_to_both_sides_as_far_as_scripted() -> None:
    truth = played(Shake(1.0, cycles=3, peak_to_peak_deg=14.0, rate_hz=2.0))
    assert np.ptp(truth.head_yaw_deg) == pytest.approx(14.0, abs=0.2)
    assert not np.any(truth.head_pitch_deg)


@pytest.mark.parametrize("yaw_deg", [22.0, -22.0])
def test_a_glance_is_shared_by_head_and_eyes(yaw_deg: float) -> None:
    truth = played(Glance(1.0, 1.2, yaw_deg=yaw_deg, head_share=0.25))
    middle = round(1.6 * RATE_HZ)
    assert truth.gaze_yaw_deg[middle] == pytest.approx(yaw_deg)
    assert truth.head_yaw_deg[middle] == pytest.approx(0.25 * yaw_deg)
    assert truth.eye_yaw_deg[middle] == pytest.approx(0.75 * yaw_deg)
    assert not np.any(truth.gaze_yaw_deg[truth.time_s > 2.21])


def test_a_turn_is_not_a_look_away() -> None:
    truth = played(Turn(1.0, 2.0, yaw_deg=15.0))
    middle = round(2.0 * RATE_HZ)
    assert truth.head_yaw_deg[middle] == pytest.approx(15.0)
    assert truth.eye_yaw_deg[middle] == pytest.approx(-15.0)
    assert not np.any(truth.gaze_yaw_deg)


def test_eyes_cannot_turn_further_than_eyes_do() -> None:
    assert played(Turn(1.0, 2.0, yaw_deg=60.0)).eye_yaw_deg.min() == pytest.approx(-32.0)


@pytest.mark.parametrize(
    ("gesture", "track", "value"),
    [
        (Tilt(1.0, 2.0, roll_deg=12.0), "head_roll_deg", 12.0),
        (Tilt(1.0, 2.0, roll_deg=-12.0), "head_roll_deg", -12.0),
        (Turn(1.0, 2.0, pitch_deg=8.0), "head_pitch_deg", 8.0),
        (Smile(1.0, 2.0, amount=0.8), "smile", 0.8),
        (BrowRaise(1.0, 2.0, side="left"), "brow_raise_left", 1.0),
        (BrowFurrow(1.0, 2.0), "brow_furrow", 1.0),
        (Squint(1.0, 2.0, amount=0.4), "eye_closure_right", 0.4),
        (Lean(1.0, 2.0, scale=1.2), "lean", 0.2),
        (Lean(1.0, 2.0, scale=0.9), "lean", -0.1),
        (Blink(1.0, 2.0), "eye_closure_left", 1.0),
    ],
)
def test_held_gestures_reach_their_value_and_return(gesture: Gesture, track: str, value: float) -> None:
    curve = getattr(played(gesture), track)
    assert curve[round(2.0 * RATE_HZ)] == pytest.approx(value, abs=1e-5)
    assert curve[0] == curve[-1] == 0


def test_one_raised_brow_leaves_the_other() -> None:
    assert not np.any(played(BrowRaise(1.0, side="left")).brow_raise_right)


def test_sway_has_the_scripted_size_and_does_not_depend_on_the_frame_rate() -> None:
    performance = Performance(60.0, sway=Sway(drift_deg=0.7, jitter_deg=0.15), seed=3)
    coarse, fine = truth_of(performance, 15.0), truth_of(performance, 30.0)
    assert 0.4 < fine.head_pitch_deg.std() < 1.1
    assert fine.head_yaw_deg[::2] == pytest.approx(coarse.head_yaw_deg, abs=1e-5)


def test_the_seed_alone_decides_the_sway() -> None:
    first, again, other = (truth_of(Performance(5.0, seed=seed), 30.0).head_roll_deg for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_cues_name_span_value_unit_and_side() -> None:
    cue = Glance(1.0, 1.2, yaw_deg=-22.0).cue()
    assert (cue.name, cue.span, cue.value, cue.unit, cue.direction) == (
        "gaze_away",
        Span(1.0, 2.2),
        22.0,
        "deg",
        "right",
    )
    assert Glance(1.0, pitch_deg=-20.0, yaw_deg=3.0).cue().direction == "down"
    assert Nod(2.0, cycles=2, rate_hz=2.0).cue().span == Span(2.0, 3.0)
    assert Blink(0.0, 0.2).cue().name == "blink"
    assert Blink(0.0, 0.9).cue().name == "eyes_closed"
    assert Lean(0.0, scale=0.9).cue().name == "lean_back"
