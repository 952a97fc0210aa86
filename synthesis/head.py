"""Turns the head of a flat portrait in three dimensions.

Every pixel of the picture is given a depth: that of the face mesh inside the face, that of the head's middle
at its outline (the outline of an ellipsoid stays where it is when the ellipsoid turns: only what is painted
on it moves). A pixel then goes where a rigid turn about the neck takes it, times a weight that is one on the
head and falls off through neck and backdrop, so that nothing tears. The picture needs the opposite, which
pixel comes from where, and gets it by fixed-point iteration on a coarse grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import LinearNDInterpolator

from backchannel.arrays import FloatArray
from synthesis.mesh import CHIN, Matrix
from synthesis.portrait import Portrait

GRID_PX = 4
"""Spacing of the coarse grid, px of the picture."""

HEAD_MIDDLE_DEPTH_FW = 0.75
"""Depth of the plane through both ears behind the eye corners, face widths (the mesh puts the ears there)."""

PIVOT_DEPTH_FW = 0.85
"""Depth of the upper neck joint, face widths; its height is that of the chin."""

CAMERA_DISTANCE_FW = 5.5
"""About half a metre, as at a desk."""

FALLOFF_FW = 1.6
"""The turn fades to nothing over this distance outside the head, face widths."""

_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class HeadWarp:
    """A portrait prepared for turning. Arrays are on the coarse grid, lengths in px of the picture.

    Attributes
    ----------
    place
        (h, w, 3) x, y and depth of each grid point at rest.
    head, body
        (h, w) share of the head's and of the whole person's motion that each point takes part in.
    pivot
        (3,) the neck.
    rest_rotation
        (3, 3) the portrait's own pose, in face axes.
    rest_pose_deg
        Pitch, yaw, roll of the portrait itself.
    """

    place: Matrix
    head: Matrix
    body: Matrix
    pivot: Matrix
    rest_rotation: Matrix
    rest_pose_deg: tuple[float, float, float]
    size_px: tuple[int, int]
    distance_px: float
    spacing_px: tuple[float, float]

    def source_map(self, pitch_deg: float, yaw_deg: float, roll_deg: float, lean: float) -> FloatArray:
        """Where each pixel of the turned picture comes from.

        Angles are added to the portrait's own, so that a perfect measurement of the result less one of the
        portrait gives exactly them.

        Returns
        -------
        FloatArray
            (height, width, 2) px, for `cv2.remap`.
        """
        moved = self._forward(pitch_deg, yaw_deg, roll_deg, lean).astype(np.float32)
        grid = self.place[..., :2].astype(np.float32)
        offset, step = grid[0, 0], np.array(self.spacing_px, dtype=np.float32)
        found = grid - moved
        for _ in range(_ROUNDS):
            at = (found - offset) / step
            there = cv2.remap(
                moved, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            # Damped: where the face turns out of sight the map folds, and would swing back and forth.
            found += np.float32(0.75) * (grid - there - found)
        return np.asarray(cv2.resize(found, self.size_px, interpolation=cv2.INTER_LINEAR), dtype=np.float32)

    def _forward(self, pitch_deg: float, yaw_deg: float, roll_deg: float, lean: float) -> Matrix:
        """(h, w, 2) px that each grid point moves by."""
        pitch, yaw, roll = self.rest_pose_deg
        target = rotation(pitch + pitch_deg, yaw + yaw_deg, roll + roll_deg)
        turn = _TO_PICTURE @ target @ self.rest_rotation.T @ _TO_PICTURE
        turned = (self.place - self.pivot) @ turn.T + self.pivot
        nearer = (self.distance_px + self.place[..., 2]) / (self.distance_px + turned[..., 2])
        # The camera looks at the middle of the picture: what comes nearer grows away from there.
        middle = (np.array(self.size_px) - 1) / 2
        seen = middle + (turned[..., :2] - middle) * nearer[..., None]
        moved = (seen - self.place[..., :2]) * self.head[..., None]
        neck = self.pivot[:2]
        grown = lean * (self.place[..., :2] + moved - neck) * self.body[..., None]
        return np.asarray(moved + grown)


_TO_PICTURE = np.diag([1.0, -1.0, -1.0])
"""Face axes (x subject's left, y up, z out of the face) to picture axes (x right, y down, z away)."""


def rotation(pitch_deg: float, yaw_deg: float, roll_deg: float) -> Matrix:
    """(3, 3) rotation in face axes: roll first, then pitch (+ up), then yaw (+ the subject's left)."""
    (cp, cy, cr), (sp, sy, sr) = (f(np.radians([pitch_deg, yaw_deg, roll_deg])) for f in (np.cos, np.sin))
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    rise = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    tilt = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return np.asarray(turn @ rise @ tilt)


def prepare_head(portrait: Portrait, rest_pose_deg: tuple[float, float, float]) -> HeadWarp:
    """Give every pixel of a portrait its depth and its share of the motion."""
    high, wide = portrait.picture.shape[:2]
    rows, columns = max(high // GRID_PX, 60), max(wide // GRID_PX, 80)
    step_x, step_y = wide / columns, high / rows
    # Centres of equal cells: the alignment that cv2.resize uses to go back to full size.
    x = (np.arange(columns) + 0.5) * step_x - 0.5
    y = (np.arange(rows) + 0.5) * step_y - 0.5
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    unit = portrait.face_width_px
    chin = portrait.points_px[CHIN]
    return HeadWarp(
        place=np.concatenate([grid, _depth(portrait, grid)[..., None]], axis=-1),
        head=_fade(_outside_head(portrait, grid) / (FALLOFF_FW * unit)),
        body=_fade(_outside_body(portrait, grid) / (1.5 * unit)),
        pivot=np.array([portrait.head_centre_px[0], chin[1], PIVOT_DEPTH_FW * unit]),
        rest_rotation=rotation(*rest_pose_deg),
        rest_pose_deg=rest_pose_deg,
        size_px=(wide, high),
        distance_px=CAMERA_DISTANCE_FW * unit,
        spacing_px=(step_x, step_y),
    )


def _depth(portrait: Portrait, grid: Matrix) -> Matrix:
    unit, middle = portrait.face_width_px, HEAD_MIDDLE_DEPTH_FW * portrait.face_width_px
    around = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    circle = np.c_[np.cos(around), np.sin(around)]
    rings = [
        np.array(portrait.head_centre_px) + np.array(portrait.head_radii_px) * circle * reach
        for reach in (1.0, 1.3, 2.0, 30.0)
    ]
    # Below the chin the rings would cut through the face: the neck begins at the jaw.
    ring = np.concatenate([r[r[:, 1] < portrait.points_px[CHIN, 1] - 0.3 * unit] for r in rings])
    # Hair bulges toward the camera: a second, smaller ring stands for the front of the fringe.
    floor = portrait.points_px[CHIN, 1] + 0.35 * unit
    below = np.array(
        [[portrait.head_centre_px[0] + k * unit, floor] for k in (-40, -2, -1, -0.5, 0, 0.5, 1, 2, 40)]
    )
    far = np.array([[portrait.head_centre_px[0] + k * unit, floor + 40 * unit] for k in (-40, 40)])
    flat = np.concatenate([portrait.points_px[:, :2], ring, below, far])
    deep = np.concatenate([portrait.points_px[:, 2], np.full(len(flat) - 468, middle)])
    field = LinearNDInterpolator(flat, deep, fill_value=middle)(grid)
    # Smoothed a little: a cliff at the jaw would fold over itself at small angles already.
    spread = 0.07 * unit / (grid[0, 1, 0] - grid[0, 0, 0])
    return np.asarray(cv2.GaussianBlur(field, (0, 0), float(max(spread, 0.5))))


def _outside_head(portrait: Portrait, grid: Matrix) -> Matrix:
    """Distance outside the union of the head's ellipse and the jaw's, px; 0 inside."""
    unit = portrait.face_width_px
    centre, radii = np.array(portrait.head_centre_px), np.array(portrait.head_radii_px)
    reach = np.linalg.norm((grid - centre) / radii, axis=-1)
    head = np.maximum(reach - 1, 0) * radii.mean()
    face = portrait.points_px[:, :2]
    jaw_centre, jaw_radii = face.mean(axis=0), np.ptp(face, axis=0) / 2 * 1.05
    jaw = np.maximum(np.linalg.norm((grid - jaw_centre) / jaw_radii, axis=-1) - 1, 0) * jaw_radii.mean()
    # Downward, through the collar, the motion dies out sooner: shoulders stay.
    below = np.maximum(grid[..., 1] - portrait.points_px[CHIN, 1] - 0.1 * unit, 0)
    return np.asarray(np.minimum(head, jaw) + 0.5 * below)


def _outside_body(portrait: Portrait, grid: Matrix) -> Matrix:
    unit = portrait.face_width_px
    across = np.abs(grid[..., 0] - portrait.head_centre_px[0])
    shoulder = portrait.points_px[CHIN, 1] + 0.5 * unit
    half = np.where(grid[..., 1] < shoulder, 1.3 * unit, 2.6 * unit)
    half = cv2.GaussianBlur(half, (0, 0), 8.0)
    above = np.maximum(portrait.head_centre_px[1] - portrait.head_radii_px[1] - grid[..., 1], 0)
    # The lower edge of the picture stays: below it there is nothing that a lean back could bring into view.
    lower_edge = float(grid[-1, 0, 1])
    below = np.maximum(1.5 * unit - (lower_edge - grid[..., 1]), 0)
    return np.asarray(np.hypot(np.hypot(np.maximum(across - half, 0), above), below))


def _fade(distance: Matrix) -> Matrix:
    return np.asarray((1 + np.cos(np.pi * np.clip(distance, 0, 1))) / 2)
