"""Where faces are found, and where none must be."""

import cv2
import numpy as np
import pytest

from backchannel.arrays import ImageArray
from backchannel.perception.detection import Detection, detect_faces, overlap
from backchannel.perception.networks import Networks

FACE_CENTRE_PX, FACE_WIDTH_PX = (225.0, 123.0), 94.0


def on_grey(picture: ImageArray, width_px: int = 640, height_px: int = 480) -> ImageArray:
    """Lay a picture into the upper left of a grey one, 20 px from the edges."""
    canvas = np.full((height_px, width_px, 3), 128, np.uint8)
    rows, columns = min(picture.shape[0], height_px - 20), min(picture.shape[1], width_px - 20)
    canvas[20 : 20 + rows, 20 : 20 + columns] = picture[:rows, :columns]
    return canvas


def scaled(picture: ImageArray, factor: float) -> ImageArray:
    shape = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
    return np.asarray(cv2.resize(picture, shape, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def checkerboard(cell_px: int) -> ImageArray:
    rows, columns = np.indices((480, 640)) // cell_px
    return np.repeat(((rows + columns) % 2 * 255).astype(np.uint8)[..., np.newaxis], 3, axis=2)


def test_a_face_is_found_once_where_it_is(networks: Networks, portrait: ImageArray) -> None:
    (found,) = detect_faces(networks, portrait)
    centre = (found.left_px + found.width_px / 2, found.top_px + found.height_px / 2)
    assert centre == pytest.approx(FACE_CENTRE_PX, abs=12)
    assert found.width_px == pytest.approx(FACE_WIDTH_PX, rel=0.2)
    assert found.score > 0.7


def test_the_subjects_right_eye_is_the_one_on_the_left_of_the_picture(
    networks: Networks, portrait: ImageArray
) -> None:
    (found,) = detect_faces(networks, portrait)
    assert found.right_eye_px[0] < found.left_eye_px[0] - 30
    assert found.right_eye_px[1] == pytest.approx(found.left_eye_px[1], abs=15)


@pytest.mark.parametrize(
    ("face_px", "width_px", "height_px"), [(300, 640, 480), (94, 640, 480), (60, 640, 480), (40, 480, 360)]
)
def test_near_and_far_faces_are_found(
    networks: Networks, portrait: ImageArray, face_px: int, width_px: int, height_px: int
) -> None:
    head = portrait[20:240, 100:360]
    factor = face_px / FACE_WIDTH_PX
    (found,) = detect_faces(networks, on_grey(scaled(head, factor), width_px, height_px))
    centre_px = 20 + (FACE_CENTRE_PX[0] - 100) * factor
    assert found.width_px == pytest.approx(face_px, rel=0.3)
    assert found.left_px + found.width_px / 2 == pytest.approx(centre_px, abs=0.2 * face_px)


def test_the_shape_of_the_picture_does_not_move_the_face(networks: Networks, portrait: ImageArray) -> None:
    for width_px, height_px in ((540, 720), (960, 540)):
        (found,) = detect_faces(networks, on_grey(portrait, width_px, height_px))
        centre = (found.left_px + found.width_px / 2, found.top_px + found.height_px / 2)
        assert centre == pytest.approx((FACE_CENTRE_PX[0] + 20, FACE_CENTRE_PX[1] + 20), abs=12)


def test_two_people_are_two_faces_and_the_larger_comes_first(
    networks: Networks, portrait: ImageArray
) -> None:
    canvas = np.full((480, 900, 3), 128, np.uint8)
    small = scaled(portrait[:260, 60:390], 0.7)
    canvas[60 : 60 + small.shape[0], 40 : 40 + small.shape[1]] = small
    canvas[40:300, 500:830] = portrait[:260, 60:390]
    first, second = detect_faces(networks, canvas)
    assert first.left_px > 500 > second.left_px
    assert first.width_px > second.width_px


@pytest.mark.parametrize("level", [0, 128, 255])
def test_nobody_is_in_an_empty_picture(networks: Networks, level: int) -> None:
    assert detect_faces(networks, np.full((480, 640, 3), level, np.uint8)) == ()


@pytest.mark.parametrize("cell_px", [8, 40])
def test_nobody_is_in_a_checkerboard(networks: Networks, cell_px: int) -> None:
    assert detect_faces(networks, checkerboard(cell_px)) == ()


def test_nobody_is_in_noise(networks: Networks) -> None:
    rng = np.random.default_rng(3)
    for _ in range(5):
        assert detect_faces(networks, rng.integers(0, 256, (480, 640, 3), np.uint8)) == ()


def box(left_px: float, width_px: float) -> Detection:
    return Detection(left_px, 0.0, width_px, 10.0, (0.0, 0.0), (0.0, 0.0), 1.0)


def test_overlap_is_the_shared_area_over_the_covered_area() -> None:
    assert overlap(box(0, 10), box(0, 10)) == pytest.approx(1.0)
    assert overlap(box(0, 10), box(5, 10)) == pytest.approx(1 / 3)
    assert overlap(box(0, 10), box(10, 10)) == 0.0
    assert overlap(box(0, 10), box(20, 10)) == 0.0
