"""Eyes are fitted where they change; where they do not, they do what they did before."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from backchannel.arrays import FloatArray, ImageArray
from backchannel.perception.eyes import (
    MAX_CHANGE,
    MAX_UNSEEN_S,
    EyePair,
    cut_eyes,
    fit_eyes,
    look_alike,
)
from backchannel.perception.face import Following, Sighting, follow, measure_face
from backchannel.perception.geometry import rotation_of_angles
from backchannel.perception.mesh import Mesh
from backchannel.perception.networks import EYES_AT_ONCE, Networks
from backchannel.perception.picture import Seeing, see
from synthesis import Blink, Glance, Look, Performance, Shot, View, frames_of, truth_of

RATE_HZ = 15.0
Timed = list[tuple[float, ImageArray]]


def timed(images: Iterable[ImageArray], rate_hz: float = RATE_HZ) -> Timed:
    return [(number / rate_hz, image) for number, image in enumerate(images)]


def sighted(networks: Networks, frames: Timed) -> list[Sighting]:
    following, found = Following(), []
    for time_s, image in frames:
        following, sightings = follow(following, networks, image, time_s)
        (sighting,) = sightings.values()
        found.append(sighting)
    return found


def fitted(sightings: Sequence[Sighting]) -> list[bool]:
    return [sighting.eyes is not None for sighting in sightings]


def mesh_of(networks: Networks, image: ImageArray) -> Mesh:
    (sighting,) = sighted(networks, [(0.0, image)])
    return sighting.mesh


@pytest.fixture(scope="module")
def performance() -> Timed:
    """Two rendered seconds, the head still: a blink in the first, a glance aside in the second."""
    gestures = (Blink(0.4, 0.25), Glance(1.2, 0.6, yaw_deg=20.0, head_share=0.0))
    shot = Shot(Performance(2.0, gestures, sway=None), View(640, 480, 110.0), RATE_HZ, Look(noise=2.0))
    return timed(frames_of(shot, truth_of(shot.performance, shot.frame_rate_hz)))


@pytest.fixture(scope="module")
def eyes_of_the_portrait(networks: Networks, portrait: ImageArray) -> EyePair:
    return cut_eyes(portrait, mesh_of(networks, portrait).points_px)


# --- when they are fitted --------------------------------------------------------------------------------


def look() -> FloatArray:
    return np.random.default_rng(0).normal(0, 1, (2, 8, 12)).astype(np.float32)


def test_a_change_counts_beyond_its_threshold() -> None:
    assert look_alike(look(), look())
    assert look_alike(look(), look() + 0.9 * MAX_CHANGE)
    assert not look_alike(look(), look() + 1.1 * MAX_CHANGE)


@pytest.mark.parametrize("side", [0, 1])
def test_one_eye_that_winks_is_a_change(side: int) -> None:
    winked = look()
    winked[side] += 1.1 * MAX_CHANGE
    assert not look_alike(look(), winked)


def test_eyes_that_do_not_change_are_fitted_a_few_times_a_second(
    networks: Networks, portrait: ImageArray
) -> None:
    frames = timed([portrait] * 20)
    rows = np.flatnonzero(fitted(sighted(networks, frames)))
    assert rows[0] == 0
    assert np.diff(rows).max() / RATE_HZ < MAX_UNSEEN_S + 1 / RATE_HZ
    assert len(rows) <= 5


def test_a_face_that_is_new_is_fitted_at_once(networks: Networks, portrait: ImageArray) -> None:
    elsewhere = np.roll(portrait, 180, axis=1)
    assert fitted(sighted(networks, timed([portrait, portrait, portrait, elsewhere])))[2:] == [False, True]


@pytest.mark.parametrize("factor", [0.4, 0.8, 1.1])
def test_light_that_changes_is_no_change_of_the_eyes(
    networks: Networks, portrait: ImageArray, eyes_of_the_portrait: EyePair, factor: float
) -> None:
    lit = np.asarray(np.clip(portrait * factor, 0, 255), np.uint8)
    pair = cut_eyes(lit, mesh_of(networks, portrait).points_px)
    assert look_alike(pair.look, eyes_of_the_portrait.look)


def test_blinks_and_glances_are_told_as_if_each_frame_had_been_fitted(
    networks: Networks, performance: Timed
) -> None:
    sightings = sighted(networks, performance)
    assert 0.1 < np.mean(fitted(sightings)) < 0.6
    every = [
        replace(seen, eyes=cut_eyes(image, seen.mesh.points_px))
        for seen, (_, image) in zip(sightings, performance, strict=True)
    ]
    some, each = measure_face(networks, sightings), measure_face(networks, every)
    assert each.eye_openness_left.min() < 0.5 * np.median(each.eye_openness_left)
    assert np.ptp(each.gaze.eye_yaw_deg[18:27]) > 8
    assert some.eye_openness_left == pytest.approx(each.eye_openness_left, abs=0.03)
    open_eyes = each.eye_openness_left > 0.6 * np.median(each.eye_openness_left)
    assert np.abs(some.gaze.eye_yaw_deg - each.gaze.eye_yaw_deg)[open_eyes].max() < 6
    assert np.abs(some.gaze.eye_pitch_deg - each.gaze.eye_pitch_deg)[open_eyes].max() < 6


def test_while_the_eyes_stay_the_gaze_turns_with_the_head(networks: Networks, portrait: ImageArray) -> None:
    (first,) = sighted(networks, [(0.0, portrait)])
    pose = replace(first.pose, rotation=rotation_of_angles(0.0, 20.0, 0.0))
    turned = replace(first, pose=pose, eyes=None)
    measure = measure_face(networks, [first, turned])
    assert measure.gaze.eye_yaw_deg[1] == measure.gaze.eye_yaw_deg[0]
    assert measure.gaze.yaw_deg[1] == pytest.approx(20.0 + measure.gaze.eye_yaw_deg[0], abs=1.0)


@pytest.mark.parametrize("cuts", [(3,), (6, 7), (4, 10, 11, 20, 29)])
def test_a_picture_that_is_cut_anywhere_has_the_same_eyes_to_the_last_bit(
    networks: Networks, performance: Timed, cuts: tuple[int, ...]
) -> None:
    (whole,) = see(networks, performance, 0.0, Seeing())[0].faces
    seeing, pieces = Seeing(), []
    for first, last in zip((0, *cuts), (*cuts, len(performance)), strict=True):
        start_s = first / RATE_HZ
        piece = [(time_s - start_s, image) for time_s, image in performance[first:last]]
        tracks, seeing = see(networks, piece, start_s, seeing)
        pieces += [face for face in tracks.faces if face.valid.any()]
    for name in ("eye_openness_left", "eye_openness_right", "gaze_yaw_deg", "eye_pitch_deg"):
        joined = np.concatenate([getattr(face, name) for face in pieces])
        np.testing.assert_array_equal(joined, getattr(whole, name), err_msg=name)


# --- fitting ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frames", [0, 1, EYES_AT_ONCE // 2, EYES_AT_ONCE // 2 + 1, 9])
def test_how_many_are_fitted_at_once_changes_nothing(
    networks: Networks, eyes_of_the_portrait: EyePair, frames: int
) -> None:
    alone = fit_eyes(networks, [eyes_of_the_portrait])
    together = fit_eyes(networks, [eyes_of_the_portrait] * frames)
    np.testing.assert_array_equal(together.iris_px, np.repeat(alone.iris_px, frames, axis=0))
    np.testing.assert_array_equal(together.openness, np.repeat(alone.openness, frames, axis=0))


def test_irises_lie_between_the_corners_of_their_own_eyes(networks: Networks, portrait: ImageArray) -> None:
    points_px = mesh_of(networks, portrait).points_px
    eyes = fit_eyes(networks, [cut_eyes(portrait, points_px)])
    for side, (outer, inner) in enumerate(((33, 133), (263, 362))):
        low, high = sorted((points_px[outer, 0], points_px[inner, 0]))
        assert low < eyes.iris_px[0, side, 0] < high
