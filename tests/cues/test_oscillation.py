"""Nods and shakes: what must be found, with its count, size, rate and time, and what must not."""

from typing import Any

import numpy as np
import pytest

from backchannel.arrays import FloatArray, TimeArray
from backchannel.tracks import Tracks
from backchannel.values import Cue
from tests.cues.build import (
    both,
    clock,
    cues_in,
    during,
    heard,
    jitter,
    measure,
    mirrored,
    named,
    near,
    only,
    seen,
    swings,
)

SECONDS = 8.0
T = clock(SECONDS)
START_S = 3.0


def pitched(pitch_deg: FloatArray, **others: Any) -> Tracks:
    return seen(SECONDS, head_pitch_deg=pitch_deg, **others)


def nods_and_shakes(tracks: Tracks) -> list[Cue]:
    return [cue for cue in cues_in(tracks) if cue.name in ("nod", "shake")]


# --- must be found ----------------------------------------------------------------------------------

NODS = [
    # cycles, rate Hz, peak to peak deg
    (3, 1.0, 9.0),
    (3, 2.0, 9.0),
    (3, 3.0, 12.0),
    (3, 2.0, 5.0),
    (2, 1.5, 20.0),
    (5, 2.0, 8.0),
    (1, 1.5, 10.0),
    (1, 2.0, 16.0),
]


@pytest.mark.parametrize(("cycles", "rate_hz", "size_deg"), NODS)
def test_a_listeners_nod_is_found_and_measured(cycles: int, rate_hz: float, size_deg: float) -> None:
    cue = only(pitched(swings(T, START_S, cycles, rate_hz, size_deg)), "nod")
    assert measure(cue, "count") == cycles
    # The ends are rounder than the middle: a swing is seen a little later, ended a little earlier.
    assert near(cue.span, START_S, START_S + cycles / rate_hz, 0.15)
    assert cue.value == pytest.approx(size_deg, rel=0.3)
    assert measure(cue, "rate") == pytest.approx(rate_hz, rel=0.3)
    assert (cue.unit, cue.modality) == ("deg", "visual")


def test_a_small_swing_before_a_whole_one_is_not_the_end() -> None:
    pitch = swings(T, START_S, 4, 1.5, 9.0)
    # The head comes to rest higher than it left: the last way down is short, the last way up is whole.
    higher = np.interp(T, [START_S + 2.0, START_S + 2.33], [0.0, 2.8])
    cue = only(pitched((pitch + higher).astype(np.float32)), "nod")
    assert measure(cue, "count") == 4


@pytest.mark.parametrize("seed", range(6))
def test_a_nod_is_found_in_half_a_degree_of_jitter(seed: int) -> None:
    noise = jitter(T.size, 0.5, seed)
    cue = only(pitched(swings(T, START_S, 3, 2.0, 10.0) + noise), "nod")
    assert measure(cue, "count") == 3
    assert near(cue.span, START_S, START_S + 1.5, 0.35)


@pytest.mark.parametrize("drift_deg_per_s", [-2.0, 2.0])
def test_a_nod_is_found_on_a_drifting_head(drift_deg_per_s: float) -> None:
    cue = only(pitched(swings(T, START_S, 3, 2.0, 10.0) + drift_deg_per_s * T), "nod")
    assert measure(cue, "count") == 3
    assert near(cue.span, START_S, START_S + 1.5, 0.35)


@pytest.mark.parametrize("rest_deg", [-20.0, 15.0])
def test_a_nod_is_found_wherever_the_head_rests(rest_deg: float) -> None:
    assert measure(only(pitched(rest_deg + swings(T, START_S, 2, 2.0, 8.0)), "nod"), "count") == 2


@pytest.mark.parametrize("rate_hz", [15.0, 24.0, 30.0])
def test_a_nod_is_the_same_at_any_frame_rate(rate_hz: float) -> None:
    time_s = clock(SECONDS, rate_hz)
    cue = only(seen(SECONDS, rate_hz, head_pitch_deg=swings(time_s, START_S, 3, 2.0, 10.0)), "nod")
    assert measure(cue, "count") == 3
    assert near(cue.span, START_S, START_S + 1.5)


@pytest.mark.parametrize("seconds", [7.9, 20.0])
def test_a_nod_between_still_ends_is_told_once(seconds: float) -> None:
    time_s = clock(seconds)
    assert len(named(seen(seconds, head_pitch_deg=swings(time_s, START_S, 3, 2.0, 9.0)), "nod")) == 1


def test_two_nods_with_a_rest_between_are_two() -> None:
    pitch = swings(T, 1.5, 2, 2.0, 9.0) + swings(T, 4.5, 3, 2.0, 9.0)
    assert [measure(cue, "count") for cue in named(pitched(pitch), "nod")] == [2, 3]


@pytest.mark.parametrize(("cycles", "rate_hz", "size_deg"), [(2, 1.6, 14.0), (3, 2.0, 8.0), (3, 1.0, 25.0)])
def test_a_listeners_shake_is_found_and_measured(cycles: int, rate_hz: float, size_deg: float) -> None:
    cue = only(seen(SECONDS, head_yaw_deg=swings(T, START_S, cycles, rate_hz, size_deg)), "shake")
    assert measure(cue, "count") == cycles
    assert near(cue.span, START_S, START_S + cycles / rate_hz, 0.2)
    assert cue.value == pytest.approx(size_deg, rel=0.3)


def about_rest(
    time_s: TimeArray, start_s: float, cycles: float, rate_hz: float, size_deg: float
) -> FloatArray:
    """To one side and the other of rest: the first and the last way are half a swing."""
    phase = np.clip((time_s - start_s) * rate_hz, 0, cycles)
    window = np.sin(np.pi / 2 * np.clip(np.minimum(phase, cycles - phase) / 0.25, 0, 1)) ** 2
    return np.asarray(-size_deg / 2 * window * np.sin(2 * np.pi * phase))


@pytest.mark.parametrize(("cycles", "rate_hz"), [(2, 1.0), (2, 2.5), (3, 1.5), (5, 2.5)])
def test_swings_about_rest_are_counted_and_timed_from_rest_to_rest(cycles: int, rate_hz: float) -> None:
    swinging = about_rest(T, START_S, cycles, rate_hz, 12.0)
    nod, shake = only(pitched(swinging), "nod"), only(seen(SECONDS, head_yaw_deg=swinging), "shake")
    for cue in (nod, shake):
        assert measure(cue, "count") == cycles
        assert near(cue.span, START_S, START_S + cycles / rate_hz, 0.15)
        assert cue.value == pytest.approx(12.0, rel=0.15)


@pytest.mark.parametrize("drift_deg", [-2.0, 2.0])
def test_a_head_that_drifts_before_it_nods_has_not_begun_to_nod(drift_deg: float) -> None:
    drift = drift_deg * np.clip((T - START_S + 0.8) / 0.8, 0, 1)
    cue = only(pitched(about_rest(T, START_S, 2, 1.0, 12.0) + drift), "nod")
    assert measure(cue, "count") == 2
    assert near(cue.span, START_S, START_S + 2.0, 0.2)


def test_a_nod_that_dies_away_is_counted_to_its_end() -> None:
    fading = swings(T, START_S, 4, 2.0, 12.0) * (1 - 0.4 * np.clip((T - START_S) / 2.0, 0, 1))
    cue = only(pitched(fading), "nod")
    assert measure(cue, "count") == 4
    assert near(cue.span, START_S, START_S + 2.0, 0.15)


def test_two_regular_cycles_while_speaking_are_a_nod() -> None:
    talk = heard(SECONDS, [(0.5, 7.5)])
    assert named(both(pitched(swings(T, START_S, 3, 2.0, 10.0)), talk), "nod")


def test_a_nod_while_speaking_is_less_certain() -> None:
    nod, talk = pitched(swings(T, START_S, 3, 2.0, 10.0)), heard(SECONDS, [(0.5, 7.5)])
    assert only(both(nod, talk), "nod").certainty < only(nod, "nod").certainty


def test_a_larger_and_longer_nod_is_more_certain() -> None:
    small, large = (only(pitched(swings(T, START_S, n, 2.0, d)), "nod") for n, d in ((1, 6.0), (3, 10.0)))
    assert small.certainty < large.certainty <= 1.0


def test_a_mirror_does_not_change_a_nod_or_a_shake() -> None:
    tracks = pitched(swings(T, 1.5, 2, 2.0, 9.0), head_yaw_deg=swings(T, 4.5, 2, 1.6, 14.0))
    before, after = nods_and_shakes(tracks), nods_and_shakes(mirrored(tracks))
    assert [cue.name for cue in before] == ["nod", "shake"]
    assert before == after


# --- must not be found ------------------------------------------------------------------------------


def random_walk(time_s: TimeArray, step_deg: float, seed: int) -> FloatArray:
    return np.cumsum(np.random.default_rng(seed).normal(0, step_deg, time_s.size))


NO_NODS = {
    "a still head": pitched(np.zeros(T.size)),
    "a slow look down and up": pitched(-15 * during(T, 2.0, 5.0, ramp_s=0.8)),
    "one look down": pitched(-15 * during(T, 3.0, 99.0, ramp_s=0.4)),
    "one look up": pitched(15 * during(T, 3.0, 99.0, ramp_s=0.4)),
    "a slow sway": pitched(6 * np.sin(2 * np.pi * 0.2 * T)),
    "a trembling of one degree": pitched(0.5 * np.sin(2 * np.pi * 5.0 * T)),
    "a head that is drawn up once": pitched(-swings(T, START_S, 1, 1.5, 10.0)),
    "one jerk, quicker than a nod": pitched(swings(T, START_S, 1, 3.5, 12.0)),
    "blinks that tilt the fitted face": pitched(
        swings(T, 3.0, 1, 3.0, 5.0) + swings(T, 3.5, 1, 3.0, 5.0),
        **dict.fromkeys(
            ("eye_openness_left", "eye_openness_right"),
            0.3 - 0.28 * np.maximum(during(T, 3.06, 3.28), during(T, 3.56, 3.78)),
        ),
    ),
    "steps": pitched(np.where(T > 2, 8.0, 0.0) + np.where(T > 5, 8.0, 0.0)),
    "a turn to one side": seen(SECONDS, head_yaw_deg=25 * during(T, 3.0, 99.0, ramp_s=0.4)),
    "a slow look to a side and back": seen(SECONDS, head_yaw_deg=25 * during(T, 2.0, 5.0, ramp_s=0.6)),
    "rolling from side to side": seen(SECONDS, head_roll_deg=swings(T, START_S, 3, 1.5, 15.0)),
    "regular swings that go on as a trembling": pitched(
        np.interp(T, [2.0, 2.5, 3.0, 3.5, 4.0, 4.13, 4.26, 4.39, 4.52], [0, -9, 0, -9, 0, -9, 0, -9, 0])
    ),
    "both axes alike": pitched(
        swings(T, START_S, 3, 1.5, 10.0), head_yaw_deg=swings(T, START_S, 3, 1.5, 10.0)
    ),
    "one emphasis while speaking": both(
        pitched(swings(T, START_S, 1, 1.5, 10.0)), heard(SECONDS, [(0.5, 7.5)])
    ),
}


@pytest.mark.parametrize("tracks", NO_NODS.values(), ids=NO_NODS.keys())
def test_no_nod_and_no_shake_is_seen_in(tracks: Tracks) -> None:
    assert nods_and_shakes(tracks) == []


def test_regular_swings_beside_a_larger_movement_of_the_head_are_still_counted() -> None:
    away = -25 * during(T, START_S + 2.1, 99.0, ramp_s=0.4)
    cue = only(pitched(swings(T, START_S, 3, 1.5, 8.0) + away), "nod")
    assert measure(cue, "count") == 3


def test_what_is_mostly_a_shake_is_no_nod() -> None:
    tracks = pitched(swings(T, START_S, 3, 1.6, 5.0), head_yaw_deg=swings(T, START_S, 3, 1.6, 16.0))
    assert [cue.name for cue in nods_and_shakes(tracks)] == ["shake"]


def test_what_is_mostly_a_nod_is_no_shake() -> None:
    tracks = pitched(swings(T, START_S, 3, 2.0, 14.0), head_yaw_deg=swings(T, START_S, 3, 2.0, 6.5))
    assert [cue.name for cue in nods_and_shakes(tracks)] == ["nod"]


def test_one_turn_there_and_back_is_no_shake() -> None:
    assert nods_and_shakes(seen(SECONDS, head_yaw_deg=swings(T, START_S, 1, 1.5, 15.0))) == []


@pytest.mark.parametrize("seed", range(8))
def test_a_wandering_head_does_not_nod_often(seed: int) -> None:
    minute_s = clock(60.0)
    walk = seen(60.0, head_pitch_deg=random_walk(minute_s, 0.6, seed))
    assert len(named(walk, "nod")) <= 1


@pytest.mark.parametrize("seed", range(4))
def test_a_noisy_mesh_does_not_nod(seed: int) -> None:
    minute_s = clock(60.0)
    assert nods_and_shakes(seen(60.0, head_pitch_deg=jitter(minute_s.size, 1.0, seed))) == []


def test_a_gap_in_the_face_is_no_movement() -> None:
    # The head was elsewhere when it came back; nobody saw it go there.
    pitch = np.where(T < 3, 0.0, -9.0) + np.where(T < 4.5, 0.0, 9.0)
    gaps = ((T < 2.5) | (T > 3.2)) & ((T < 4.2) | (T > 4.9))
    assert nods_and_shakes(seen(SECONDS, head_pitch_deg=pitch, valid=gaps)) == []


def test_a_nod_is_not_told_across_a_long_gap() -> None:
    gap = (T < START_S + 0.4) | (T > START_S + 1.1)
    found = nods_and_shakes(seen(SECONDS, head_pitch_deg=swings(T, START_S, 3, 2.0, 10.0), valid=gap))
    assert all(measure(cue, "count") < 3 for cue in found)


def test_a_frozen_picture_does_not_nod() -> None:
    tracks = pitched(swings(T, START_S, 3, 2.0, 10.0))
    assert tracks.picture is not None
    tracks.picture.moving[T > 2.0] = False
    assert nods_and_shakes(tracks) == []
