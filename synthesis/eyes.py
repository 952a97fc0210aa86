"""Moves the eyes of a portrait: the iris by a known angle, the upper lid by a known share of the opening."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from backchannel.arrays import FloatArray
from synthesis.mesh import Matrix

EYEBALL_RADIUS_FW = 12.0 / 90.0
"""12 mm of eyeball (Gullstrand's eye) over about 90 mm from outer eye corner to outer eye corner."""

IRIS_RADIUS_FW = 5.9 / 90.0
"""Half of the 11.8 mm that irises measure, nearly alike in all people (Rufer 2005)."""

LID_FOLLOWS_PER_DEG = 0.018
"""Share of the opening that the upper lid sinks by for each degree of looking down."""

_RIGHT_UPPER, _RIGHT_LOWER = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
)
_LEFT_UPPER = (362, 398, 384, 385, 386, 387, 388, 466, 263)
_LEFT_LOWER = (362, 382, 381, 380, 374, 373, 390, 249, 263)


@dataclass(frozen=True, slots=True)
class Eye:
    """One eye of a texture, prepared. Lengths in px of the texture; arrays are on the eye's own patch.

    Attributes
    ----------
    corner
        (row, column) of the patch's first pixel in the texture.
    upper, lower
        (w,) height of each lid's margin in each column of the patch.
    white, iris
        (h, w, 3) the eyeball without its iris, and the iris where the portrait has it.
    iris_share
        (h, w) 1 on the iris, 0 off it, soft between.
    opening
        (h, w) 1 between the lids, soft at the margins, and at the corners.
    unit
        Face width, px.
    """

    corner: tuple[int, int]
    upper: Matrix
    lower: Matrix
    original: FloatArray
    white: FloatArray
    iris: FloatArray
    iris_share: FloatArray
    opening: FloatArray
    unit: float

    def drawn(self, yaw_deg: float, pitch_deg: float, closure: float) -> FloatArray:
        """(h, w, 3) the patch with the iris turned and the lid lowered."""
        yaw, pitch = np.radians([yaw_deg, pitch_deg])
        shift = EYEBALL_RADIUS_FW * self.unit * np.array([np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])
        sunk = float(np.clip(closure + LID_FOLLOWS_PER_DEG * max(0.0, -pitch_deg) * (1 - closure), 0, 1))
        return self._lowered(self._turned(shift), sunk)

    def _turned(self, shift: Matrix) -> FloatArray:
        high, wide = self.opening.shape
        move = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
        iris = cv2.warpAffine(self.iris, move, (wide, high), borderMode=cv2.BORDER_REPLICATE)
        share = cv2.warpAffine(self.iris_share, move, (wide, high))[..., None]
        ball = self.white * (1 - share) + iris * share
        # An iris that has not moved is the portrait's own, to the last highlight.
        moved = min(1.0, float(np.linalg.norm(shift)) / (0.004 * self.unit))
        seen = moved * self.opening[..., None]
        return np.asarray(self.original * (1 - seen) + ball * seen, dtype=np.float32)

    def _lowered(self, patch: FloatArray, closure: float) -> FloatArray:
        if closure <= 0:
            return patch
        high, wide = self.opening.shape
        y = np.arange(high, dtype=np.float64)[:, None]
        down = closure * (self.lower - self.upper)
        lash = 0.035 * self.unit
        crease = self.upper - 0.13 * self.unit
        # The margin with its lashes comes down as it is; the fold above it is drawn out.
        fold = np.clip((y - crease) / np.maximum(self.upper + down - lash - crease, 1), 0, 1)
        source_y = y - down * fold
        source_x = np.broadcast_to(np.arange(wide), (high, wide))
        lid = cv2.remap(
            patch, source_x.astype(np.float32), source_y.astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        covered = np.clip(self.upper + down - y + 0.5, 0, 1)[..., None]
        return np.asarray(lid * covered + patch * (1 - covered), dtype=np.float32)


def prepare_eyes(texture: FloatArray, points: FloatArray, unit: float) -> tuple[Eye, Eye]:
    """Take both eyes out of a texture: the subject's right, then left.

    Parameters
    ----------
    texture
        (h, w, 3) RGB, 0..255.
    points
        (468, 2) px of the texture.
    unit
        Face width, px of the texture.
    """
    return (
        _prepare(texture, points[list(_RIGHT_UPPER)], points[list(_RIGHT_LOWER)], unit),
        _prepare(texture, points[list(_LEFT_UPPER)], points[list(_LEFT_LOWER)], unit),
    )


def _prepare(texture: FloatArray, upper: FloatArray, lower: FloatArray, unit: float) -> Eye:
    low = np.minimum(upper, lower).min(axis=0) - unit * np.array([0.06, 0.17])
    high = np.maximum(upper, lower).max(axis=0) + unit * np.array([0.06, 0.08])
    left, top = np.floor(low).astype(int)
    right, bottom = np.ceil(high).astype(int)
    patch = texture[top:bottom, left:right].copy()
    columns, rows = np.arange(left, right), np.arange(top, bottom)[:, None]
    up, down = np.interp(columns, *upper.T), np.interp(columns, *lower.T)
    edge = 0.012 * unit
    opening = np.clip((rows - up) / edge, 0, 1) * np.clip((down - rows) / edge, 0, 1)
    centre = _iris_centre(patch, opening) + np.array([left, top])
    radius = np.hypot(columns - centre[0], rows - centre[1])
    share = np.clip((IRIS_RADIUS_FW * unit - radius) / (0.015 * unit) + 0.5, 0, 1)
    return Eye(
        corner=(int(top), int(left)),
        upper=up - top,
        lower=down - top,
        original=patch,
        white=_white(patch, opening, share, up=up, down=down, rows=rows),
        iris=_iris(patch, opening, radius, unit),
        iris_share=share.astype(np.float32),
        opening=opening.astype(np.float32),
        unit=unit,
    )


def _iris_centre(patch: FloatArray, opening: Matrix) -> Matrix:
    """(2,) x, y of the dark disc inside the opening."""
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY).astype(np.float64)
    inside = opening > 0.99
    dark = np.where(inside, np.clip(np.quantile(grey[inside], 0.45) - grey, 0, None), 0)
    y, x = np.indices(dark.shape)
    middle = np.array([np.average(x, weights=dark), np.average(y, weights=dark)])
    # Once more near the first answer only: shadows in the corners of the eye are dark as well.
    near = dark * (np.abs(x - middle[0]) < 0.25 * opening.any(axis=0).sum())
    return np.array([np.average(x, weights=near), np.average(y, weights=near)])


def _white(
    patch: FloatArray, opening: Matrix, iris: Matrix, *, up: Matrix, down: Matrix, rows: Matrix
) -> FloatArray:
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY)
    clear = (opening > 0.9) & (iris < 0.05)
    bright = clear & (grey >= np.quantile(grey[clear], 0.6))
    colour = patch[bright].mean(axis=0)
    # The lid and its lashes throw a shadow on the upper third of the ball.
    depth = np.clip((rows - up) / np.maximum(down - up, 1), 0, 1)
    shade = 0.62 + 0.38 * np.clip(depth / 0.4, 0, 1)
    return np.asarray(colour * shade[..., None], dtype=np.float32)


def _iris(patch: FloatArray, opening: Matrix, radius: Matrix, unit: float) -> FloatArray:
    """Give the iris back what the lids hide: each ring gets the colour of the part of it that shows."""
    steps = np.arange(0, IRIS_RADIUS_FW * 1.4 * unit, 1.0)
    shown = opening > 0.9
    rings = [patch[shown & (np.abs(radius - step) < 1.0)] for step in steps]
    profile = np.array([np.median(ring, axis=0) if len(ring) else np.full(3, 40.0) for ring in rings])
    full = np.stack([np.interp(radius, steps, profile[:, c]) for c in range(3)], axis=-1)
    own = opening[..., None] * np.clip((IRIS_RADIUS_FW * unit - radius) / 2, 0, 1)[..., None]
    return np.asarray(patch * own + full * (1 - own), dtype=np.float32)
