"""Cutting a region out of a picture, and bringing points back to where they came from."""

import math

import numpy as np
import pytest

from backchannel.arrays import ImageArray
from backchannel.perception.detection import Detection
from backchannel.perception.geometry import canonical_face
from backchannel.perception.mesh import Region, cut, fit_mesh, region_of_detection, region_of_mesh
from backchannel.perception.networks import Networks


def found(right_eye: tuple[float, float], left_eye: tuple[float, float]) -> Detection:
    return Detection(100.0, 50.0, 80.0, 60.0, right_eye, left_eye, 0.9)


def test_a_region_stands_around_the_detected_box_and_is_larger() -> None:
    region = region_of_detection(found((120, 70), (160, 70)))
    assert (region.centre_x_px, region.centre_y_px) == (140.0, 80.0)
    assert 80 < region.side_px < 200
    assert region.angle_rad == 0.0


def test_a_region_turns_with_the_eyes() -> None:
    # The subject's left eye lower in the picture: the head leans clockwise as seen.
    assert region_of_detection(found((120, 70), (160, 110))).angle_rad == pytest.approx(math.pi / 4)
    assert region_of_detection(found((120, 110), (160, 70))).angle_rad == pytest.approx(-math.pi / 4)


@pytest.mark.parametrize("angle_deg", [-40.0, 0.0, 25.0])
def test_the_region_of_a_mesh_leans_with_it_and_keeps_its_size(angle_deg: float) -> None:
    x, y, _ = canonical_face().T
    flat = np.stack([10 * x, -10 * y], axis=1)
    cosine, sine = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    turned = flat @ np.array([[cosine, sine], [-sine, cosine]])
    points = np.column_stack([turned + np.array([300, 200]), np.zeros(468)]).astype(np.float32)
    upright = region_of_mesh(np.column_stack([flat + np.array([300, 200]), np.zeros(468)]).astype(np.float32))
    region = region_of_mesh(points)
    assert math.degrees(region.angle_rad) == pytest.approx(angle_deg, abs=0.1)
    assert region.side_px == pytest.approx(upright.side_px, rel=0.01)


def test_the_region_of_a_mirrored_mesh_is_the_mirrored_region() -> None:
    face = canonical_face()
    twin = np.argmin(np.linalg.norm(face[:, None] - face * (-1, 1, 1), axis=2), axis=0)
    points = (face * (10, -10, -10) + (300, 200, 0)).astype(np.float32)
    points += np.random.default_rng(3).normal(0, 1.0, points.shape).astype(np.float32)
    region = region_of_mesh(points)
    other = region_of_mesh((points[twin] * (-1, 1, 1) + (640, 0, 0)).astype(np.float32))
    assert (640 - other.centre_x_px, other.centre_y_px, other.side_px, -other.angle_rad) == pytest.approx(
        (region.centre_x_px, region.centre_y_px, region.side_px, region.angle_rad), abs=1e-3
    )


def test_a_cut_is_black_outside_the_picture(portrait: ImageArray) -> None:
    outside = cut(portrait, Region(-300.0, -300.0, 100.0, 0.0), 64)
    assert outside.shape == (64, 64, 3)
    assert not outside.any()


def test_a_turned_region_cuts_an_upright_face(portrait: ImageArray) -> None:
    upright = cut(portrait, Region(225.0, 123.0, 150.0, 0.0), 96)
    quarter = np.ascontiguousarray(np.rot90(portrait, -1))  # clockwise
    turned = cut(quarter, Region(511.0 - 123.0, 225.0, 150.0, math.pi / 2), 96)
    assert np.abs(turned.astype(int) - upright.astype(int)).mean() < 3.0


@pytest.mark.parametrize("angle_rad", [0.0, 0.3])
@pytest.mark.parametrize("side_px", [64.0, 101.0, 37.0])
def test_the_cut_of_a_mirrored_picture_is_the_mirrored_cut(
    portrait: ImageArray, side_px: float, angle_rad: float
) -> None:
    # Half a pixel of offset here is a degree of gaze, always to the same side.
    mirrored = np.ascontiguousarray(portrait[:, ::-1])
    one = cut(portrait, Region(215.0, 110.0, side_px, angle_rad), 64)
    other = cut(mirrored, Region(511.0 - 215.0, 110.0, side_px, -angle_rad), 64)
    assert np.abs(one.astype(int) - other[:, ::-1].astype(int)).mean() < 1.0


def test_the_mesh_lies_on_the_face_whichever_way_it_was_cut(networks: Networks, portrait: ImageArray) -> None:
    straight = fit_mesh(networks, portrait, Region(225.0, 123.0, 160.0, 0.1))
    askew = fit_mesh(networks, portrait, Region(230.0, 120.0, 175.0, 0.25))
    assert straight.points_px.shape == (468, 3)
    assert straight.score > 0.9
    assert np.median(np.linalg.norm((straight.points_px - askew.points_px)[:, :2], axis=1)) < 2.5


def test_the_nose_is_nearer_to_the_camera_than_the_ears(networks: Networks, portrait: ImageArray) -> None:
    points = fit_mesh(networks, portrait, Region(225.0, 123.0, 160.0, 0.1)).points_px
    assert points[1, 2] < min(points[234, 2], points[454, 2]) - 10


def test_a_wall_has_a_low_score(networks: Networks, portrait: ImageArray) -> None:
    assert fit_mesh(networks, np.full_like(portrait, 128), Region(225.0, 123.0, 160.0, 0.0)).score < 0.5
