"""THE axis table: every angle of a head, its name, sign and unit. Radians never leave this file.

================  ==================================  ==========================================
name              zero                                positive
================  ==================================  ==========================================
pitch             the face points at the camera       up
yaw               the face points at the camera       toward the subject's left (image right)
roll              the eyes are level                  toward the subject's left shoulder
================  ==================================  ==========================================

Picture axes: x right, y down, z away from the camera. Face axes: x toward the subject's left, y up, z out
of the face; unit "cm of the canonical face", and the *face width* is the distance between its outer eye
corners. A rotation is built as yaw · pitch · roll: roll first (about the face's own z), then pitch, then yaw.
"""

import math
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from backchannel.arrays import FloatArray

# Points that talking, smiling, blinking and raising the brows move least: the bridge of the nose, the eye
# corners, the temples, the hairline and the cheekbones (judgement, from the mesh's map).
STABLE_POINTS = (
    6, 197, 195, 168, 5, 122, 351, 196, 419, 188, 412,  # bridge of the nose
    33, 263, 133, 362,  # eye corners
    127, 356, 162, 389, 21, 251, 234, 454,  # temples
    54, 284, 103, 332, 67, 297,  # hairline
    116, 345, 143, 372, 111, 340,  # cheekbones
)  # fmt: skip

_STABLE = np.array(STABLE_POINTS)

# Picture axes of each face axis: y and z change sign.
_FACE_TO_PICTURE = np.diag([1.0, -1.0, -1.0])
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Position of a rigid head.

    Attributes
    ----------
    rotation
        (3, 3) from face axes to picture axes.
    scale_px
        Pixels per canonical centimetre.
    centre_px
        (3,) px of the picture, the face origin (inside the head).
    pitch_deg, yaw_deg, roll_deg
        See the axis table.
    residual
        Root mean square distance of the stable points from the rigid face, in face widths.
    """

    rotation: Matrix
    scale_px: float
    centre_px: Matrix
    pitch_deg: float
    yaw_deg: float
    roll_deg: float
    residual: float


def fit_head(points_px: FloatArray) -> HeadPose:
    """Fit the rigid canonical face to the stable points of a mesh (Umeyama 1991: least squares similarity).

    Parameters
    ----------
    points_px
        (468, 3) px, picture axes.
    """
    source, source_mean, source_spread = _stable_face()
    target = points_px[_STABLE].astype(np.float64)
    target_mean = target.mean(axis=0)
    target -= target_mean
    left, spread, right = np.linalg.svd(target.T @ source)
    handedness = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = (left * handedness) @ right
    match = float(spread @ handedness)
    scale_px = match / source_spread
    # The residual follows from the fit itself (Umeyama 1991, equation 33), without turning the face.
    squares_px = max(0.0, float(np.vdot(target, target)) - match * scale_px)
    pitch_deg, yaw_deg, roll_deg = angles_of_rotation(rotation @ _FACE_TO_PICTURE)
    return HeadPose(
        rotation=rotation @ _FACE_TO_PICTURE,
        scale_px=scale_px,
        centre_px=target_mean - scale_px * rotation @ source_mean,
        pitch_deg=pitch_deg,
        yaw_deg=yaw_deg,
        roll_deg=roll_deg,
        residual=math.sqrt(squares_px / len(STABLE_POINTS)) / (scale_px * face_width_cm()),
    )


def rotation_of_angles(pitch_deg: float, yaw_deg: float, roll_deg: float) -> Matrix:
    """(3, 3) rotation from face axes to picture axes; the inverse of `angles_of_rotation`."""
    pitch, yaw, roll = np.radians([pitch_deg, yaw_deg, roll_deg])
    # In face axes (x left, y up, z out): yaw toward +x turns z toward x, pitch up turns z toward y,
    # roll toward the left shoulder turns y toward x.
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    raise_ = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    lean = np.array([[np.cos(roll), np.sin(roll), 0], [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return np.asarray(_FACE_TO_PICTURE @ turn @ raise_ @ lean)


def angles_of_rotation(rotation: Matrix) -> tuple[float, float, float]:
    """Return pitch, yaw and roll, deg, of a rotation from face axes to picture axes."""
    own = _FACE_TO_PICTURE @ rotation
    yaw_rad = math.atan2(own[0, 2], own[2, 2])
    pitch_rad = math.asin(min(1.0, max(-1.0, own[1, 2])))
    roll_rad = math.atan2(-own[1, 0], own[1, 1])
    return math.degrees(pitch_rad), math.degrees(yaw_rad), math.degrees(roll_rad)


def direction_angles(direction: Matrix) -> tuple[Matrix, Matrix]:
    """Return yaw and pitch, deg, of directions (..., 3) in picture axes; toward the camera is (0, 0)."""
    x, y, z = np.moveaxis(direction, -1, 0)
    return np.degrees(np.arctan2(x, -z)), np.degrees(np.arctan2(-y, np.hypot(x, z)))


def face_coordinates(points_px: FloatArray, pose: HeadPose) -> Matrix:
    """Convert picture points to face axes, in face widths, so that head pose and size drop out.

    Parameters
    ----------
    points_px
        (n, 3) px.

    Returns
    -------
    (n, 3) face widths: x toward the subject's left, y up, z out of the face.
    """
    return (points_px - pose.centre_px) @ pose.rotation / (pose.scale_px * face_width_cm())


@cache
def _stable_face() -> tuple[Matrix, Matrix, float]:
    """Stable points in picture axes about their mean, (n, 3) cm; the mean; the sum of their squares."""
    points = canonical_face()[_STABLE] @ _FACE_TO_PICTURE.T
    mean = points.mean(axis=0)
    return points - mean, mean, float(((points - mean) ** 2).sum())


@cache
def canonical_face() -> Matrix:
    """(468, 3) cm, face axes: MediaPipe's canonical face model."""
    with resources.files("backchannel.perception").joinpath("canonical_face.csv").open("rb") as table:
        return np.loadtxt(table, delimiter=",")


@cache
def face_width_cm() -> float:
    """Distance between the outer eye corners of the canonical face, cm."""
    face = canonical_face()
    return float(np.linalg.norm(face[33] - face[263]))
