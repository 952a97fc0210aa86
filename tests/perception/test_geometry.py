"""The axis table. Every sign is said here by where landmarks lie in a picture, not by the code under test.

In a picture that is not mirrored, the subject's left is on the right; x goes right, y goes down, and z goes
away from the camera.
"""

import math

import numpy as np
import pytest

from backchannel.perception.face import MAX_RESIDUAL
from backchannel.perception.geometry import (
    Matrix,
    angles_of_rotation,
    canonical_face,
    direction_angles,
    face_coordinates,
    face_width_cm,
    fit_head,
    rotation_of_angles,
)

NOSE_TIP, CHIN, FOREHEAD = 1, 152, 10
RIGHT_EYE, LEFT_EYE = 33, 263


def pictured(pitch_deg: float = 0, yaw_deg: float = 0, roll_deg: float = 0, scale_px: float = 12.0) -> Matrix:
    """(468, 3) px: the canonical face after being moved by hand, one axis after the other."""
    x, y, z = canonical_face().T  # x toward the subject's left, y up, z toward the camera
    roll, pitch, yaw = np.radians([roll_deg, pitch_deg, yaw_deg])
    # Toward the left shoulder: the crown goes to the subject's left.
    x, y = x * np.cos(roll) + y * np.sin(roll), y * np.cos(roll) - x * np.sin(roll)
    # Up: the nose goes up.
    y, z = y * np.cos(pitch) + z * np.sin(pitch), z * np.cos(pitch) - y * np.sin(pitch)
    # To the left: the nose goes to the subject's left.
    x, z = x * np.cos(yaw) + z * np.sin(yaw), z * np.cos(yaw) - x * np.sin(yaw)
    return np.stack([320 + scale_px * x, 240 - scale_px * y, -scale_px * z], axis=1)


def angles(points_px: Matrix) -> tuple[float, float, float]:
    pose = fit_head(points_px)
    return pose.pitch_deg, pose.yaw_deg, pose.roll_deg


def test_a_face_that_points_at_the_camera_has_no_angle() -> None:
    assert angles(pictured()) == pytest.approx((0, 0, 0), abs=1e-6)


def test_a_nose_right_of_the_eyes_in_the_picture_is_a_positive_yaw() -> None:
    points = pictured(yaw_deg=20)
    assert points[NOSE_TIP, 0] > (points[RIGHT_EYE, 0] + points[LEFT_EYE, 0]) / 2 + 10
    assert angles(points) == pytest.approx((0, 20, 0), abs=1e-6)


def test_a_nose_higher_in_the_picture_is_a_positive_pitch() -> None:
    points = pictured(pitch_deg=20)
    assert points[NOSE_TIP, 1] < pictured()[NOSE_TIP, 1] - 10
    assert angles(points) == pytest.approx((20, 0, 0), abs=1e-6)


def test_a_crown_on_the_right_of_the_picture_and_a_lower_left_eye_is_a_positive_roll() -> None:
    points = pictured(roll_deg=20)
    assert points[FOREHEAD, 0] > points[CHIN, 0] + 10
    assert points[LEFT_EYE, 1] > points[RIGHT_EYE, 1] + 10
    assert angles(points) == pytest.approx((0, 0, 20), abs=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("angle_deg", [-60.0, -15.0, -1.0, 1.0, 15.0, 60.0])
def test_each_angle_alone_comes_back_with_its_sign_in_degrees(axis: int, angle_deg: float) -> None:
    wanted = [0.0, 0.0, 0.0]
    wanted[axis] = angle_deg
    assert angles(pictured(*wanted)) == pytest.approx(wanted, abs=1e-6)
    assert angles_of_rotation(rotation_of_angles(*wanted)) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("wanted", [(10, 25, -12), (-35, -40, 30), (60, 5, -80), (5, 85, 1)])
def test_all_angles_together_come_back(wanted: tuple[float, float, float]) -> None:
    assert angles(pictured(*wanted)) == pytest.approx(wanted, abs=1e-6)
    assert angles_of_rotation(rotation_of_angles(*wanted)) == pytest.approx(wanted, abs=1e-6)


def test_rotations_are_rotations_and_not_mirrors() -> None:
    # Picture axes are left-handed seen from the face's: two axes change sign, which is a half turn.
    rotation = rotation_of_angles(12, -33, 7)
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_mirrored_landmarks_have_exactly_the_opposite_yaw_and_roll() -> None:
    face = canonical_face()
    twin = np.argmin(np.linalg.norm(face[:, None] - face * (-1, 1, 1), axis=2), axis=0)
    # A face that is not symmetric, as real ones are not.
    points = pictured(7, -14, 4) + np.random.default_rng(3).normal(0, 1.0, (468, 3))
    mirrored = points[twin] * (-1, 1, 1) + (640, 0, 0)
    pitch_deg, yaw_deg, roll_deg = angles(points)
    assert angles(mirrored) == pytest.approx((pitch_deg, -yaw_deg, -roll_deg), abs=1e-6)


@pytest.mark.parametrize(("scale_px", "shift_px"), [(1.0, (0, 0)), (3.0, (900, -40)), (40.0, (-300, 700))])
def test_size_and_place_do_not_change_the_angles(scale_px: float, shift_px: tuple[float, float]) -> None:
    points = pictured(8, -17, 4, scale_px) + np.array([*shift_px, 0.0])
    pose = fit_head(points)
    assert (pose.pitch_deg, pose.yaw_deg, pose.roll_deg) == pytest.approx((8, -17, 4), abs=1e-6)
    assert pose.scale_px == pytest.approx(scale_px)
    assert pose.centre_px[:2] == pytest.approx((320 + shift_px[0], 240 + shift_px[1]), abs=1e-6)
    assert pose.residual == pytest.approx(0.0, abs=1e-6)


def test_a_talking_mouth_does_not_move_the_head() -> None:
    still, talking = pictured(5, 5, 5), pictured(5, 5, 5)
    jaw = canonical_face()[:, 1] < -4.0
    talking[jaw, 1] += 25.0
    assert angles(talking) == pytest.approx(angles(still), abs=1e-9)


def test_face_coordinates_undo_the_pose() -> None:
    widths = canonical_face() / face_width_cm()
    for points in (
        pictured(),
        pictured(20, -30, 15, 3.0),
        pictured(-10, 40, -25, 30.0) + np.array([50.0, 60.0, 0.0]),
    ):
        assert face_coordinates(points, fit_head(points)) == pytest.approx(widths, abs=1e-9)


def test_the_outer_eye_corners_are_one_face_width_apart() -> None:
    points = pictured(10, 20, 30)
    face = face_coordinates(points, fit_head(points))
    assert math.dist(face[RIGHT_EYE], face[LEFT_EYE]) == pytest.approx(1.0)
    assert face[LEFT_EYE, 0] > 0 > face[RIGHT_EYE, 0]
    assert face[FOREHEAD, 1] > face[CHIN, 1]
    assert face[NOSE_TIP, 2] > face[LEFT_EYE, 2]


def test_points_that_are_no_face_leave_a_large_residual() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        assert fit_head(rng.normal(0, 50, (468, 3))).residual > 5 * MAX_RESIDUAL
    shuffled = pictured()[rng.permutation(468)]
    assert fit_head(shuffled).residual > 5 * MAX_RESIDUAL


def test_small_errors_of_the_landmarks_leave_a_small_residual_and_small_angles() -> None:
    rng = np.random.default_rng(2)
    noisy = pictured(6, -9, 3) + rng.normal(0, 1.0, (468, 3))  # 1 px on a face of 107 px
    assert fit_head(noisy).residual < MAX_RESIDUAL / 3
    assert angles(noisy) == pytest.approx((6, -9, 3), abs=1.0)


@pytest.mark.parametrize(
    ("direction", "yaw_deg", "pitch_deg"),
    [
        ((0, 0, -1), 0, 0),
        ((1, 0, -1), 45, 0),  # to the right of the picture: the subject's left
        ((-1, 0, -1), -45, 0),
        ((0, -1, -1), 0, 45),  # up in the picture
        ((0, 1, -1), 0, -45),
        ((1, 0, 0), 90, 0),
    ],
)
def test_directions_have_the_same_signs_as_heads(
    direction: tuple[float, float, float], yaw_deg: float, pitch_deg: float
) -> None:
    assert direction_angles(np.array(direction, float)) == pytest.approx((yaw_deg, pitch_deg))


def test_the_canonical_face_is_symmetric_and_the_right_way_round() -> None:
    face = canonical_face()
    assert face.shape == (468, 3)
    assert face[RIGHT_EYE] == pytest.approx(face[LEFT_EYE] * (-1, 1, 1))
    assert face_width_cm() == pytest.approx(8.9, abs=0.1)
