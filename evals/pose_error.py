"""Does a rendered head turn as far as it says? ``python -m evals.pose_error``.

Renders single turns, finds the mesh in each with the network alone, and compares the rigid rotation from the
mesh at rest (Kabsch) with the scripted one. This is the renderer's error and the network's together.
"""

from __future__ import annotations

import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from synthesis import Look, Performance, Shot, Turn, View, frames_of, truth_of
from synthesis.gestures import Gesture, Tilt
from synthesis.mesh import Matrix, find_mesh, rigid_rotation
from synthesis.portrait import portrait_in

ANGLES_DEG = (-15.0, -10.0, -5.0, 5.0, 10.0, 15.0)
AXES = ("pitch", "yaw", "roll")


def measured_turn_deg(gesture: Gesture, view: View) -> tuple[float, float, float]:
    """Render a gesture's middle and measure it: pitch, yaw and roll, deg, relative to rest."""
    shot = Shot(Performance(gesture.span.end_s + 0.5, (gesture,), sway=None), view, 10.0, Look(noise=0))
    truth = truth_of(shot.performance, shot.frame_rate_hz)
    frames = list(frames_of(shot, truth))
    middle = round((gesture.span.start_s + gesture.span.end_s) / 2 * shot.frame_rate_hz)
    rest, turned = (_points(frames[number], view) for number in (0, middle))
    return _angles_deg(rigid_rotation(rest, turned))


def errors_deg(view: View) -> Matrix:
    """(axis, angle) measured less scripted, deg, for every axis and every angle of `ANGLES_DEG`."""
    rows = []
    for axis in range(3):
        row = []
        for angle in ANGLES_DEG:
            turns: tuple[Gesture, ...] = (
                Turn(0.2, 1.0, pitch_deg=angle),
                Turn(0.2, 1.0, yaw_deg=angle),
                Tilt(0.2, 1.0, roll_deg=angle),
            )
            row.append(measured_turn_deg(turns[axis], view)[axis] - angle)
        rows.append(row)
    return np.array(rows)


def _points(frame: ImageArray, view: View) -> FloatArray:
    flat = portrait_in(view).points_px[:, :2]
    centre = (flat.min(axis=0) + flat.max(axis=0)) / 2
    return find_mesh(frame, (float(centre[0]), float(centre[1])), 1.75 * view.face_width_px)


def _angles_deg(rotation: Matrix) -> tuple[float, float, float]:
    # Picture axes: x right, y down, z away. Up is a turn from -y toward -z, left one from -z toward x.
    pitch = np.arcsin(np.clip(rotation[1, 2], -1, 1))
    yaw = np.arctan2(-rotation[0, 2], rotation[2, 2])
    roll = np.arctan2(rotation[1, 0], rotation[1, 1])
    return float(np.degrees(pitch)), float(np.degrees(yaw)), float(np.degrees(roll))


def main() -> None:
    """Print the table."""
    errors = errors_deg(View())
    print("measured less scripted, deg")
    print("axis  " + "".join(f"{angle:8.0f}" for angle in ANGLES_DEG))
    for axis, row in zip(AXES, errors, strict=True):
        print(f"{axis:6}" + "".join(f"{error:8.1f}" for error in row))
    print(f"mean absolute error {np.abs(errors).mean():.2f}, largest {np.abs(errors).max():.1f}")


if __name__ == "__main__":
    main()
