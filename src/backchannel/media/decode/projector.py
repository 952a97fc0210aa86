"""Convert decoded frames to RGB pictures: upright, with square pixels, no larger than needed.

Most frames are analysed in a smaller size. The decoded planes are scaled first, and only the small picture is
converted to RGB. This takes a quarter of the time of libswscale, which does both in one pass.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from backchannel.media.decode.orientation import orientation_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Pixels further from square than this are a damaged header, not a camera.
_MAX_PIXEL_ASPECT = 4.0

# Brightness and two colour differences, each a plane of bytes; "j" is full range by name.
_PLANAR = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p"})
# Of libav's numbers for colour spaces and ranges (pixfmt.h).
_BT_709, _FULL_RANGE = 1, 2
# Share of red and blue in brightness (ITU-R BT.709-6 and BT.601-7, section 3 and table 3).
_RED_BLUE_709, _RED_BLUE_601 = (0.2126, 0.0722), (0.299, 0.114)


class Projector:
    """Converts the frames of one stream. It keeps a scaler, because creating one takes as long as using it.

    Parameters
    ----------
    aspect
        Width of a pixel over its height.
    max_side_px
        Longest side of the result.
    """

    def __init__(self, aspect: float, max_side_px: int) -> None:
        self._aspect = aspect
        self._max_side_px = max_side_px
        self._scaler = VideoReformatter()

    def show(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """(h, w, 3) RGB, upright, with square pixels."""
        width, height = shown_size(frame.width, frame.height, self._aspect, self._max_side_px)
        if frame.format.name in _PLANAR and width < frame.width and height < frame.height:
            image = _scaled_planes(frame, width, height)
        else:
            rgb = self._scaler.reformat(
                frame, width=width, height=height, format="rgb24", interpolation="AREA"
            )
            image = np.asarray(rgb.to_ndarray(), dtype=np.uint8)
        return orientation_of(frame).upright(image)


def pixel_aspect(stream: VideoStream, decoder: VideoCodecContext) -> float:
    """Width of a pixel over its height, by the container or else the codec; 1 if absurd or not known."""
    ratio = float(stream.sample_aspect_ratio or decoder.sample_aspect_ratio or 1)
    return ratio if 1 / _MAX_PIXEL_ASPECT <= ratio <= _MAX_PIXEL_ASPECT else 1.0


def shown_size(width_px: int, height_px: int, aspect: float, max_side_px: int) -> tuple[int, int]:
    """Size with square pixels and a bounded longest side; no side is ever made longer.

    Parameters
    ----------
    width_px, height_px
        Size as coded, before rotation.
    aspect
        Width of a pixel over its height.
    max_side_px
        Bound on both sides.

    Returns
    -------
    tuple of int
        Width and height, px.
    """
    width, height = width_px * min(aspect, 1.0), height_px / max(aspect, 1.0)
    scale = min(1.0, max_side_px / max(width, height, 1.0))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _scaled_planes(frame: VideoFrame, width: int, height: int) -> NDArray[np.uint8]:
    planes = [scaled(_bytes_of(plane), width, height) for plane in frame.planes]
    full_range = frame.format.name.startswith("yuvj") or frame.color_range == _FULL_RANGE
    matrix = _to_rgb(*(_RED_BLUE_709 if frame.colorspace == _BT_709 else _RED_BLUE_601), full_range)
    return np.asarray(cv2.transform(cv2.merge(planes), matrix), dtype=np.uint8)


def _bytes_of(plane: VideoPlane) -> NDArray[np.uint8]:
    """View a decoded plane in place. Its rows may be longer than the picture is wide."""
    rows: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def scaled(plane: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Scale a plane, or a picture with its channels last, down to a size, px."""
    # Halving by area takes a hundredth of the time of other area scaling. The remaining factor is less
    # than two, so interpolating between two pixels loses no detail.
    while plane.shape[1] >= 2 * width and plane.shape[0] >= 2 * height:
        half = (plane.shape[1] // 2, plane.shape[0] // 2)
        whole = plane[: 2 * half[1], : 2 * half[0]]
        plane = np.asarray(cv2.resize(whole, half, interpolation=cv2.INTER_AREA), np.uint8)
    if plane.shape[:2] == (height, width):
        return plane
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


@cache
def _to_rgb(red: float, blue: float, full_range: bool) -> NDArray[np.float32]:
    """(3, 4) from brightness and its differences to blue and to red, and 1, all as bytes (ITU-T H.273)."""
    green = 1 - red - blue
    black, brightness, difference = (0.0, 1.0, 1.0) if full_range else (16.0, 255 / 219, 255 / 224)
    by_blue, by_red = 2 * (1 - blue) * difference, 2 * (1 - red) * difference
    matrix = np.array(
        [
            [brightness, 0.0, by_red],
            [brightness, -by_blue * blue / green, -by_red * red / green],
            [brightness, by_blue, 0.0],
        ]
    )
    return np.column_stack([matrix, -matrix @ (black, 128.0, 128.0)]).astype(np.float32)
