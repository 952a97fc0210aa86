"""Opens and shuts the mouth of a portrait that smiles with its teeth showing.

Worked out column by column. The upper lip, the lower lip and the chin move; the upper teeth stay, since they
are part of the skull, and the lips uncover more or less of them. What lies below the teeth is dark.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from backchannel.arrays import FloatArray
from synthesis.mesh import CHIN, Matrix

Columns = NDArray[np.int32]

_UPPER_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
_LOWER_INNER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
_NOSE_BASE = 2

_UPPER_SHARE = 0.3
"""Share of a change of the gap that the upper lip does; the jaw does the rest."""

_CHIN_SHARE = 0.7
"""Share of the lower lip's motion that reaches the chin."""


@dataclass(frozen=True, slots=True)
class Mouth:
    """A mouth at rest in the portrait. Heights are fine px of the face's texture, one for each column.

    Attributes
    ----------
    upper, lower
        (w,) inner edges of the lips; equal beyond the corners.
    profile
        (w,) 0 at the corners to 1 in the middle: how a gap is shared among the columns.
    reach
        (w,) 0..1, how much each column follows the jaw.
    """

    upper: Matrix
    lower: Matrix
    profile: Matrix
    reach: Matrix
    nose_y: float
    chin_y: float
    unit: float

    def drawn(self, texture: FloatArray, place: FloatArray, opening_fw: float, smile: float) -> FloatArray:
        """Draw the face with the mouth as asked.

        Parameters
        ----------
        texture
            (h, w, 3) RGB.
        place
            (h, w, 2) px: where each pixel would come from if the mouth stayed as in the portrait.
        opening_fw
            Gap between the lips, face widths.
        smile
            At 1 the lips show as much of the teeth as in the portrait.
        """
        x, y = place[..., 0], place[..., 1]
        column = np.clip(x, 0, self.upper.size - 1).astype(np.int32)
        upper, lower = self.upper[column], self.lower[column]
        shown = np.clip(smile, 0, 1) * (self.lower - self.upper)
        gap_now = np.maximum(shown, opening_fw * self.unit * self.profile)[column]
        change = gap_now - (lower - upper)
        new_upper = upper - _UPPER_SHARE * change
        new_lower = new_upper + gap_now
        source_y = self._lips(y, upper, lower, new_upper=new_upper, new_lower=new_lower, column=column)
        lips = cv2.remap(
            texture, x, source_y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        inside = self._inside(texture, x, y, upper, lower)
        open_here = np.clip(y - new_upper + 0.5, 0, 1) * np.clip(new_lower - y + 0.5, 0, 1)
        open_here = (open_here * np.clip(gap_now / (0.01 * self.unit), 0, 1))[..., None]
        seam = self._seam(y, (new_upper + new_lower) / 2, gap_now, column)[..., None]
        return np.asarray((lips * (1 - open_here) + inside * open_here) * seam, dtype=np.float32)

    def _lips(
        self,
        y: FloatArray,
        upper: Matrix,
        lower: Matrix,
        *,
        new_upper: Matrix,
        new_lower: Matrix,
        column: Columns,
    ) -> Matrix:
        """Height each pixel of skin comes from: lips move whole, the skin around them stretches."""
        lip = 0.07 * self.unit
        rise = new_upper - upper
        fold = np.clip((y - self.nose_y) / np.maximum(new_upper - lip - self.nose_y, 1), 0, 1)
        above = y - rise * fold
        # The jaw follows the middle of the mouth, in every column that it reaches.
        drop = new_lower - lower
        jaw = drop.flat[self.profile[column].argmax()] * _CHIN_SHARE
        chin_drop = jaw * self.reach[column]
        chin = self.chin_y + chin_drop
        to_chin = np.clip((y - new_lower - lip) / np.maximum(chin - new_lower - lip, 1), 0, 1)
        to_collar = np.clip((y - chin) / (0.32 * self.unit), 0, 1)
        below = y - drop - (chin_drop - drop) * to_chin + chin_drop * to_collar
        return np.asarray(np.where(y < (new_upper + new_lower) / 2, above, below))

    def _inside(
        self, texture: FloatArray, x: FloatArray, y: FloatArray, upper: Matrix, lower: Matrix
    ) -> FloatArray:
        """Teeth where the portrait shows them, darkness beneath."""
        rim = 0.012 * self.unit
        held = np.clip(y, upper + rim, np.maximum(lower - rim, upper + rim))
        teeth = cv2.remap(
            texture, x, held.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        beneath = np.clip((y - lower + 0.02 * self.unit) / (0.04 * self.unit), 0, 0.8)[..., None]
        return np.asarray(teeth * (1 - beneath) + np.array([58.0, 26.0, 26.0]) * beneath, dtype=np.float32)

    def _seam(self, y: FloatArray, middle: Matrix, gap: Matrix, column: Columns) -> Matrix:
        """Shut lips meet in a dark line."""
        shut = np.clip(1 - gap / (0.03 * self.unit), 0, 1) * np.sqrt(self.profile[column])
        return np.asarray(1 - 0.5 * shut * np.exp(-(((y - middle) / (0.012 * self.unit)) ** 2)))


def prepare_mouth(points: FloatArray, unit: float, size: tuple[int, int]) -> Mouth:
    """Measure the mouth of a face's texture; `points` (468, 2) and `unit` in its px."""
    upper, lower = points[list(_UPPER_INNER)], points[list(_LOWER_INNER)]
    columns = np.arange(size[1])
    left, right = float(upper[0, 0]), float(upper[-1, 0])
    up, down = np.interp(columns, *upper.T), np.interp(columns, *lower.T)
    middle = (left + right) / 2
    across = np.clip(np.abs(columns - middle) / ((right - left) / 2), 0, 1)
    return Mouth(
        upper=up,
        lower=np.maximum(down, up),
        profile=1 - across**2,
        reach=np.exp(-(((columns - middle) / (0.62 * unit)) ** 2)),
        nose_y=float(points[_NOSE_BASE, 1]),
        chin_y=float(points[CHIN, 1]),
        unit=unit,
    )
