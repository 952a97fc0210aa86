"""Movements beside the gestures: they go as far as they say, within their time, and only where they say."""

import numpy as np
import pytest

from backchannel.arrays import FloatArray
from synthesis import Held, Nod, Performance, Rhythm, Say, Strokes, Truth, Wander, truth_of, voice_of
from synthesis.movements import Movement

RATE_HZ = 100.0
SIZES = (("head_pitch_deg", -6.0), ("picture_y", 0.03))

MOVEMENTS: dict[str, Movement] = {
    "held": Held("pan", 2.0, 3.0, SIZES),
    "a rhythm": Rhythm("steps", 2.0, 3.0, 2.0, SIZES, unsteady=0.0),
    "strokes": Strokes("beats", (2.3, 4.7), (1.0, 1.0), SIZES, stroke_s=0.6),
    "wander": Wander("hand", 2.0, 3.0, SIZES, seed=3),
}


def played(*movements: Movement, seconds: float = 7.0) -> Truth:
    return truth_of(Performance(seconds, movements, sway=None), RATE_HZ)


def reversals(track: FloatArray) -> int:
    steps = np.sign(np.diff(track))
    steps = steps[steps != 0]
    return int(np.sum(steps[1:] != steps[:-1]))


@pytest.mark.parametrize("movement", MOVEMENTS.values(), ids=MOVEMENTS.keys())
def test_a_movement_stays_within_its_span_and_its_columns(movement: Movement) -> None:
    truth = played(movement)
    outside = (truth.time_s < 1.99) | (truth.time_s > 5.01)
    for column in ("head_pitch_deg", "picture_y"):
        assert np.abs(getattr(truth, column)[outside]).max() < 1e-6
    assert not np.any(truth.head_yaw_deg)
    assert not np.any(truth.picture_x)
    assert movement.cue().span == movement.span


@pytest.mark.parametrize("name", ["held", "a rhythm", "strokes"])
def test_a_movement_goes_as_far_as_it_says(name: str) -> None:
    truth = played(MOVEMENTS[name])
    assert truth.head_pitch_deg.min() == pytest.approx(-6.0, abs=0.15)
    assert truth.picture_y.max() == pytest.approx(0.03, abs=0.001)


def test_columns_of_a_movement_go_together() -> None:
    truth = played(MOVEMENTS["wander"])
    assert truth.picture_y == pytest.approx(truth.head_pitch_deg * 0.03 / -6.0, abs=1e-6)


def test_a_rhythm_has_its_rate() -> None:
    steady = played(Rhythm("music", 1.0, 5.0, 2.0, (("head_pitch_deg", -8.0),), unsteady=0.0))
    assert reversals(steady.head_pitch_deg) // 2 in (9, 10)


def test_chance_depends_on_the_seed_alone() -> None:
    def pitch(seed: int) -> FloatArray:
        return played(Rhythm("steps", 1.0, 5.0, 2.0, SIZES, seed=seed)).head_pitch_deg

    assert np.array_equal(pitch(1), pitch(1))
    assert not np.array_equal(pitch(1), pitch(2))


def test_movements_and_gestures_add_up() -> None:
    nod, pan = Nod(2.0, 2), Held("pan", 1.0, 5.0, (("head_pitch_deg", 4.0),))
    together = truth_of(Performance(7.0, (nod, pan), sway=None), RATE_HZ).head_pitch_deg
    alone = [truth_of(Performance(7.0, (one,), sway=None), RATE_HZ).head_pitch_deg for one in (nod, pan)]
    assert together == pytest.approx(alone[0] + alone[1], abs=1e-5)


def test_a_voice_opens_the_mouth_only_of_its_owner() -> None:
    say = (Say(0.5, ("Good morning.",)),)
    own, other = (Performance(3.0, speech=say, voice_is_own=is_own, sway=None) for is_own in (True, False))
    assert truth_of(own, RATE_HZ, voice_of(own)).mouth_opening.max() > 0.05
    assert not np.any(truth_of(other, RATE_HZ, voice_of(other)).mouth_opening)


def test_noise_of_the_room_does_not_move_the_mouth() -> None:
    said = Performance(
        3.0, speech=(Say(0.5, ("Good morning.",), level_dbfs=-50.0),), room_dbfs=-40.0, sway=None
    )
    mouth = truth_of(said, RATE_HZ, voice_of(said)).mouth_opening
    assert mouth[: round(0.3 * RATE_HZ)].max() < 0.01
    assert mouth.max() > 0.05
