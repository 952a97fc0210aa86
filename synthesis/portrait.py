"""The person in every synthetic clip: NASA's public-domain portrait of Eileen Collins, in scikit-image."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from synthesis.mesh import Matrix, eye_distance_px, find_mesh

_FACE_CENTRE_PX, _FACE_SIZE_PX = (225.0, 123.0), 108.0
_HEAD_CENTRE_PX, _HEAD_RADII_PX = (227.0, 93.0), (72.0, 80.0)
"""Ellipse around head and hair in the portrait, by eye."""

_BACKDROP_TOP, _BACKDROP_BOTTOM = (198, 190, 186), (150, 142, 140)
"""Colours of the portrait's own backdrop, for where a small face leaves room around the portrait."""

_FEATHER_PX = 50.0


@dataclass(frozen=True, slots=True)
class View:
    """The picture's size, and the face's size in it.

    Attributes
    ----------
    width_px, height_px
        Picture size; both even, for the codecs.
    face_width_px
        Distance between the outer eye corners. A face is about 1.7 times as wide as that.
    """

    width_px: int = 640
    height_px: int = 480
    face_width_px: float = 100.0


@dataclass(frozen=True, slots=True)
class Portrait:
    """The person at rest, as seen in one view.

    Attributes
    ----------
    picture
        (height, width, 3) RGB.
    points_px
        (468, 3) the mesh in this picture, z away from the camera.
    face_width_px
        Distance between the outer eye corners, px.
    head_centre_px, head_radii_px
        Ellipse around head and hair.
    from_picture
        (2, 3) affine map from this picture's pixels to those of the original portrait.
    """

    picture: ImageArray
    points_px: FloatArray
    face_width_px: float
    head_centre_px: tuple[float, float]
    head_radii_px: tuple[float, float]
    from_picture: Matrix


def portrait_in(view: View) -> Portrait:
    """Lay the portrait into a view: face in the middle, a little above half height."""
    points = _original_points()
    scale = view.face_width_px / eye_distance_px(points)
    centre = (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2
    # Never so low that the portrait's upper edge shows, when the face is large enough to avoid it.
    top = min(0.44 * view.height_px, max(0.36 * view.height_px, float(centre[1]) * scale))
    offset = np.array([view.width_px / 2, top]) - scale * centre
    to_picture = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
    placed = points * np.float32(scale)
    placed[:, :2] += offset.astype(np.float32)
    head = scale * np.array(_HEAD_CENTRE_PX) + offset
    return Portrait(
        picture=_laid_out(to_picture, view),
        points_px=placed,
        face_width_px=view.face_width_px,
        head_centre_px=(float(head[0]), float(head[1])),
        head_radii_px=(_HEAD_RADII_PX[0] * scale, _HEAD_RADII_PX[1] * scale),
        from_picture=np.asarray(cv2.invertAffineTransform(to_picture), dtype=np.float64),
    )


def original() -> ImageArray:
    """(512, 512, 3) RGB, the portrait as it is shipped."""
    from skimage.data import astronaut  # noqa: PLC0415  slow to import, and wanted once

    return np.asarray(astronaut(), dtype=np.uint8)  # type: ignore[no-untyped-call]


@functools.cache
def _original_points() -> FloatArray:
    return find_mesh(original(), _FACE_CENTRE_PX, _FACE_SIZE_PX, rounds=4)


def _laid_out(to_picture: Matrix, view: View) -> ImageArray:
    size = (view.width_px, view.height_px)
    scale = float(to_picture[0, 0])
    source = original()
    if scale < 1:
        # Below half the sampling rate nothing may remain that the smaller picture cannot hold.
        source = np.asarray(cv2.GaussianBlur(source, (0, 0), 0.45 / scale), dtype=np.uint8)
    laid = cv2.warpAffine(source, to_picture, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    back = cv2.invertAffineTransform(to_picture)
    x = np.arange(view.width_px) * back[0, 0] + back[0, 2]
    y = np.arange(view.height_px) * back[1, 1] + back[1, 2]
    high, wide = source.shape[:2]
    # The feather only works at sides that show: a side outside the view keeps its full strength.
    across = np.minimum(_inside(x, x[0] < 0), _inside(wide - 1 - x, x[-1] > wide - 1))
    down = np.minimum(_inside(y, y[0] < 0), _inside(high - 1 - y, y[-1] > high - 1))
    share = (across[None, :] * down[:, None])[..., None]
    drop = np.linspace(_BACKDROP_TOP, _BACKDROP_BOTTOM, view.height_px)[:, None, :]
    return np.asarray(np.rint(share * laid + (1 - share) * drop), dtype=np.uint8)


def _inside(distance_px: Matrix, shows: bool) -> Matrix:
    if not shows:
        return np.ones_like(distance_px)
    linear = np.clip(distance_px / _FEATHER_PX, 0, 1)
    return np.asarray((1 - np.cos(np.pi * linear)) / 2)
