"""Tilt, lean, movement and absence, against the person's own usual."""

import numpy as np
import pytest

from tests.cues.build import clock, cues_in, during, mirrored, named, near, only, seen, swings

SECONDS = 12.0
T = clock(SECONDS)


@pytest.mark.parametrize(("sign", "side"), [(1.0, "left"), (-1.0, "right")])
def test_a_tilt_is_told_with_its_side_size_and_time(sign: float, side: str) -> None:
    cue = only(seen(SECONDS, head_roll_deg=sign * 15 * during(T, 5.0, 7.0)), "tilt")
    assert cue.direction == side
    assert cue.value == pytest.approx(15, abs=2)
    assert near(cue.span, 5.0, 7.0)


def test_a_small_a_short_and_a_constant_tilt_are_none() -> None:
    for roll_deg in (4 * during(T, 5.0, 7.0), 15 * during(T, 5.0, 5.25, ramp_s=0.05)):
        assert named(seen(SECONDS, head_roll_deg=roll_deg), "tilt") == []
    # Held all along it becomes what is usual; told at first, not for ever.
    minute = seen(60.0, head_roll_deg=11.0)
    assert all(cue.span.end_s < 30.0 for cue in named(minute, "tilt"))


def test_a_tilt_held_from_the_first_moment_is_a_tilt() -> None:
    assert named(seen(4.0, head_roll_deg=20.0), "tilt")


def test_a_mirror_swaps_the_side_of_a_tilt() -> None:
    tracks = seen(SECONDS, head_roll_deg=15 * during(T, 5.0, 7.0))
    assert only(mirrored(tracks), "tilt").direction == "right"
    assert only(mirrored(tracks), "tilt").span == only(tracks, "tilt").span


@pytest.mark.parametrize(
    ("factor", "name", "other"), [(1.2, "lean_in", "lean_out"), (0.8, "lean_out", "lean_in")]
)
def test_a_face_that_grows_leans_in_and_one_that_shrinks_leans_out(
    factor: float, name: str, other: str
) -> None:
    tracks = seen(SECONDS, head_scale=0.25 * (1 + (factor - 1) * during(T, 5.0, 8.0, ramp_s=0.5)))
    cue = only(tracks, name)
    assert cue.value == pytest.approx(20, abs=2)
    assert cue.unit == "%"
    assert near(cue.span, 5.0, 8.0, 0.3)
    assert named(tracks, other) == []


@pytest.mark.parametrize("scale", [0.25 * (1 + 0.03 * np.sin(T)), 0.25 * (1 + 0.3 * during(T, 5.0, 5.4))])
def test_breathing_and_a_short_lurch_are_no_lean(scale: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    names = {cue.name for cue in cues_in(seen(SECONDS, head_scale=scale))}
    assert not names & {"lean_in", "lean_out"}


def test_the_size_of_the_face_in_the_picture_is_no_lean() -> None:
    for scale in (0.08, 0.6):
        names = {cue.name for cue in cues_in(seen(SECONDS, head_scale=scale))}
        assert not names & {"lean_in", "lean_out"}


@pytest.mark.parametrize(("start_s", "end_s"), [(4.0, 6.0), (0.0, 2.0), (9.0, 12.0)])
def test_a_face_that_is_gone_is_absent(start_s: float, end_s: float) -> None:
    cue = only(seen(SECONDS, valid=(start_s > T) | (end_s <= T)), "face_absent")
    assert near(cue.span, start_s, end_s, 0.1)
    assert cue.value == pytest.approx(end_s - start_s, abs=0.15)


def test_a_face_missed_for_a_moment_is_not_absent() -> None:
    assert named(seen(SECONDS, valid=(T < 4.0) | (T > 4.5)), "face_absent") == []


def test_a_face_in_a_picture_that_stands_still_is_not_absent() -> None:
    tracks = seen(SECONDS)
    assert tracks.picture is not None
    tracks.picture.moving[T > 4.0] = False
    assert named(tracks, "face_absent") == []
    assert all(cue.span.end_s < 5.0 for cue in cues_in(tracks))


def test_a_dark_picture_that_stands_still_shows_nobody() -> None:
    tracks = seen(SECONDS, valid=T < 4.0)
    assert tracks.picture is not None
    tracks.picture.moving[T > 4.0] = False
    assert near(only(tracks, "face_absent").span, 4.0, SECONDS, 0.1)


def test_nothing_but_absence_is_seen_of_nobody() -> None:
    assert {cue.name for cue in cues_in(seen(SECONDS, valid=False))} == {"face_absent"}


def test_nothing_of_a_face_is_told_while_it_is_gone() -> None:
    tracks = seen(SECONDS, valid=T < 5.0, head_roll_deg=20 * during(T, 2.0, 12.0))
    for cue in cues_in(tracks):
        if cue.name != "face_absent":
            assert cue.span.end_s < 5.2, cue.name


def test_a_head_in_motion_is_active_and_one_at_rest_is_still() -> None:
    tracks = seen(SECONDS, head_yaw_deg=20 * np.sin(2 * np.pi * 0.6 * T) * during(T, 6.0, 10.0, ramp_s=0.3))
    active = named(tracks, "head_active")
    assert active
    assert all(cue.span.start_s > 5.0 and cue.span.end_s < 11.0 for cue in active)
    still = seen(SECONDS)
    assert named(still, "head_active") == []


def test_somebody_who_moves_all_the_time_is_not_still() -> None:
    assert named(seen(SECONDS, head_yaw_deg=10 * np.sin(2 * np.pi * 0.5 * T)), "head_still") == []


def test_cues_that_lean_on_the_baseline_are_less_certain_at_first() -> None:
    minute_s = clock(30.0)
    early, late = (
        only(seen(30.0, head_roll_deg=16 * during(minute_s, at_s, at_s + 1.5)), "tilt")
        for at_s in (1.5, 22.0)
    )
    assert early.certainty < late.certainty


def test_a_nod_is_no_lean_and_no_tilt() -> None:
    names = {cue.name for cue in cues_in(seen(SECONDS, head_pitch_deg=swings(T, 5.0, 3, 2.0, 10.0)))}
    assert not names & {"lean_in", "lean_out", "tilt"}
