"""Measure creases of the skin between the brows and on the forehead.

The mesh follows brows that move, but hardly sees the skin fold between them. A fold is a dark line, so the
brightness changes across it. The measure is the mean change across the expected direction of the fold,
relative to the brightness of the skin.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from backchannel.perception.mesh import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS, Region, angle_of_eyes, cut

MIN_FACE_PX: Final = 45.0
"""Between the outer corners of the eyes. In a smaller face, the space between the brows is under 12 px wide
and shows no folds (judgement)."""
_WIDTH_PX: Final = 40
_SOBEL_WEIGHT: Final = 8.0
"""The 3 x 3 Sobel kernel adds up to so many times the difference between two neighbours."""
_DARK: Final = 8.0
"""Added to the brightness, in grey levels, so that noise in a dark picture does not count (judgement)."""


@dataclass(frozen=True, slots=True)
class _Patch:
    """A patch of skin along the line of the eyes.

    Attributes
    ----------
    points
        Mesh points whose mean is its centre.
    width, height
        Distances between the outer corners of the eyes.
    """

    points: tuple[int, ...]
    width: float
    height: float


_BETWEEN_BROWS: Final = _Patch((55, 285, 9, 8), width=0.26, height=0.22)
_FOREHEAD: Final = _Patch((151, 9, 10), width=0.6, height=0.22)


class Creases(NamedTuple):
    """Change of brightness per pixel of a patch over its brightness.

    Attributes
    ----------
    between_brows
        Across upright folds, which a furrowed brow makes.
    forehead
        Across level folds, which raised brows make.
    """

    between_brows: float
    forehead: float


def measure_creases(image: ImageArray, points_px: FloatArray) -> Creases:
    """Measure the creases of a face, given its (468, 3) points. NaN for a face under `MIN_FACE_PX`."""
    corners_px = points_px[[RIGHT_EYE_CORNERS[0], LEFT_EYE_CORNERS[0]], :2]
    face_px = float(np.linalg.norm(corners_px[1] - corners_px[0]))
    if face_px < MIN_FACE_PX:
        return Creases(float("nan"), float("nan"))
    return Creases(
        _change(_patch(image, points_px, _BETWEEN_BROWS, face_px), along_x=True),
        _change(_patch(image, points_px, _FOREHEAD, face_px), along_x=False),
    )


def _patch(image: ImageArray, points_px: FloatArray, patch: _Patch, face_px: float) -> ImageArray:
    x_px, y_px = points_px[list(patch.points), :2].mean(axis=0).tolist()
    square = cut(image, Region(x_px, y_px, patch.width * face_px, angle_of_eyes(points_px)), _WIDTH_PX)
    left_out = round(_WIDTH_PX * (1 - patch.height / patch.width) / 2)
    return square[left_out : _WIDTH_PX - left_out]


def _change(patch: ImageArray, *, along_x: bool) -> float:
    grey = cv2.GaussianBlur(cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    steps = cv2.Sobel(grey, cv2.CV_16S, int(along_x), int(not along_x))
    mean_step = float(cv2.norm(steps, cv2.NORM_L1)) / steps.size / _SOBEL_WEIGHT
    return mean_step / (float(cv2.mean(grey)[0]) + _DARK)
