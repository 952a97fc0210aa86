"""Finds faces in a whole picture with the two single-shot detectors.

The decoding (anchor layout, box parametrisation) follows the published description of BlazeFace
(Bazarevsky et al. 2019) and MediaPipe's face detection model cards.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from backchannel.perception.networks import Network, Networks

MIN_SCORE = 0.5
"""Smallest detector score that counts as a face (model card: 0.5)."""
MAX_OVERLAP = 0.3
"""Boxes that share more than this (intersection over union) are one face (model card: 0.3)."""

_NEAR_SIDE_PX = 128
_FAR_SIDE_PX = 192


@dataclass(frozen=True, slots=True)
class Detection:
    """One face in a picture.

    Attributes
    ----------
    left_px, top_px, width_px, height_px
        The box, in the picture.
    right_eye_px, left_eye_px
        (x, y) of the subject's own right and left eye.
    score
        0..1.
    """

    left_px: float
    top_px: float
    width_px: float
    height_px: float
    right_eye_px: tuple[float, float]
    left_eye_px: tuple[float, float]
    score: float


def detect_faces(networks: Networks, image: ImageArray) -> tuple[Detection, ...]:
    """Find the faces in a picture, largest first.

    Both detectors look: the near one misses small faces, the far one misses faces that fill the picture.
    """
    found = _run(networks.face_near, image, _NEAR_SIDE_PX, _near_anchors())
    found += _run(networks.face_far, image, _FAR_SIDE_PX, _far_anchors())
    return _without_overlaps(found)


def _run(network: Network, image: ImageArray, side_px: int, anchors: FloatArray) -> list[Detection]:
    square, scale, left_px, top_px = _letterbox(image, side_px)
    boxes, logits = network.run(square[np.newaxis])
    scores = 1.0 / (1.0 + np.exp(-np.clip(logits.reshape(-1), -80.0, 80.0)))
    chosen = np.flatnonzero(scores >= MIN_SCORE)
    offset = np.array([left_px, top_px])
    detections = []
    for index in chosen:
        values = boxes[0, index]
        centre = (values[0:2] + anchors[index] * side_px - offset) / scale
        size = values[2:4] / scale
        eyes = (values[4:8].reshape(2, 2) + anchors[index] * side_px - offset) / scale
        corner = centre - size / 2
        detections.append(
            Detection(
                left_px=float(corner[0]),
                top_px=float(corner[1]),
                width_px=float(size[0]),
                height_px=float(size[1]),
                right_eye_px=(float(eyes[0, 0]), float(eyes[0, 1])),
                left_eye_px=(float(eyes[1, 0]), float(eyes[1, 1])),
                score=float(scores[index]),
            )
        )
    return detections


def _letterbox(image: ImageArray, side_px: int) -> tuple[ImageArray, float, int, int]:
    height, width = image.shape[:2]
    scale = side_px / max(height, width)
    small = cv2.resize(
        image, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    square = np.zeros((side_px, side_px, 3), np.uint8)
    top, left = (side_px - small.shape[0]) // 2, (side_px - small.shape[1]) // 2
    square[top : top + small.shape[0], left : left + small.shape[1]] = small
    return square, scale, left, top


def _without_overlaps(detections: list[Detection]) -> tuple[Detection, ...]:
    kept: list[Detection] = []
    for candidate in sorted(detections, key=lambda found: -found.score):
        if all(overlap(candidate, other) <= MAX_OVERLAP for other in kept):
            kept.append(candidate)
    return tuple(sorted(kept, key=lambda found: -found.width_px * found.height_px))


def overlap(one: Detection, other: Detection) -> float:
    """Intersection over union of two boxes, 0..1."""
    width = min(one.left_px + one.width_px, other.left_px + other.width_px) - max(one.left_px, other.left_px)
    height = min(one.top_px + one.height_px, other.top_px + other.height_px) - max(one.top_px, other.top_px)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one.width_px * one.height_px + other.width_px * other.height_px - shared)


@cache
def _near_anchors() -> FloatArray:
    return np.concatenate([grid(16, repeats=2), grid(8, repeats=6)])


@cache
def _far_anchors() -> FloatArray:
    return grid(48, repeats=1)


def grid(cells: int, repeats: int) -> FloatArray:
    """Cell centres of a square grid, (cells² · repeats, 2) of 0..1, row by row."""
    centres = (np.arange(cells, dtype=np.float32) + 0.5) / cells
    y, x = np.meshgrid(centres, centres, indexing="ij")
    return np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), repeats, axis=0)
