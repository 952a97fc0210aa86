"""Show a decoded picture as its display matrix says: turned, and reflected if it is a mirror image.

A container or a codec gives the matrix (ISO/IEC 14496-12, 8.3.2, `tkhd`): x' = ax + cy and y' = bx + dy,
where y points down. Of its eight upright forms, four turn the picture and four reflect it as well.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MATRIX = struct.Struct("=9i")


class Orientation(NamedTuple):
    """How to show a picture: swap its sides, then reverse its columns, then its rows.

    Attributes
    ----------
    transposed
        Rows become columns.
    reversed_x, reversed_y
        Left and right change places, or top and bottom do.
    """

    transposed: bool = False
    reversed_x: bool = False
    reversed_y: bool = False

    def upright(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a picture, (h, w, ...), as it is shown."""
        if self.transposed:
            image = image.swapaxes(0, 1)
        return np.ascontiguousarray(image[:: -1 if self.reversed_y else 1, :: -1 if self.reversed_x else 1])


def orientation_of(frame: VideoFrame) -> Orientation:
    """Read the display matrix of a frame. Without one, or with a useless one, it is shown as it is."""
    data: object = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(data, SideData) or len(raw := bytes(data)) < _MATRIX.size:
        return Orientation()
    a, b, _, c, d, *_ = _MATRIX.unpack(raw[: _MATRIX.size])
    if abs(a * d) >= abs(b * c):
        return Orientation(reversed_x=a < 0, reversed_y=d < 0)
    return Orientation(transposed=True, reversed_x=c < 0, reversed_y=b < 0)
