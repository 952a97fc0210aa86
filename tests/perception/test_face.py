"""Faces that are followed and measured in a real picture: signs, sides, losing and finding again."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import cv2
import numpy as np
import pytest

from backchannel.arrays import ImageArray
from backchannel.perception import face
from backchannel.perception.detection import Detection, detect_faces
from backchannel.perception.face import FaceMeasure, Following, Sighting, follow, measure_face
from backchannel.perception.networks import Networks
from synthesis import Blink, Glance, Look, Performance, Shot, Turn, View, frames_of, truth_of
from synthesis.gestures import Gesture
from synthesis.mesh import find_mesh

CENTRE = (225.0, 123.0)


def seen(networks: Networks, image: ImageArray) -> Sighting:
    """See the only face of a picture."""
    _, found = follow(Following(), networks, image, 0.0)
    (only,) = found.values()
    return only


def measured(networks: Networks, image: ImageArray) -> FaceMeasure:
    """Measure the only face of a picture; every array has one row."""
    return measure_face(networks, [seen(networks, image)])


def turned(portrait: ImageArray, clockwise_deg: float) -> ImageArray:
    # OpenCV's positive angle is counter-clockwise as seen.
    matrix = cv2.getRotationMatrix2D(CENTRE, -clockwise_deg, 1.0)
    return np.asarray(cv2.warpAffine(portrait, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def mirrored(image: ImageArray) -> ImageArray:
    return np.ascontiguousarray(image[:, ::-1])


def performed(gesture: Gesture) -> ImageArray:
    """Render the middle of a gesture."""
    shot = Shot(Performance(1.0, (gesture,), sway=None), View(640, 480, 110.0), 10.0, Look(noise=0))
    truth = truth_of(shot.performance, shot.frame_rate_hz)
    return next(islice(frames_of(shot, truth), 5, None))


@pytest.mark.parametrize("clockwise_deg", [-15.0, 15.0])
def test_a_picture_turned_clockwise_is_a_roll_to_the_subjects_left(
    networks: Networks, portrait: ImageArray, clockwise_deg: float
) -> None:
    before, after = (
        seen(networks, portrait).pose,
        seen(networks, turned(portrait, clockwise_deg)).pose,
    )
    assert after.roll_deg - before.roll_deg == pytest.approx(clockwise_deg, abs=1.5)
    assert after.yaw_deg - before.yaw_deg == pytest.approx(0.0, abs=4.0)
    assert after.pitch_deg - before.pitch_deg == pytest.approx(0.0, abs=4.0)


def test_mirrored_pictures_have_the_opposite_yaw_and_roll(networks: Networks) -> None:
    """Cut and geometry mirror exactly (test_mesh, test_geometry); the network does not.

    Given one crop and the same pixels mirrored, it differs by 1.1° of yaw (RMS over 48 poses; 2.8° at worst),
    0.8° of roll (1.9°) and 0.9° of pitch (2.5°). So one frame proves little; several show whether a side is
    preferred.
    """
    errors_deg = []
    for yaw_deg in (-28.0, -20.0, -14.0, -8.0, 0.0, 8.0, 14.0, 20.0, 28.0):
        image = performed(Turn(0.0, 1.0, yaw_deg=yaw_deg))
        before, after = seen(networks, image).pose, seen(networks, mirrored(image)).pose
        assert before.yaw_deg == pytest.approx(yaw_deg, abs=5.0)
        errors_deg.append(
            (
                after.yaw_deg + before.yaw_deg,
                after.roll_deg + before.roll_deg,
                after.pitch_deg - before.pitch_deg,
            )
        )
    assert np.abs(errors_deg).max() < 4.0
    assert np.sqrt(np.square(errors_deg).mean(axis=0)) == pytest.approx(0.0, abs=2.0)
    assert np.mean(errors_deg, axis=0) == pytest.approx(0.0, abs=1.5)


def test_a_mirrored_picture_has_the_opposite_gaze(networks: Networks) -> None:
    image = performed(Glance(0.0, 1.0, yaw_deg=22.0, head_share=0.5))
    before, after = measured(networks, image).gaze, measured(networks, mirrored(image)).gaze
    assert before.yaw_deg > 12
    assert after.yaw_deg == pytest.approx(-before.yaw_deg, abs=6.0)
    assert after.pitch_deg == pytest.approx(before.pitch_deg, abs=6.0)


@pytest.mark.parametrize(("yaw_deg", "pitch_deg"), [(20.0, 0.0), (-20.0, 0.0), (0.0, 18.0)])
def test_eyes_that_look_aside_are_measured_to_that_side(
    networks: Networks, yaw_deg: float, pitch_deg: float
) -> None:
    rest = measured(networks, performed(Turn(0.0, 1.0))).gaze
    aside = measured(
        networks, performed(Glance(0.0, 1.0, yaw_deg=yaw_deg, pitch_deg=pitch_deg, head_share=0.0))
    ).gaze
    assert aside.eye_yaw_deg - rest.eye_yaw_deg == pytest.approx(yaw_deg, abs=9.0)
    assert aside.eye_pitch_deg - rest.eye_pitch_deg == pytest.approx(pitch_deg, abs=11.0)


def test_eyes_that_look_down_are_measured_down(networks: Networks) -> None:
    # By less than they look: the lids follow and hide half of the iris.
    rest = measured(networks, performed(Turn(0.0, 1.0))).gaze
    down = measured(networks, performed(Glance(0.0, 1.0, pitch_deg=-18.0, head_share=0.3))).gaze
    assert down.pitch_deg < rest.pitch_deg - 3


def test_a_mirrored_picture_swaps_the_eyes(networks: Networks) -> None:
    # The subject's left eye is shut: the right half of a rendered blink, the left half of open eyes.
    image, blink = performed(Turn(0.0, 1.0)), performed(Blink(0.0, 1.0))
    image[:, 320:] = blink[:, 320:]
    before, after = measured(networks, image), measured(networks, mirrored(image))
    assert before.eye_openness_left < 0.6 * before.eye_openness_right
    assert after.eye_openness_left == pytest.approx(before.eye_openness_right, abs=0.04)
    assert after.eye_openness_right == pytest.approx(before.eye_openness_left, abs=0.04)


def test_shut_eyes_have_less_than_half_the_opening_of_open_ones(networks: Networks) -> None:
    wide, shut = measured(networks, performed(Turn(0.0, 1.0))), measured(networks, performed(Blink(0.0, 1.0)))
    for side in ("eye_openness_left", "eye_openness_right"):
        assert getattr(wide, side) > 0.2
        assert getattr(shut, side) < 0.5 * getattr(wide, side)


def test_a_person_who_looks_at_the_camera_is_measured_near_it(
    networks: Networks, portrait: ImageArray
) -> None:
    gaze = measured(networks, portrait).gaze
    assert abs(gaze.yaw_deg) < 8
    assert abs(gaze.pitch_deg) < 8


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.5])
def test_size_does_not_change_what_is_measured(
    networks: Networks, portrait: ImageArray, factor: float
) -> None:
    image = np.asarray(
        cv2.resize(portrait, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
    )
    canvas = np.full((768, 768, 3), 128, np.uint8) if factor > 1 else np.full((480, 480, 3), 128, np.uint8)
    canvas[: image.shape[0], : image.shape[1]] = image
    near, far = seen(networks, portrait).pose, seen(networks, canvas).pose
    assert far.scale_px == pytest.approx(factor * near.scale_px, rel=0.05)
    assert far.roll_deg == pytest.approx(near.roll_deg, abs=1.5)
    before, after = measured(networks, portrait), measured(networks, canvas)
    assert after.box_px[:, 2] == pytest.approx(factor * before.box_px[:, 2], rel=0.08)
    assert after.expression.mouth_width == pytest.approx(before.expression.mouth_width, abs=0.04)
    assert after.expression.lip_corner_height == pytest.approx(before.expression.lip_corner_height, abs=0.03)


def test_brightness_does_not_change_what_is_measured(networks: Networks, portrait: ImageArray) -> None:
    dim = np.asarray(portrait * 0.35, np.uint8)
    assert seen(networks, dim).pose.yaw_deg == pytest.approx(seen(networks, portrait).pose.yaw_deg, abs=2.5)
    before, after = measured(networks, portrait), measured(networks, dim)
    assert after.expression.mouth_width == pytest.approx(before.expression.mouth_width, abs=0.04)


def test_a_real_face_fits_the_rigid_face(networks: Networks, portrait: ImageArray) -> None:
    only = seen(networks, portrait)
    assert only.pose.residual < 0.75 * face.MAX_RESIDUAL
    assert only.mesh.score > 0.9


# --- following ---------------------------------------------------------------------------------------


class CountedDetector:
    """Stands in for the detector and counts how often it is asked."""

    def __init__(self) -> None:
        self.calls = 0
        self.real = detect_faces

    def __call__(self, networks: Networks, image: ImageArray) -> tuple[Detection, ...]:
        self.calls += 1
        return self.real(networks, image)


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> CountedDetector:
    counted = CountedDetector()
    monkeypatch.setattr(face, "detect_faces", counted)
    return counted


def follow_all(
    networks: Networks, images: Sequence[ImageArray], rate_hz: float = 15.0
) -> list[dict[int, Sighting]]:
    following, results = Following(), []
    for number, image in enumerate(images):
        following, found = follow(following, networks, image, number / rate_hz)
        results.append(found)
    return results


def left_px(sighting: Sighting) -> float:
    return float(sighting.mesh.points_px[:, 0].min())


def moved(portrait: ImageArray, right_px: int) -> ImageArray:
    return np.roll(portrait, right_px, axis=1)


def test_a_face_that_moves_is_followed_without_looking_for_it_again(
    networks: Networks, portrait: ImageArray, detector: CountedDetector
) -> None:
    results = follow_all(networks, [moved(portrait, 6 * step) for step in range(10)])
    assert detector.calls == 1
    assert [list(found) for found in results] == [[0]] * 10
    assert left_px(results[-1][0]) - left_px(results[0][0]) == pytest.approx(54, abs=4)


def test_newcomers_are_looked_for_once_a_second(
    networks: Networks, portrait: ImageArray, detector: CountedDetector
) -> None:
    follow_all(networks, [portrait] * 12, rate_hz=5.0)
    assert detector.calls == 3


def test_a_lost_face_is_dropped_at_once_and_found_again(networks: Networks, portrait: ImageArray) -> None:
    empty = np.full_like(portrait, 90)
    results = follow_all(networks, [portrait, portrait, empty, empty, portrait, portrait])
    assert [len(found) for found in results] == [1, 1, 0, 0, 1, 1]


def test_a_face_that_comes_back_elsewhere_is_found_there(networks: Networks, portrait: ImageArray) -> None:
    results = follow_all(networks, [portrait, moved(portrait, 180)])
    (before,), (after,) = (found.values() for found in results)
    assert left_px(after) - left_px(before) == pytest.approx(180, abs=8)


def test_two_people_keep_their_numbers(networks: Networks, portrait: ImageArray) -> None:
    pair = np.concatenate([portrait[:300, 60:390], mirrored(portrait[:300, 60:390])], axis=1)
    results = follow_all(networks, [pair] * 4)
    assert all(sorted(found) == [0, 1] for found in results)
    for found, first in zip(results[1:], results, strict=False):
        for number in (0, 1):
            assert left_px(found[number]) == pytest.approx(left_px(first[number]), abs=3)


def test_no_more_than_three_faces_are_followed(networks: Networks, portrait: ImageArray) -> None:
    crop = portrait[30:250, 100:350]
    crowd = np.concatenate([np.concatenate([crop] * 3, axis=1)] * 2, axis=0)
    (found,) = follow_all(networks, [crowd])
    assert len(found) == 3


def test_nobody_is_measured_in_blots_of_colour(networks: Networks) -> None:
    rng = np.random.default_rng(3)  # the detector sees faces in most of these; the mesh does not
    blots = [
        np.asarray(cv2.resize(rng.integers(0, 256, (12, 16, 3), np.uint8), (640, 480)), np.uint8)
        for _ in range(10)
    ]
    assert follow_all(networks, blots) == [{}] * 10


def test_what_does_not_look_like_a_face_is_not_measured(
    networks: Networks, portrait: ImageArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The detector is made to see a face in the rocket behind her.
    def mistaken(networks: Networks, image: ImageArray) -> tuple[Detection, ...]:
        (real,) = detect_faces(networks, image)
        return (replace(real, left_px=400.0, top_px=330.0),)

    monkeypatch.setattr(face, "detect_faces", mistaken)
    assert follow_all(networks, [portrait]) == [{}]


def test_the_mesh_is_the_one_that_an_independent_call_of_the_network_finds(
    networks: Networks, portrait: ImageArray
) -> None:
    points = find_mesh(portrait, CENTRE, 150.0)
    only = measured(networks, portrait)
    assert only.box_px[0, 0] == pytest.approx(float(points[:, 0].min()), abs=4)
    assert only.box_px[0, 1] == pytest.approx(float(points[:, 1].min()), abs=4)
