"""Find a hand in front of a face, and what it covers.

The mesh is no witness: its score stays at 1.00 with a hand over the nose and an eye (measured on a clip).
Two networks look for a hand instead. The detector finds palms, and takes many faces for one; the other fits a
hand there and says whether it is one. The crops and thresholds are those of MediaPipe's hand graph.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from backchannel.perception.detection import grid
from backchannel.perception.mesh import Region, cut, place
from backchannel.perception.networks import Networks

MIN_PALM_SCORE: Final = 0.4
"""Smallest detector score worth a second look: fingers before a face hide the palm (judgement)."""
MIN_HAND_SCORE: Final = 0.7
"""Smallest score of the fitted hand. On 23 real clips, hands before a face have 0.73 and more in most frames;
what was no hand had up to 0.8, and then its wrist lay inside the face."""
_AROUND: Final = 2.2
"""Side of the searched square in sizes of the face (judgement: a hand that touches it, with the palm)."""
_PALM_SIDE_PX, _HAND_SIDE_PX = 192, 224
_HAND_SIZE, _HAND_SHIFT = 2.6, 0.5
"""Crop of a hand in sizes of its palm, and how far its middle lies toward the fingers."""
_WRIST, _MIDDLE_KNUCKLE = 0, 2
"""Points of the detector."""
_FINGER: Final = 0.08
"""Half a finger's thickness in face widths, by which a hand's outline is widened (judgement)."""
_EYES: Final = (33, 133, 159, 263, 362, 386, 105, 334, 168, 6)
"""Mesh points of the eyes, the brows, and the bridge of the nose, which also says how the head is turned."""
_MOUTH: Final = (61, 291, 0, 17)
_OUTER_CORNERS: Final = (33, 263)


@dataclass(frozen=True, slots=True)
class Covering:
    """Which parts of a face a hand covers."""

    eyes: bool = False
    mouth: bool = False


def look_for_hand(networks: Networks, image: ImageArray, points_px: FloatArray) -> Covering | None:
    """Find what a hand covers of a face, given its (468, 3) points; None if no hand is found."""
    low, high = points_px[:, :2].min(axis=0), points_px[:, :2].max(axis=0)
    middle, size_px = (low + high) / 2, float((high - low).max())
    around = Region(float(middle[0]), float(middle[1]), _AROUND * size_px, 0.0)
    region = _region_of_palm(networks, cut(image, around, _PALM_SIDE_PX), around)
    if region is None:
        return None
    fitted, score = networks.hand.run(cut(image, region, _HAND_SIDE_PX)[np.newaxis])[:2]
    hand_px = place(fitted.reshape(-1, 3), region, _HAND_SIDE_PX)[:, :2]
    # The arm comes from outside the face. A "hand" that lies within it is the face itself.
    inside = bool(np.all(low < hand_px[_WRIST]) and np.all(hand_px[_WRIST] < high))
    return None if inside or score.item() < MIN_HAND_SCORE else covering(hand_px, points_px)


def covering(hand_px: FloatArray, points_px: FloatArray) -> Covering:
    """Which parts of a face lie within the outline of a hand.

    Parameters
    ----------
    hand_px
        (21, 2) px, points of a hand.
    points_px
        (468, 3) px, mesh of a face.
    """
    outline = cv2.convexHull(hand_px.astype(np.float32))
    right, left = points_px[list(_OUTER_CORNERS), :2]
    reach_px = _FINGER * float(np.linalg.norm(left - right))

    def covers(points: tuple[int, ...]) -> bool:
        return any(
            cv2.pointPolygonTest(outline, (float(x), float(y)), True) >= -reach_px
            for x, y in points_px[list(points), :2]
        )

    return Covering(eyes=covers(_EYES), mouth=covers(_MOUTH))


def _region_of_palm(networks: Networks, crop: ImageArray, around: Region) -> Region | None:
    """Where the clearest palm of a crop says that its hand is, in the picture."""
    boxes, logits = networks.palm.run(crop[np.newaxis])
    best = int(logits.argmax())
    if 1.0 / (1.0 + math.exp(-float(np.clip(logits.reshape(-1)[best], -80.0, 80.0)))) < MIN_PALM_SCORE:
        return None
    values, anchor = boxes[0, best], _anchors()[best] * _PALM_SIDE_PX
    scale = around.side_px / _PALM_SIDE_PX
    corner = np.array([around.centre_x_px, around.centre_y_px]) - around.side_px / 2
    centre = corner + (values[0:2] + anchor) * scale
    wrist, knuckle = values[4:18].reshape(7, 2)[[_WRIST, _MIDDLE_KNUCKLE]]
    # Fingers up is no turn.
    angle_rad = float(np.arctan2(knuckle[0] - wrist[0], wrist[1] - knuckle[1]))
    width_px, height_px = values[2:4] * scale
    shift_px = _HAND_SHIFT * float(height_px)
    return Region(
        float(centre[0]) + shift_px * math.sin(angle_rad),
        float(centre[1]) - shift_px * math.cos(angle_rad),
        _HAND_SIZE * float(max(width_px, height_px)),
        angle_rad,
    )


@cache
def _anchors() -> FloatArray:
    return np.concatenate([grid(24, repeats=2), grid(12, repeats=6)])
