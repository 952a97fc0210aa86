"""Fits the face mesh and the irises to one face, given where it is."""

from dataclasses import dataclass

import cv2
import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from backchannel.perception.detection import Detection
from backchannel.perception.models import Networks

RIGHT_EYE_CORNERS = (33, 133)
"""Mesh points of the subject's right eye: outer corner, inner corner."""
LEFT_EYE_CORNERS = (263, 362)

_MESH_SIDE_PX = 192
_IRIS_SIDE_PX = 64
# Crop sizes relative to the face box, the landmarks' box and the eye's width: those the networks were
# trained with (MediaPipe face mesh and iris graphs).
_DETECTION_MARGIN = 1.5
_LANDMARK_MARGIN = 1.5
_EYE_MARGIN = 2.3
# Points of the eye network's contour: the corners, and facing pairs on the two lids.
_EYE_CORNERS = (0, 8)
_LOWER_LID, _UPPER_LID = (2, 3, 4, 5), (11, 12, 13, 14)


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


@dataclass(frozen=True, slots=True)
class Eye:
    """A fitted eye.

    Attributes
    ----------
    iris_px
        (2,) px of the picture, the centre of the iris.
    openness
        Lid gap over eye width, 0 when shut, about 0.3 when open. Measured here and not on the mesh, whose
        lids stay half open in a blink.
    """

    iris_px: FloatArray
    openness: float


def region_of_detection(found: Detection) -> Region:
    """Crop for a face that a detector found."""
    (right_x, right_y), (left_x, left_y) = found.right_eye_px, found.left_eye_px
    return Region(
        found.left_px + found.width_px / 2,
        found.top_px + found.height_px / 2,
        _DETECTION_MARGIN * max(found.width_px, found.height_px),
        float(np.arctan2(left_y - right_y, left_x - right_x)),
    )


def region_of_mesh(points_px: FloatArray) -> Region:
    """Crop for a face whose mesh is known from the frame before."""
    right, left = points_px[RIGHT_EYE_CORNERS[0], :2], points_px[LEFT_EYE_CORNERS[0], :2]
    angle_rad = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
    upright = points_px[:, :2] @ _rotation(-angle_rad).T
    low, high = upright.min(axis=0), upright.max(axis=0)
    centre = _rotation(angle_rad) @ ((low + high) / 2)
    return Region(float(centre[0]), float(centre[1]), _LANDMARK_MARGIN * float((high - low).max()), angle_rad)


def fit_mesh(networks: Networks, image: ImageArray, region: Region) -> Mesh:
    """Fit the 468 points to the face in a region."""
    crop = cut(image, region, _MESH_SIDE_PX)
    points, logit = networks.mesh.run(crop[np.newaxis])
    placed = _place(points.reshape(-1, 3), region, _MESH_SIDE_PX)
    return Mesh(placed, float(1.0 / (1.0 + np.exp(-np.clip(logit.item(), -50.0, 50.0)))))


def fit_eyes(networks: Networks, image: ImageArray, points_px: FloatArray) -> tuple[Eye, Eye]:
    """Fit the eye network to both eyes of a face: the subject's right, then left."""
    right = _fit_eye(networks, image, points_px, RIGHT_EYE_CORNERS, mirrored=True)
    left = _fit_eye(networks, image, points_px, LEFT_EYE_CORNERS, mirrored=False)
    return right, left


def _fit_eye(
    networks: Networks, image: ImageArray, points_px: FloatArray, corners: tuple[int, int], *, mirrored: bool
) -> Eye:
    eye = points_px[list(corners), :2]
    centre = eye.mean(axis=0)
    width_px = float(np.linalg.norm(eye[0] - eye[1]))
    angle_rad = region_of_mesh(points_px).angle_rad
    region = Region(float(centre[0]), float(centre[1]), _EYE_MARGIN * width_px, angle_rad)
    crop = cut(image, region, _IRIS_SIDE_PX)
    # The network knows left eyes only; a right eye is one in a mirror.
    contour, iris = networks.iris.run(np.ascontiguousarray(crop[:, ::-1] if mirrored else crop)[np.newaxis])
    centre_in_crop = iris.reshape(-1, 3)[:1].copy()
    if mirrored:
        centre_in_crop[:, 0] = _IRIS_SIDE_PX - centre_in_crop[:, 0]
    return Eye(_place(centre_in_crop, region, _IRIS_SIDE_PX)[0, :2], _openness(contour.reshape(-1, 3)[:, :2]))


def _openness(contour: FloatArray) -> float:
    gaps = np.linalg.norm(contour[list(_LOWER_LID)] - contour[list(_UPPER_LID)], axis=1)
    return float(gaps.mean() / np.linalg.norm(contour[_EYE_CORNERS[0]] - contour[_EYE_CORNERS[1]]))


def cut(image: ImageArray, region: Region, side_px: int) -> ImageArray:
    """Cut an upright square of a given size out of a picture, black outside it."""
    cosine, sine = np.cos(region.angle_rad), np.sin(region.angle_rad)
    scale = side_px / region.side_px
    matrix = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0]]) * scale
    # OpenCV counts from the middle of the first pixel, the networks from its edge: half a pixel apart. Left
    # out, every iris lies a degree of gaze to one side.
    matrix[:, 2] = side_px / 2 - 0.5 - matrix[:, :2] @ (region.centre_x_px, region.centre_y_px)
    # A much larger face than the crop needs area averaging, or fine texture turns into noise.
    flags = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    return np.asarray(cv2.warpAffine(image, matrix, (side_px, side_px), flags=flags), dtype=np.uint8)


def _place(points: FloatArray, region: Region, side_px: int) -> FloatArray:
    """Bring points from a crop to the picture."""
    scale = region.side_px / side_px
    placed = np.empty_like(points)
    placed[:, :2] = (points[:, :2] - side_px / 2) @ _rotation(region.angle_rad).T * scale
    placed[:, :2] += (region.centre_x_px, region.centre_y_px)
    placed[:, 2] = points[:, 2] * scale
    return placed


def _rotation(angle_rad: float) -> FloatArray:
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[cosine, -sine], [sine, cosine]], dtype=np.float32)
