"""Where the 468 points of a face are, asked of the mesh network directly.

Deliberately not `backchannel.perception`: what is measured against the synthetic truth should have no hand
in making it. Only the network's file is shared.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray

from backchannel.arrays import FloatArray, ImageArray

Matrix = NDArray[np.float64]

CROP_PX = 192
MARGIN = 1.5
"""Side of the crop over the larger side of the face: a quarter of margin all around."""

RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263
NOSE_TIP = 1
CHIN = 152


def find_mesh(
    picture: ImageArray, centre_px: tuple[float, float], size_px: float, rounds: int = 3
) -> FloatArray:
    """Find the points of a face whose place is roughly known.

    Parameters
    ----------
    picture
        (height, width, 3) RGB.
    centre_px, size_px
        Centre and larger side of the face, roughly.
    rounds
        How often the crop is laid anew around what was found, upright.

    Returns
    -------
    FloatArray
        (468, 3) px of the picture: x right, y down, z away from the camera.
    """
    centre, side, roll_deg = np.array(centre_px), size_px * MARGIN, 0.0
    points = np.zeros((468, 3), dtype=np.float32)
    for _ in range(rounds):
        points = _look(picture, centre, side, roll_deg)
        eyes = points[LEFT_EYE_OUTER] - points[RIGHT_EYE_OUTER]
        roll_deg = float(np.degrees(np.arctan2(eyes[1], eyes[0])))
        low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
        centre, side = (low + high) / 2, float((high - low).max()) * MARGIN
    return points


def eye_distance_px(points_px: FloatArray) -> float:
    """Distance between the outer eye corners in 3D, px: the face width that all lengths are named in."""
    return float(np.linalg.norm(points_px[LEFT_EYE_OUTER] - points_px[RIGHT_EYE_OUTER]))


def rigid_rotation(rest: Matrix | FloatArray, turned: Matrix | FloatArray) -> Matrix:
    """Rotation (3, 3) that turns one set of points into another best, whatever their place and size.

    Kabsch 1976: the singular vectors of the covariance, with reflections ruled out.
    """
    first = (rest - rest.mean(axis=0)).astype(np.float64)
    second = (turned - turned.mean(axis=0)).astype(np.float64)
    left, _, right = np.linalg.svd(second.T @ first)
    handedness = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return np.asarray((left * handedness) @ right)


def _look(picture: ImageArray, centre: Matrix, side: float, roll_deg: float) -> FloatArray:
    middle = (float(centre[0]), float(centre[1]))
    to_crop: Matrix = np.array(cv2.getRotationMatrix2D(middle, roll_deg, CROP_PX / side), dtype=np.float64)
    to_crop[:, 2] += CROP_PX / 2 - centre
    crop = cv2.warpAffine(picture, to_crop, (CROP_PX, CROP_PX), flags=cv2.INTER_LINEAR)
    answer = _network()(crop[None].astype(np.float32) / 255)
    in_crop = np.asarray(max((np.ravel(v) for v in answer.values()), key=len)).reshape(468, 3)
    back = cv2.invertAffineTransform(to_crop)
    flat = in_crop[:, :2] @ back[:, :2].T + back[:, 2]
    return np.asarray(np.c_[flat, in_crop[:, 2] * side / CROP_PX], dtype=np.float32)


@functools.cache
def _network() -> Any:
    path = resources.files("backchannel.perception").joinpath("network_files/face_landmark.tflite")
    settings = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY"}
    return ov.Core().compile_model(str(path), "CPU", settings)
