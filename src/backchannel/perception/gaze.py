"""Turns iris positions into degrees.

The eye is a sphere whose centre sits behind the line between its corners. The picture position of the iris
relative to the projected centre is the sine of the gaze angle, so head rotation and eye rotation are put
together in one frame and not added up with made-up weights.
"""

from dataclasses import dataclass

import numpy as np

from backchannel.arrays import FloatArray
from backchannel.perception.geometry import HeadPose, Matrix, direction_angles
from backchannel.perception.mesh import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS, Eye

ROTATION_RADIUS_CM = 1.0
"""Distance from the eye's centre of rotation to the plane of the iris: 9.8 to 10.5 mm (Fry & Hill 1962)."""
CENTRE_DEPTH_CM = 0.45
"""Centre of rotation behind the line between the eye's corners, canonical cm (judgement: the corners lie
about 6 mm behind the cornea, the centre about 13.5 mm behind it, and lids hide the rest)."""
CENTRE_HEIGHT_CM = 0.14
"""Centre of rotation above that line, canonical cm: people who look at the camera measure level with it
(judgement; a person's own centre is learnt later, in the cues)."""


@dataclass(frozen=True, slots=True)
class Gaze:
    """Where both eyes look, deg; zero is at the camera, or straight ahead for the eye in head."""

    yaw_deg: float
    pitch_deg: float
    eye_yaw_deg: float
    eye_pitch_deg: float


def measure_gaze(points_px: FloatArray, eyes: tuple[Eye, Eye], pose: HeadPose) -> Gaze:
    """Measure gaze from the irises of both eyes.

    Parameters
    ----------
    points_px
        (468, 3) px.
    eyes
        The subject's right, then left.
    pose
        The head that the eyes sit in.
    """
    directions = [
        _eye_direction(points_px, eye.iris_px, corners, pose)
        for eye, corners in zip(eyes, (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS), strict=True)
    ]
    # The eye turned away from the camera is seen at a slant and is less certain: weigh by how frontal the
    # eye's side of the head is. At 30 deg of yaw the far eye counts for little.
    lean = float(np.clip(pose.yaw_deg / 30.0, -1.0, 1.0))
    weights = np.array([1.0 + lean, 1.0 - lean])
    direction = weights @ np.array(directions)
    direction /= np.linalg.norm(direction)
    yaw_deg, pitch_deg = direction_angles(direction)
    x, y, z = pose.rotation.T @ direction
    return Gaze(
        yaw_deg,
        pitch_deg,
        float(np.degrees(np.arctan2(x, z))),
        float(np.degrees(np.arcsin(np.clip(y, -1, 1)))),
    )


def _eye_direction(
    points_px: FloatArray, iris_px: FloatArray, corners: tuple[int, int], pose: HeadPose
) -> Matrix:
    middle_px = points_px[list(corners)].astype(np.float64).mean(axis=0)
    centre_px = middle_px + pose.scale_px * pose.rotation @ np.array(
        [0.0, CENTRE_HEIGHT_CM, -CENTRE_DEPTH_CM]
    )
    sine = (iris_px.astype(np.float64) - centre_px[:2]) / (pose.scale_px * ROTATION_RADIUS_CM)
    length = float(np.hypot(*sine))
    if length > 0.95:  # beyond what an eye can do: a misplaced iris, kept inside the sphere
        sine *= 0.95 / length
        length = 0.95
    return np.array([sine[0], sine[1], -np.sqrt(1.0 - length**2)])
