"""Fit the lids and the irises of one face, in the frames where that is worth its cost.

The eye network takes as long as everything else together. Between blinks and glances an eye looks the same in
many frames, so it is only fitted when it has changed, and at least a few times a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from backchannel.perception.mesh import (
    LEFT_EYE_CORNERS,
    RIGHT_EYE_CORNERS,
    Region,
    angle_of_eyes,
    cut,
    place,
)
from backchannel.perception.networks import EYES_AT_ONCE, Networks

MAX_CHANGE = 0.09
"""Mean difference, in standard deviations of its brightness, up to which an eye looks the same. On fourteen
real clips 44% of the frames stay under it. None of 126 frames with shut eyes then counts as open, compared
with 11 when every second frame is fitted."""
MAX_UNSEEN_S = 0.3
"""Eyes that seem not to change are still fitted this often (judgement: slow glances)."""

_SIDE_PX = 64
_MARGIN = 2.3  # of the eye's width, as the network was trained with (MediaPipe iris graph)
# Points of the network's contour: the corners, and facing pairs on the two lids.
_CONTOUR_POINTS = 71
_CORNERS = (0, 8)
_LOWER_LID, _UPPER_LID = (2, 3, 4, 5), (11, 12, 13, 14)
# The middle of the crop, where lids and iris are, in blocks of 4 x 4 px.
_MIDDLE = (slice(16, 48), slice(8, 56))
_BLOCKS = (12, 8)
_MIN_CONTRAST = 8.0  # grey levels: below it noise would look like change


@dataclass(frozen=True, slots=True)
class EyePair:
    """Both eyes cut out of one frame: the subject's right, then left.

    Attributes
    ----------
    crops
        (2, 64, 64, 3) RGB. The right one is mirrored, because the network knows left eyes only.
    regions
        Where they were.
    look
        (2, 8, 12) brightness of their middles, without its mean and in units of its deviation.
    """

    crops: ImageArray
    regions: tuple[Region, Region]
    look: FloatArray


@dataclass(frozen=True, slots=True)
class Eyes:
    """Fitted eyes of one face in n frames: the subject's right, then left.

    Attributes
    ----------
    iris_px
        (n, 2, 2) px of the picture, the centres of the irises.
    openness
        (n, 2) lid gap over eye width, 0 when shut, about 0.3 when open. Measured here and not on the mesh,
        whose lids stay half open in a blink.
    """

    iris_px: FloatArray
    openness: FloatArray


def cut_eyes(image: ImageArray, points_px: FloatArray) -> EyePair:
    """Cut both eyes of a face out of a picture, given its (468, 3) points."""
    angle_rad = angle_of_eyes(points_px)
    right, left = (
        _region(points_px, corners, angle_rad) for corners in (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS)
    )
    crops = np.stack([cut(image, right, _SIDE_PX)[:, ::-1], cut(image, left, _SIDE_PX)])
    return EyePair(crops, (right, left), _look(crops))


def fit_eyes(networks: Networks, pairs: Sequence[EyePair]) -> Eyes:
    """Fit the eyes of several frames."""
    crops = np.concatenate([np.zeros((0, _SIDE_PX, _SIDE_PX, 3), np.uint8), *(pair.crops for pair in pairs)])
    contours, irises = [np.zeros((0, _CONTOUR_POINTS, 2), np.float32)], [np.zeros((0, 1, 3), np.float32)]
    for first in range(0, len(crops), EYES_AT_ONCE):
        some = crops[first : first + EYES_AT_ONCE]
        full = np.concatenate([some, np.zeros((EYES_AT_ONCE - len(some), *some.shape[1:]), np.uint8)])
        contour, iris = networks.iris.run(full)
        contours.append(contour.reshape(EYES_AT_ONCE, _CONTOUR_POINTS, 3)[: len(some), :, :2])
        irises.append(iris.reshape(EYES_AT_ONCE, -1, 3)[: len(some), :1])
    centres = np.concatenate(irises).reshape(-1, 2, 1, 3)
    centres[:, 0, :, 0] = _SIDE_PX - centres[:, 0, :, 0]
    iris_px = [
        [place(centre, region, _SIDE_PX)[0, :2] for centre, region in zip(two, pair.regions, strict=True)]
        for two, pair in zip(centres, pairs, strict=True)
    ]
    return Eyes(
        np.array(iris_px, np.float32).reshape(-1, 2, 2), _openness(np.concatenate(contours)).reshape(-1, 2)
    )


def look_alike(one: FloatArray, other: FloatArray) -> bool:
    """Whether both eyes look the same in two frames, given their `EyePair.look`."""
    # An eye that shuts alone is a change too.
    return float(np.abs(one - other).mean(axis=(1, 2)).max()) <= MAX_CHANGE


def _look(crops: ImageArray) -> FloatArray:
    greys = [cv2.cvtColor(crop[_MIDDLE], cv2.COLOR_RGB2GRAY) for crop in crops]
    small = [cv2.resize(grey, _BLOCKS, interpolation=cv2.INTER_AREA) for grey in greys]
    look = np.array(small, np.float32)
    look -= look.mean(axis=(1, 2), keepdims=True)
    look /= np.maximum(look.std(axis=(1, 2), keepdims=True), _MIN_CONTRAST)
    return look


def _region(points_px: FloatArray, corners: tuple[int, int], angle_rad: float) -> Region:
    (outer_x, outer_y), (inner_x, inner_y) = points_px[list(corners), :2].tolist()
    width_px = float(np.hypot(outer_x - inner_x, outer_y - inner_y))
    return Region((outer_x + inner_x) / 2, (outer_y + inner_y) / 2, _MARGIN * width_px, angle_rad)


def _openness(contours: FloatArray) -> FloatArray:
    gaps = np.linalg.norm(contours[:, list(_LOWER_LID)] - contours[:, list(_UPPER_LID)], axis=-1)
    widths = np.linalg.norm(contours[:, _CORNERS[0]] - contours[:, _CORNERS[1]], axis=-1)
    return np.asarray(gaps.mean(axis=-1) / widths)
