"""Folds of the skin on drawn faces, whose folds are known."""

import cv2
import numpy as np
import pytest

from backchannel.arrays import FloatArray, ImageArray
from backchannel.perception.crease import MIN_FACE_PX, Creases, measure_creases
from backchannel.perception.mesh import LEFT_EYE_CORNERS, MESH_SHAPE, RIGHT_EYE_CORNERS

MIDDLE_PX = (150, 150)
"""Of the space between the brows."""
FOREHEAD_PX = (150, 110)
FACE_PX = 120.0


def points(face_px: float = FACE_PX) -> FloatArray:
    """A mesh with nothing but the points that the patches lie between."""
    placed = np.zeros(MESH_SHAPE, np.float32)
    placed[[55, 285, 9, 8], :2] = MIDDLE_PX
    placed[[151, 10], :2] = (150.0, 90.0)
    placed[RIGHT_EYE_CORNERS[0], :2] = (150 - face_px / 2, 165)
    placed[LEFT_EYE_CORNERS[0], :2] = (150 + face_px / 2, 165)
    return placed


def skin(brightness: int = 160, *folds: tuple[tuple[int, int], tuple[int, int]]) -> ImageArray:
    """Plain skin with dark lines on it."""
    image = np.full((300, 300, 3), brightness, np.uint8)
    for start, end in folds:
        cv2.line(image, start, end, (brightness // 2,) * 3, thickness=2)
    return image


UPRIGHT = tuple(((x, 130), (x, 170)) for x in (145, 155))
LEVEL = tuple(((120, y), (180, y)) for y in (104, 110))


def test_plain_skin_has_no_creases() -> None:
    assert measure_creases(skin(), points()) == Creases(0.0, 0.0)


def test_upright_folds_between_the_brows_count_and_level_ones_do_not() -> None:
    across = tuple(((120, y), (180, y)) for y in (145, 155))
    assert measure_creases(skin(160, *UPRIGHT), points()).between_brows > 0.02
    assert measure_creases(skin(160, *across), points()).between_brows < 0.002


def test_level_folds_on_the_forehead_count_and_upright_ones_do_not() -> None:
    upright = tuple(((x, 90), (x, 130)) for x in (145, 155))
    assert measure_creases(skin(160, *LEVEL), points()).forehead > 0.01
    assert measure_creases(skin(160, *upright), points()).forehead < 0.002


@pytest.mark.parametrize("brightness", [80, 240])
def test_light_and_dark_skin_with_the_same_folds_measure_the_same(brightness: int) -> None:
    usual = measure_creases(skin(160, *UPRIGHT), points())
    other = measure_creases(skin(brightness, *UPRIGHT), points())
    assert other.between_brows == pytest.approx(usual.between_brows, rel=0.1)


def test_a_tilted_face_measures_the_same() -> None:
    turn = cv2.getRotationMatrix2D(MIDDLE_PX, 25, 1.0)
    image = np.asarray(cv2.warpAffine(skin(160, *UPRIGHT), turn, (300, 300)), np.uint8)
    tilted = points()
    tilted[:, :2] = tilted[:, :2] @ turn[:, :2].T + turn[:, 2]
    usual = measure_creases(skin(160, *UPRIGHT), points())
    assert measure_creases(image, tilted).between_brows == pytest.approx(usual.between_brows, rel=0.1)


def test_a_small_face_is_not_measured() -> None:
    assert np.isnan(measure_creases(skin(160, *UPRIGHT), points(MIN_FACE_PX - 1))).all()
    assert np.isfinite(measure_creases(skin(160, *UPRIGHT), points(MIN_FACE_PX + 1))).all()
