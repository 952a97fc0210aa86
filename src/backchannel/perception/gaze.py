"""Convert iris positions to degrees.

The eye is a sphere whose centre sits behind the line between its corners. The picture position of the iris
relative to the projected centre is the sine of the gaze angle, so head rotation and eye rotation are combined
in one frame, not added with arbitrary weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backchannel.arrays import FloatArray
from backchannel.perception.geometry import HeadPose, Matrix, direction_angles
from backchannel.perception.mesh import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS

ROTATION_RADIUS_CM = 1.0
"""Distance from the eye's centre of rotation to the plane of the iris: 9.8 to 10.5 mm (Fry & Hill 1962)."""
CENTRE_DEPTH_CM = 0.45
"""Centre of rotation behind the line between the eye's corners, canonical cm (judgement: the corners lie
about 6 mm behind the cornea, the centre about 13.5 mm behind it, and lids hide the rest)."""
CENTRE_HEIGHT_CM = 0.14
"""Centre of rotation above that line, canonical cm: people who look at the camera measure level with it
(judgement; the cues learn a person's own centre later)."""


_MAX_SINE = 0.95  # more than an eye can turn: a misplaced iris, kept inside the sphere
_CENTRE_CM = np.array([0.0, CENTRE_HEIGHT_CM, -CENTRE_DEPTH_CM])


@dataclass(frozen=True, slots=True)
class Gaze:
    """Where both eyes look in n frames, (n,) deg; zero is at the camera, or straight ahead in the head."""

    yaw_deg: FloatArray
    pitch_deg: FloatArray
    eye_yaw_deg: FloatArray
    eye_pitch_deg: FloatArray


def eyes_in_head(points_px: FloatArray, iris_px: FloatArray, poses: Sequence[HeadPose]) -> Matrix:
    """Measure in which direction the eyes look, from the irises of both.

    Parameters
    ----------
    points_px
        (n, 468, 3) px.
    iris_px
        (n, 2, 2) px, the subject's right eye, then left.
    poses
        The heads that the eyes belong to.

    Returns
    -------
    (n, 3) directions of length 1, in face axes.
    """
    rotation, scale_px = _turns(poses), np.array([pose.scale_px for pose in poses])
    right = _eye_direction(points_px[:, RIGHT_EYE_CORNERS], iris_px[:, 0], rotation, scale_px)
    left = _eye_direction(points_px[:, LEFT_EYE_CORNERS], iris_px[:, 1], rotation, scale_px)
    # The camera sees the far eye at a slant, so it is less certain. Weigh each eye by how frontal its side
    # of the head is. At 30 deg of yaw the far eye counts for little.
    lean = np.clip(np.array([pose.yaw_deg for pose in poses])[:, np.newaxis] / 30.0, -1.0, 1.0)
    return _unit(np.einsum("nji,nj->ni", rotation, (1.0 + lean) * right + (1.0 - lean) * left))


def gaze_of(in_head: FloatArray, poses: Sequence[HeadPose]) -> Gaze:
    """Combine (n, 3) directions of the eyes in the head, of any length, with n heads."""
    eyes = _unit(in_head.astype(np.float64))
    x, y, z = eyes.T
    yaw_deg, pitch_deg = direction_angles(np.einsum("nij,nj->ni", _turns(poses), eyes))
    return Gaze(
        yaw_deg=yaw_deg.astype(np.float32),
        pitch_deg=pitch_deg.astype(np.float32),
        eye_yaw_deg=np.degrees(np.arctan2(x, z)).astype(np.float32),
        eye_pitch_deg=np.degrees(np.arcsin(np.clip(y, -1, 1))).astype(np.float32),
    )


def _eye_direction(corners_px: FloatArray, iris_px: FloatArray, rotation: Matrix, scale_px: Matrix) -> Matrix:
    """(n, 3) directions of length 1, in picture axes, of one eye with (n, 2, 3) corners."""
    middle_px = corners_px.astype(np.float64).mean(axis=1)
    centre_px = middle_px + scale_px[:, np.newaxis] * (rotation @ _CENTRE_CM)
    sine = (iris_px.astype(np.float64) - centre_px[:, :2]) / (scale_px[:, np.newaxis] * ROTATION_RADIUS_CM)
    length = np.linalg.norm(sine, axis=1, keepdims=True)
    sine *= np.minimum(1.0, _MAX_SINE / np.maximum(length, _MAX_SINE))
    return np.column_stack([sine, -np.sqrt(1.0 - (sine**2).sum(axis=1))])


def _turns(poses: Sequence[HeadPose]) -> Matrix:
    return np.array([pose.rotation for pose in poses]).reshape(-1, 3, 3)


def _unit(directions: Matrix) -> Matrix:
    return np.asarray(directions / np.linalg.norm(directions, axis=-1, keepdims=True))
