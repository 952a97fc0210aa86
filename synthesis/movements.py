"""Movements that are no gesture of the list: beats of a speaker, chewing, music, a camera in a hand.

A movement is a shape in time and the size it has in each column of the truth, so one class moves a head, a
jaw and a camera alike. Sizes are in the unit of the column (see `truth.Truth`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfiltfilt

from backchannel.arrays import FloatArray, TimeArray
from backchannel.values import Span
from synthesis.gestures import Curves, ScriptedCue, plateau

Amounts = tuple[tuple[str, float], ...]
"""Columns of the truth, and how far each moves."""

RATE_HZ = 60.0
"""Chance is drawn at a rate of its own, so that a script moves the same way at every frame rate."""


def _curves(amounts: Amounts, shape: FloatArray) -> Curves:
    return {column: np.asarray(amount * shape, dtype=np.float32) for column, amount in amounts}


@dataclass(frozen=True, slots=True)
class Held:
    """Goes somewhere, stays, and returns: a posture, a pan of the camera."""

    name: str
    start_s: float
    duration_s: float
    amounts: Amounts
    ramp_s: float = 0.5

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(self.start_s, self.start_s + self.duration_s)

    def curves(self, time_s: TimeArray) -> Curves:
        """Each column, from 0 to its amount and back."""
        return _curves(self.amounts, plateau(time_s, self.span, self.ramp_s))

    def cue(self) -> ScriptedCue:
        """Return the label."""
        return ScriptedCue(self.name, self.span, self.duration_s, "s")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A rhythm that goes on: chewing, laughing, walking, moving to music.

    Attributes
    ----------
    rate_hz
        Mean cycles a second.
    amounts
        Peak to peak; every column starts at rest and goes to its amount.
    unsteady
        Relative standard deviation of the length and of the size of a cycle; 0.03 is a metronome's.
    """

    name: str
    start_s: float
    duration_s: float
    rate_hz: float
    amounts: Amounts
    unsteady: float = 0.1
    seed: int = 0

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(self.start_s, self.start_s + self.duration_s)

    def curves(self, time_s: TimeArray) -> Curves:
        """Each column: raised cosines of varying length and size."""
        chance = np.random.default_rng([self.seed, 4])
        count = int(np.ceil(self.duration_s * self.rate_hz * 1.5)) + 2
        lengths_s, sizes = (
            np.clip(1 + self.unsteady * chance.standard_normal((2, count)), 0.4, 1.8)
        ) / np.array([[self.rate_hz], [1.0]])
        borders_s = self.start_s + np.concatenate([[0.0], np.cumsum(lengths_s)])
        turn = np.interp(time_s, borders_s, np.arange(count + 1))
        size = sizes[np.clip(turn.astype(int), 0, count - 1)]
        shape = size * (1 - np.cos(2 * np.pi * turn)) / 2
        ramp_s = 1.0 / self.rate_hz
        return _curves(self.amounts, np.asarray(shape * plateau(time_s, self.span, ramp_s)))

    def cue(self) -> ScriptedCue:
        """Return the label."""
        return ScriptedCue(self.name, self.span, self.rate_hz, "Hz")


@dataclass(frozen=True, slots=True)
class Strokes:
    """Single strokes at given times, each away from rest and back: a speaker's beats.

    Attributes
    ----------
    peaks_s, sizes
        When each stroke is farthest, and how far it goes, in amounts; the same number of both.
    stroke_s
        Length of one stroke, s.
    """

    name: str
    peaks_s: tuple[float, ...]
    sizes: tuple[float, ...]
    amounts: Amounts
    stroke_s: float = 0.4

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(max(0.0, min(self.peaks_s) - self.stroke_s / 2), max(self.peaks_s) + self.stroke_s / 2)

    def curves(self, time_s: TimeArray) -> Curves:
        """Each column: a raised cosine at each peak; strokes add up where they overlap."""
        shape = np.zeros(time_s.size)
        for peak_s, size in zip(self.peaks_s, self.sizes, strict=True):
            phase = np.clip((time_s - peak_s) / self.stroke_s, -0.5, 0.5)
            shape += size * (1 + np.cos(2 * np.pi * phase)) / 2
        return _curves(self.amounts, shape)

    def cue(self) -> ScriptedCue:
        """Return the label."""
        return ScriptedCue(self.name, self.span, float(len(self.peaks_s)), "strokes")


@dataclass(frozen=True, slots=True)
class Wander:
    """Moves at random within a band: a hand that holds a camera.

    Attributes
    ----------
    amounts
        Standard deviation; all columns move together.
    band_hz
        Lowest and highest frequency.
    """

    name: str
    start_s: float
    duration_s: float
    amounts: Amounts
    band_hz: tuple[float, float] = (0.3, 2.5)
    seed: int = 0

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(self.start_s, self.start_s + self.duration_s)

    def curves(self, time_s: TimeArray) -> Curves:
        """Each column: band-limited noise that begins and ends at rest."""
        chance = np.random.default_rng([self.seed, 5])
        pad = int(4 * RATE_HZ)
        count = int(np.ceil(self.duration_s * RATE_HZ)) + 1
        white = chance.standard_normal(count + 2 * pad)
        noise = sosfiltfilt(butter(2, self.band_hz, "bandpass", fs=RATE_HZ, output="sos"), white)
        noise = (noise / noise.std())[pad : pad + count]
        shape = np.interp(time_s - self.start_s, np.arange(count) / RATE_HZ, noise)
        return _curves(self.amounts, np.asarray(shape * plateau(time_s, self.span, 0.5)))

    def cue(self) -> ScriptedCue:
        """Return the label."""
        return ScriptedCue(self.name, self.span, self.duration_s, "s")


Movement = Held | Rhythm | Strokes | Wander
