"""Where the eyes look, and the lids."""

from typing import Any

import numpy as np
import pytest

from backchannel.arrays import FloatArray
from backchannel.tracks import Tracks
from tests.cues.build import EYES, clock, cues_in, during, measure, mirrored, named, near, only, seen

SECONDS = 12.0
T = clock(SECONDS)


def looking(yaw_deg: FloatArray | float = 0.0, pitch_deg: FloatArray | float = 0.0) -> Tracks:
    return seen(SECONDS, gaze_yaw_deg=yaw_deg, gaze_pitch_deg=pitch_deg)


def eyes(openness: FloatArray | float) -> dict[str, Any]:
    return dict.fromkeys(EYES, openness)


def lids(openness: FloatArray | float, seconds: float = SECONDS) -> Tracks:
    return seen(seconds, **eyes(openness))


def blinks(every_s: float, seconds: float, length_s: float = 0.2) -> Tracks:
    time_s = clock(seconds)
    shut = (time_s % every_s) < length_s
    return lids(np.where(shut & (time_s > 0.5), 0.08, 0.3), seconds)


@pytest.mark.parametrize(
    ("yaw_deg", "pitch_deg", "direction"),
    [
        (25, 0, "left"),
        (-25, 0, "right"),
        (0, 25, "up"),
        (0, -25, "down"),
        (24, 12, "left"),
        (-10, -25, "down"),
    ],
)
def test_a_look_away_is_told_with_its_direction_size_and_time(
    yaw_deg: float, pitch_deg: float, direction: str
) -> None:
    away = during(T, 5.0, 6.5)
    cue = only(looking(yaw_deg * away, pitch_deg * away), "gaze_away")
    assert cue.direction == direction
    assert cue.value == pytest.approx(np.hypot(yaw_deg, pitch_deg), abs=3)
    assert near(cue.span, 5.0, 6.5)
    assert measure(cue, "duration") == pytest.approx(1.5, abs=0.2)


@pytest.mark.parametrize(
    ("openness", "pitch_deg", "down"),
    [(0.18, -8.0, True), (0.18, 0.0, False), (0.28, -8.0, False), (0.05, -8.0, False)],
    ids=["lids and head", "lids alone", "head alone", "closed"],
)
def test_lowered_lids_on_a_lowered_head_look_down(openness: float, pitch_deg: float, down: bool) -> None:
    now = during(T, 5.0, 7.0)
    tracks = seen(SECONDS, head_pitch_deg=pitch_deg * now, **eyes(0.3 + (openness - 0.3) * now))
    assert [cue.direction for cue in named(tracks, "gaze_away")] == ["down"] * down


def test_a_mirror_swaps_left_and_right_and_keeps_up_and_down() -> None:
    sideways = looking(25 * during(T, 5.0, 6.5))
    assert only(mirrored(sideways), "gaze_away").direction == "right"
    upward = looking(0.0, 25 * during(T, 5.0, 6.5))
    assert only(mirrored(upward), "gaze_away").direction == "up"


@pytest.mark.parametrize(
    "yaw_deg", [8 * during(T, 5.0, 6.5), 30 * during(T, 5.0, 5.2, ramp_s=0.05)], ids=["small", "short"]
)
def test_a_small_or_short_look_aside_is_not_away(yaw_deg: FloatArray) -> None:
    tracks = looking(yaw_deg)
    assert named(tracks, "gaze_away") == []
    facing = only(tracks, "facing")
    assert near(facing.span, 0.0, SECONDS, 0.3)


def test_who_looks_at_the_camera_faces_it_all_the_time() -> None:
    cue = only(looking(), "facing")
    assert near(cue.span, 0.0, SECONDS, 0.1)
    assert cue.value == pytest.approx(100.0)


def test_a_look_away_interrupts_facing() -> None:
    before, after = named(looking(30 * during(T, 4.0, 8.0)), "facing")
    assert before.span.end_s < 4.8
    assert after.span.start_s > 7.2


def test_where_a_person_looks_all_along_becomes_the_usual() -> None:
    minute_s = clock(60.0)
    tracks = seen(60.0, gaze_yaw_deg=np.where(minute_s < 40, 20.0, -5.0))
    away = named(tracks, "gaze_away")
    assert any(cue.span.start_s > 39 and cue.direction == "right" for cue in away)


def test_nobody_faces_or_looks_away_without_a_face() -> None:
    names = {cue.name for cue in cues_in(seen(SECONDS, valid=False))}
    assert not names & {"facing", "gaze_away", "eyes_closed"}


def test_a_blink_is_no_look_away_even_when_the_iris_is_lost() -> None:
    shut = (T % 2.0 < 0.2) & (T > 1)
    tracks = seen(SECONDS, gaze_pitch_deg=np.where(shut, -30.0, 0.0), **eyes(np.where(shut, 0.05, 0.3)))
    assert named(tracks, "gaze_away") == []
    assert near(only(tracks, "facing").span, 0.0, SECONDS, 0.3)


# --- lids -------------------------------------------------------------------------------------------


def test_eyes_that_stay_shut_are_closed() -> None:
    cue = only(lids(np.where((T >= 5) & (T < 7), 0.05, 0.3)), "eyes_closed")
    assert near(cue.span, 5.0, 7.0)
    assert cue.value == pytest.approx(2.0, abs=0.15)


def test_a_blink_is_not_closed_eyes() -> None:
    assert named(blinks(3.0, SECONDS), "eyes_closed") == []


def test_narrow_eyes_are_not_closed_and_closed_eyes_are_not_narrow() -> None:
    narrow = lids(np.where((T >= 5) & (T < 7), 0.2, 0.3))
    assert named(narrow, "eyes_narrowed")
    assert named(narrow, "eyes_closed") == []
    assert named(lids(np.where((T >= 5) & (T < 7), 0.05, 0.3)), "eyes_narrowed") == []


# Lids at 0.15 from the first moment are shut lids: open ones of twelve people measured 0.28 to 0.39.
@pytest.mark.parametrize("usual", [0.2, 0.45])
def test_eyes_that_are_small_by_nature_are_not_closed(usual: float) -> None:
    names = {cue.name for cue in cues_in(lids(usual))}
    assert not names & {"eyes_closed", "eyes_narrowed", "blink_rate_high"}


def test_many_blinks_a_minute_are_told_with_their_number() -> None:
    cue = named(blinks(1.0, 24.0), "blink_rate_high")[-1]
    assert cue.value == pytest.approx(60, abs=6)
    assert measure(cue, "blinks") == pytest.approx(10, abs=1)
    assert cue.span.duration_s == pytest.approx(10.0)


def test_few_blinks_are_not_many() -> None:
    assert named(blinks(3.0, 24.0), "blink_rate_high") == []


def test_closed_eyes_are_not_many_blinks() -> None:
    time_s = clock(24.0)
    assert named(lids(np.where(time_s % 2 < 1, 0.05, 0.3), 24.0), "blink_rate_high") == []


def test_blinks_are_not_counted_over_time_without_a_face() -> None:
    time_s = clock(24.0)
    tracks = seen(
        24.0,
        valid=(time_s < 3) | (time_s > 20),
        **eyes(np.where(time_s % 1.0 < 0.2, 0.08, 0.3)),
    )
    assert named(tracks, "blink_rate_high") == []
