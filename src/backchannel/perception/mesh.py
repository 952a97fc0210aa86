"""Fits the face mesh to one face, given where it is, and cuts regions out of pictures."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from backchannel.perception.detection import Detection
from backchannel.perception.networks import Networks

RIGHT_EYE_CORNERS = (33, 133)
"""Mesh points of the subject's right eye: outer corner, inner corner."""
LEFT_EYE_CORNERS = (263, 362)
MESH_SHAPE = (468, 3)

_MESH_SIDE_PX = 192
# Crop sizes relative to the face box and the landmarks' box: those the network was trained with (MediaPipe
# face mesh graph).
_DETECTION_MARGIN = 1.5
_LANDMARK_MARGIN = 1.5


@dataclass(frozen=True, slots=True)
class Region:
    """A rotated square in a picture. The angle is clockwise as seen, radians, inside this room only."""

    centre_x_px: float
    centre_y_px: float
    side_px: float
    angle_rad: float


@dataclass(frozen=True, slots=True)
class Mesh:
    """A fitted face.

    Attributes
    ----------
    points_px
        (468, 3) px of the picture: x right, y down, z away from the camera (the nose is negative).
    score
        0..1, how much the crop looks like a face.
    """

    points_px: FloatArray
    score: float


def region_of_detection(found: Detection) -> Region:
    """Crop for a face that a detector found."""
    (right_x, right_y), (left_x, left_y) = found.right_eye_px, found.left_eye_px
    return Region(
        found.left_px + found.width_px / 2,
        found.top_px + found.height_px / 2,
        _DETECTION_MARGIN * max(found.width_px, found.height_px),
        float(np.arctan2(left_y - right_y, left_x - right_x)),
    )


def angle_of_eyes(points_px: FloatArray) -> float:
    """Angle of the line between the outer corners of the eyes, clockwise as seen, radians."""
    right, left = points_px[RIGHT_EYE_CORNERS[0]], points_px[LEFT_EYE_CORNERS[0]]
    return math.atan2(left[1] - right[1], left[0] - right[0])


def region_of_mesh(points_px: FloatArray) -> Region:
    """Crop for a face whose mesh is known from the frame before."""
    angle_rad = angle_of_eyes(points_px)
    upright = points_px[:, :2] @ _rotation(-angle_rad).T
    low, high = upright.min(axis=0), upright.max(axis=0)
    centre = _rotation(angle_rad) @ ((low + high) / 2)
    return Region(float(centre[0]), float(centre[1]), _LANDMARK_MARGIN * float((high - low).max()), angle_rad)


def fit_mesh(networks: Networks, image: ImageArray, region: Region) -> Mesh:
    """Fit the 468 points to the face in a region."""
    crop = cut(image, region, _MESH_SIDE_PX)
    points, logit = networks.mesh.run(crop[np.newaxis])
    placed = place(points.reshape(MESH_SHAPE), region, _MESH_SIDE_PX)
    return Mesh(placed, 1.0 / (1.0 + math.exp(-min(50.0, max(-50.0, logit.item())))))


def cut(image: ImageArray, region: Region, side_px: int) -> ImageArray:
    """Cut an upright square of a given size out of a picture, black outside it."""
    scale = side_px / region.side_px
    cosine, sine = scale * math.cos(region.angle_rad), scale * math.sin(region.angle_rad)
    x, y = region.centre_x_px, region.centre_y_px
    # OpenCV counts from the middle of the first pixel, the networks from its edge. Without this half pixel,
    # the gaze is off by a degree to one side.
    middle = side_px / 2 - 0.5
    matrix = np.array(
        [[cosine, sine, middle - cosine * x - sine * y], [-sine, cosine, middle + sine * x - cosine * y]]
    )
    return np.asarray(cv2.warpAffine(image, matrix, (side_px, side_px), flags=cv2.INTER_LINEAR), np.uint8)


def place(points: FloatArray, region: Region, side_px: int) -> FloatArray:
    """Convert (n, 3) points from a crop to the picture."""
    scale = region.side_px / side_px
    placed = np.empty_like(points)
    placed[:, :2] = (points[:, :2] - side_px / 2) @ _rotation(region.angle_rad).T * scale
    placed[:, :2] += (region.centre_x_px, region.centre_y_px)
    placed[:, 2] = points[:, 2] * scale
    return placed


def _rotation(angle_rad: float) -> FloatArray:
    cosine, sine = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[cosine, -sine], [sine, cosine]], dtype=np.float32)
