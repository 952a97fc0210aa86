"""Moves the brows of a flat texture: each up by itself, or both down and together with the shade that falls.

Fields of motion are looked up where things end: a plateau lies where a brow will be, not where it was.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from backchannel.arrays import FloatArray
from synthesis.mesh import Matrix

BROW_RISE_FW = 0.1
"""A full raise, face widths: 9 mm."""

FURROW_FALL_FW, FURROW_DRAW_FW = 0.085, 0.06
"""A full furrow lowers the inner end of a brow so far, and draws it inward so far: 8 and 5 mm."""

_OUTER_SHARE = 0.6
"""Share of the fall toward the outer end: the whole brow sinks, the inner end most (Ekman's unit 4)."""

_RIGHT, _LEFT = (70, 63, 105, 66, 107), (336, 296, 334, 293, 300)
_RIGHT_LOWER, _LEFT_LOWER = (46, 53, 52, 65, 55), (285, 295, 282, 283, 276)
_UPPER_LIDS = (159, 386)

_LINE_AT_FW, _LINE_WIDTH_FW, _LINE_HEIGHT_FW, _LINE_DEPTH = 0.06, 0.014, 0.09, 0.3
_SHADOW_DEPTH = 0.45
"""Set by looking (judgement). Moved without it, the brows sink to the eye but hardly to the mesh network."""
_SKIN_SHADE = np.array([0.7, 0.95, 1.0])
"""Light that has been through skin is red: in its folds the red fades last."""


def brow_rise(
    points: FloatArray, side: Literal["left", "right"], size: tuple[int, int], unit: float
) -> Matrix:
    """(h, w, 2) px, one brow rises whole, the lid stretches below it, the forehead gives way above."""
    brow = points[list(_RIGHT if side == "right" else _LEFT)]
    order = brow[:, 0].argsort()
    y, x = np.indices(size)
    middle = np.interp(x[0], brow[order, 0], brow[order, 1]) - BROW_RISE_FW * unit
    above = np.clip((y - middle + 0.28 * unit) / (0.22 * unit), 0, 1)
    ends = np.maximum(np.maximum(brow[:, 0].min() - x, x - brow[:, 0].max()) / (0.16 * unit), 0)
    lid = points[_UPPER_LIDS[0 if side == "right" else 1], 1]
    share = above * np.exp(-(ends**2)) * np.clip((lid - 0.02 * unit - y) / (0.17 * unit), 0, 1)
    return np.asarray(share[..., None] * np.array([0.0, -BROW_RISE_FW * unit]))


def brow_furrow(points: FloatArray, size: tuple[int, int], unit: float) -> Matrix:
    """(h, w, 2) px, both brows sink and draw together; lids fold below, the forehead stretches above."""
    y = np.arange(size[0])[:, None]
    from_middle, along = _across(points, size[1], unit)
    fall = FURROW_FALL_FW * (1 - (1 - _OUTER_SHARE) * _ease(along))
    brow = _heights(points, (*_RIGHT, *_LEFT), size[1]) + fall * unit
    lid = _heights(points, _UPPER_LIDS, size[1])
    share = _ease((y - brow) / (0.25 * unit) + 1) * _ease((lid - 0.01 * unit - y) / (0.1 * unit))
    share = share * np.exp(-((np.maximum(along - 1, 0) / 0.35) ** 2))
    # Skin between the brows is pushed together: the middle itself stays.
    draw = FURROW_DRAW_FW * (1 - _ease((along - 0.2) / 0.8)) * np.clip(np.abs(from_middle) / 0.06, 0, 1)
    return np.stack([share * -np.sign(from_middle) * draw, share * fall], axis=-1) * unit


def furrow_shade(points: FloatArray, size: tuple[int, int], unit: float) -> FloatArray:
    """(h, w, 3) 0..1, light that a full furrow leaves: two upright folds, and the shadow under the brows."""
    y = np.arange(size[0])[:, None]
    from_middle, along = _across(points, size[1], unit)
    upper = _heights(points, (*_RIGHT, *_LEFT), size[1])
    fold = np.exp(-(((np.abs(from_middle) - _LINE_AT_FW) / _LINE_WIDTH_FW) ** 2))
    fold = fold * np.exp(-(((y - upper - FURROW_FALL_FW * unit) / (_LINE_HEIGHT_FW * unit)) ** 2))
    under = _heights(points, (*_RIGHT_LOWER, *_LEFT_LOWER), size[1]) + (FURROW_FALL_FW + 0.01) * unit
    shadow = np.exp(-(((y - under) / (0.05 * unit)) ** 2)) * np.exp(-(((along - 0.4) / 0.5) ** 4))
    # The bridge of the nose stands out into the light.
    shadow = shadow * _ease(np.abs(from_middle) / 0.14)
    dark = np.maximum(_LINE_DEPTH * fold, _SHADOW_DEPTH * shadow)
    return np.asarray(1 - dark[..., None] * _SKIN_SHADE, dtype=np.float32)


def _across(points: FloatArray, width: int, unit: float) -> tuple[Matrix, Matrix]:
    """(w,) face widths from between the brows; and 0 at their inner ends, 1 at their outer ends."""
    outer, inner = points[[_RIGHT[0], _LEFT[-1]], 0], points[[_RIGHT[-1], _LEFT[0]], 0]
    from_middle = np.arange(width) - inner.mean()
    along = (2 * np.abs(from_middle) - np.ptp(inner)) / (np.ptp(outer) - np.ptp(inner))
    return np.asarray(from_middle / unit), np.asarray(np.maximum(along, 0))


def _heights(points: FloatArray, line: tuple[int, ...], width: int) -> Matrix:
    """(w,) height in each column of a line through points, px; level beyond its ends."""
    return np.interp(np.arange(width), *points[list(line)].T)


def _ease(share: Matrix) -> Matrix:
    """From 0 to 1 without a corner."""
    return np.asarray((1 - np.cos(np.pi * np.clip(share, 0, 1))) / 2)
