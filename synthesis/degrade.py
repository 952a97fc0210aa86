"""What light, lens and sensor do to a picture before it is compressed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from backchannel.values import Span
from synthesis.portrait import Portrait

Part = Literal["mouth", "eyes", "lens"]


@dataclass(frozen=True, slots=True)
class Cover:
    """Something in the way for a while: a hand before the mouth or the eyes, or over the whole lens."""

    part: Part
    span: Span


@dataclass(frozen=True, slots=True)
class Look:
    """How the picture is taken.

    Attributes
    ----------
    gain
        Light, 1 as in the portrait; 0.3 is a dim room.
    gamma
        Above 1 darkens the middle tones.
    noise
        Standard deviation of the sensor's noise, of 255. Zero gives frames that can be alike to the last bit.
    blur_px
        Standard deviation of the lens's blur, px.
    covers
        What gets in the way, and when.
    """

    gain: float = 1.0
    gamma: float = 1.0
    noise: float = 1.5
    blur_px: float = 0.0
    covers: tuple[Cover, ...] = ()


class Camera:
    """Applies a `Look`, frame by frame, with noise that the seed decides."""

    def __init__(self, look: Look, portrait: Portrait, seed: int) -> None:
        self._look = look
        self._portrait = portrait
        self._rng = np.random.default_rng([seed, 3])
        tone = 255 * (np.arange(256) / 255 * look.gain).clip(0, 1) ** look.gamma
        self._tone = np.asarray(np.rint(tone), dtype=np.uint8)
        high, wide = portrait.picture.shape[:2]
        # One sheet of noise, shifted anew for every frame: as good as fresh noise, and far cheaper.
        self._sheet = self._rng.normal(0, look.noise, (high * 2, wide * 2)).astype(np.float32)

    def take(self, picture: ImageArray, time_s: float) -> ImageArray:
        """(height, width, 3) the picture as the camera gives it."""
        for cover in self._look.covers:
            if cover.span.start_s <= time_s < cover.span.end_s:
                picture = _covered(picture, cover.part, self._portrait)
        if self._look.blur_px > 0:
            picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), self._look.blur_px), dtype=np.uint8)
        picture = np.asarray(cv2.LUT(picture, self._tone), dtype=np.uint8)
        return picture if self._look.noise <= 0 else self._noisy(picture)

    def _noisy(self, picture: ImageArray) -> ImageArray:
        high, wide = picture.shape[:2]
        row, column = int(self._rng.integers(high)), int(self._rng.integers(wide))
        sheet = self._sheet[row : row + high, column : column + wide]
        grains = cv2.merge([sheet, sheet, sheet])
        return np.asarray(cv2.add(picture, grains, dtype=cv2.CV_8U), dtype=np.uint8)


def _covered(picture: ImageArray, part: Part, portrait: Portrait) -> ImageArray:
    if part == "lens":
        return np.full_like(picture, 6)
    points, unit = portrait.points_px[:, :2], portrait.face_width_px
    centre = points[[13, 14]].mean(axis=0) if part == "mouth" else points[[33, 263]].mean(axis=0)
    mask: FloatArray = np.zeros(picture.shape[:2], dtype=np.float32)
    radii = (round(0.75 * unit), round(0.36 * unit))
    cv2.ellipse(mask, (round(float(centre[0])), round(float(centre[1]))), radii, 0, 0, 360, 1.0, -1)
    share = cv2.GaussianBlur(mask, (0, 0), 0.03 * unit)[..., None]
    skin = np.array([188.0, 140.0, 118.0])
    return np.asarray(np.rint(picture * (1 - share) + skin * share), dtype=np.uint8)
