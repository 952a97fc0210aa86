"""The face's own motion on a flat texture: mouth, smile, brows and, through `eyes`, lids and gaze."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from synthesis.brows import brow_furrow, brow_rise, furrow_shade
from synthesis.eyes import Eye, prepare_eyes
from synthesis.mesh import CHIN, Matrix
from synthesis.mouth import Mouth, prepare_mouth
from synthesis.portrait import Portrait, original

FINE_FACE_WIDTH_PX = 100.0
"""Faces are drawn at least this large, then reduced: an iris two pixels wide cannot be turned by a degree."""

_MOUTH_CORNERS = {"right": 61, "left": 291}
_LOWER_LIDS = {"right": (144, 145, 153), "left": (373, 374, 380)}
_CHEEKS = {"right": 205, "left": 425}


@dataclass(frozen=True, slots=True)
class Expression:
    """What a face does in one frame; names and units as in `truth.Truth`."""

    eye_yaw_deg: float = 0.0
    eye_pitch_deg: float = 0.0
    eye_closure_left: float = 0.0
    eye_closure_right: float = 0.0
    smile: float = 0.0
    brow_raise_left: float = 0.0
    brow_raise_right: float = 0.0
    brow_furrow: float = 0.0
    mouth_opening: float = 0.0


@dataclass(frozen=True, slots=True)
class Face:
    """The face's part of a portrait, at fine resolution, ready to be moved.

    Attributes
    ----------
    corner
        (row, column) of its first pixel in the portrait's picture.
    zoom
        Fine pixels per pixel of the picture, a whole number.
    texture
        (h, w, 3) RGB, 0..255, fine.
    fields
        Motion of the texture at full strength, each (h, w, 2) fine px: where its parts go to.
    furrow_shade
        (h, w, 3) 0..1, light that is left under fully furrowed brows and in the folds between them.
    """

    corner: tuple[int, int]
    zoom: int
    texture: FloatArray
    fields: dict[str, FloatArray]
    furrow_shade: FloatArray
    eyes: tuple[Eye, Eye]
    mouth: Mouth

    def drawn(self, expression: Expression) -> ImageArray:
        """(rows, columns, 3) the face in this expression, at the picture's resolution."""
        texture = self.texture.copy()
        closures = (expression.eye_closure_right, expression.eye_closure_left)
        for eye, closure in zip(self.eyes, closures, strict=True):
            patch = eye.drawn(expression.eye_yaw_deg, expression.eye_pitch_deg, closure)
            row, column = eye.corner
            texture[row : row + patch.shape[0], column : column + patch.shape[1]] = patch
        high, wide = texture.shape[:2]
        place = np.stack(np.meshgrid(np.arange(wide), np.arange(high)), axis=-1).astype(np.float32)
        for name, strength in self._strengths(expression):
            if strength:
                place -= np.float32(strength) * self.fields[name]
        drawn = self.mouth.drawn(texture, place, expression.mouth_opening, expression.smile)
        if expression.brow_furrow:
            drawn = drawn * (1 - np.float32(expression.brow_furrow) * (1 - self.furrow_shade))
        if self.zoom > 1:
            small = (wide // self.zoom, high // self.zoom)
            drawn = np.asarray(cv2.resize(drawn, small, interpolation=cv2.INTER_AREA), dtype=np.float32)
        return np.asarray(np.clip(np.rint(drawn), 0, 255), dtype=np.uint8)

    @staticmethod
    def _strengths(expression: Expression) -> tuple[tuple[str, float], ...]:
        return (
            # The portrait smiles. A face at rest is the portrait less its smile.
            ("smile", expression.smile - 1),
            ("brow_left", expression.brow_raise_left),
            ("brow_right", expression.brow_raise_right),
            ("furrow", expression.brow_furrow),
            ("jaw", expression.mouth_opening),
        )


def prepare_face(portrait: Portrait) -> Face:
    """Cut the face out of a portrait, finely, and work out how each of its parts moves."""
    unit = portrait.face_width_px
    zoom = max(1, round(FINE_FACE_WIDTH_PX / unit))
    flat = portrait.points_px[:, :2]
    high, wide = portrait.picture.shape[:2]
    low = np.maximum(np.floor(flat.min(axis=0) - 0.3 * unit), 0).astype(int)
    far = np.minimum(np.ceil(flat.max(axis=0) + 0.35 * unit), [wide, high]).astype(int)
    size = (far - low) * zoom
    # Centre of fine pixel k is at (k + 0.5) / zoom - 0.5 of the picture's pixels.
    to_picture = np.array(
        [[1 / zoom, 0, low[0] + 0.5 / zoom - 0.5], [0, 1 / zoom, low[1] + 0.5 / zoom - 0.5]]
    )
    to_original = portrait.from_picture[:, :2] @ to_picture
    to_original[:, 2] += portrait.from_picture[:, 2]
    texture = cv2.warpAffine(
        original(), to_original, (int(size[0]), int(size[1])), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)  # fmt: skip
    points = np.asarray((flat - low + 0.5) * zoom - 0.5, dtype=np.float32)
    return Face(
        corner=(int(low[1]), int(low[0])),
        zoom=zoom,
        texture=texture,
        fields=_fields(points, unit * zoom, (int(size[1]), int(size[0]))),
        furrow_shade=furrow_shade(points, (int(size[1]), int(size[0])), unit * zoom),
        eyes=prepare_eyes(texture, points, unit * zoom),
        mouth=prepare_mouth(points, unit * zoom, (int(size[1]), int(size[0]))),
    )


def _fields(points: FloatArray, unit: float, size: tuple[int, int]) -> dict[str, FloatArray]:
    def bump(at: Matrix, reach_x: float, reach_y: float, move_x: float, move_y: float) -> Matrix:
        """One soft push: where, how far it reaches and by how much, face widths; y is up."""
        y, x = np.indices(size)
        strength = np.exp(-(((x - at[0]) / (reach_x * unit)) ** 2 + ((y - at[1]) / (reach_y * unit)) ** 2))
        return np.asarray(strength[..., None] * np.array([move_x, -move_y]) * unit)

    fields: dict[str, Matrix] = {name: np.zeros((*size, 2)) for name in ("smile", "jaw")}
    for side, out in (("right", -1.0), ("left", 1.0)):
        corner, cheek = points[_MOUTH_CORNERS[side]], points[_CHEEKS[side]]
        fields["smile"] += bump(corner, 0.22, 0.18, out * 0.055, 0.055)
        # A dropping jaw draws the corners in: by about a third of the gap.
        fields["jaw"] += bump(corner, 0.22, 0.18, -out * 0.35, 0.0)
        fields["smile"] += bump(cheek, 0.22, 0.2, 0.0, 0.02)
        fields["smile"] += bump(points[list(_LOWER_LIDS[side])].mean(axis=0), 0.16, 0.06, 0.0, 0.016)
    chin = points[CHIN]
    fields["smile"] += bump(chin - [0, 0.25 * unit], 0.3, 0.15, 0.0, -0.01)
    fields["brow_left"] = brow_rise(points, "left", size, unit)
    fields["brow_right"] = brow_rise(points, "right", size, unit)
    fields["furrow"] = brow_furrow(points, size, unit)
    return {name: np.asarray(field, dtype=np.float32) for name, field in fields.items()}
