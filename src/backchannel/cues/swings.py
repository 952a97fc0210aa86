"""Movements of one angle from turning point to turning point: what nods and shakes are made of.

The track is reduced to its turning points, a zigzag whose reversals are larger than the measurement's jitter,
and each movement between two of them is measured without the rest around it.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import convolve1d, map_coordinates

from backchannel.arrays import FloatArray
from backchannel.cues.face_view import RATE_HZ
from backchannel.cues.series import quantile

STEPS = 4
"""Turning points and edges lie between frames: the track is analysed on a grid this many times as fine."""
FINE_HZ = RATE_HZ * STEPS

_SMOOTHING = np.array([0.25, 0.5, 0.25], np.float32)

_LOW, _HIGH = 0.2, 0.8
_BEYOND = 0.72
"""A movement from rest to rest has the shape of half a cosine (Flash & Hogan 1985 find nearly that): from the
times at which it has done 20% and 80% of its way, it began and ended so many times their distance outside."""


@dataclass(frozen=True, slots=True)
class Swing:
    """One movement from a turning point to the next: between which fine rows, and how far, deg, signed."""

    start: float
    end: float
    size_deg: float

    @property
    def duration_s(self) -> float:
        """Length of the movement itself, s."""
        return (self.end - self.start) / FINE_HZ


def fine_track(track: FloatArray, *, noisy: bool) -> FloatArray:
    """Lay a smooth curve through a track; where jitter would decide what turns, through its running mean."""
    track = convolve1d(track, _SMOOTHING, mode="nearest") if noisy else track
    fine_rows = np.arange((track.size - 1) * STEPS + 1) / STEPS
    return np.asarray(map_coordinates(track, [fine_rows], order=3, mode="mirror"), dtype=np.float32)


def jitter_deg(track: FloatArray) -> float:
    """Measurement noise, deg: the part of the track no head can move fast enough to make.

    From the quieter third of the rows: a nod that fills half of a short recording is no noise.
    """
    if track.size < 8:
        return 0.5
    wiggle = np.abs(track[2:] - 2 * track[1:-1] + track[:-2])
    # A third of a normal distribution lies within 0.43 standard deviations; a second difference has sqrt(6).
    return quantile(wiggle, 1 / 3) / 0.43 / math.sqrt(6.0)


def turning_points(track: FloatArray, reversal_deg: float) -> list[int]:
    """Rows where the track comes from at least `reversal_deg` away and goes as far back."""
    turns: list[int] = []
    direction = 0
    rows = _extrema(track)
    low = high = rows[0]
    lowest = highest = float(track[low])
    for row, angle in zip(rows, track[rows].tolist(), strict=True):
        if angle > highest:
            high, highest = row, angle
        if angle < lowest:
            low, lowest = row, angle
        if direction >= 0 and highest - angle >= reversal_deg:
            turns.append(high)
            direction, low, lowest, high, highest = -1, row, angle, row, angle
        elif direction <= 0 and angle - lowest >= reversal_deg:
            turns.append(low)
            direction, low, lowest, high, highest = 1, row, angle, row, angle
    return turns


def _extrema(track: FloatArray) -> list[int]:
    """Rows where the track stops rising or falling, and its ends: nothing turns between two of them."""
    step = np.diff(track)
    inner: list[int] = (np.flatnonzero(step[1:] * step[:-1] <= 0) + 1).tolist()
    return [0, *inner, track.size - 1]


def measure_swing(track: FloatArray, start: int, end: int) -> Swing:
    """Measure the movement between two rows: when it begins and ends, without the rest around it."""
    size_deg = float(track[end] - track[start])
    done = (track[start : end + 1] - track[start]) / (size_deg or 1.0)
    if end - start < 2:
        return Swing(start, end, size_deg)
    left = _crossing(done, _LOW)
    arrived = done.size - 1 - _crossing(1.0 - done[::-1], 1.0 - _HIGH)
    beyond = _BEYOND * max(arrived - left, 0.0)
    return Swing(start + max(0.0, left - beyond), start + min(float(end - start), arrived + beyond), size_deg)


def _crossing(done: FloatArray, level: float) -> float:
    """Fractional row at which a movement passes a level for good, seen from its start."""
    below = (done <= level)[::-1]
    last = int(below.argmax())
    row = below.size - 1 - last if below[last] else 0
    if row + 1 >= done.size:
        return float(row)
    step = float(done[row + 1] - done[row])
    return row + (float((level - done[row]) / step) if step > 0 else 0.0)


def way_out(track: FloatArray, turn: int, reach_s: float) -> Swing:
    """Measure the way from rest to the first turning point: rest is where the angle is farthest from it."""
    start = max(0, turn - round(reach_s * FINE_HZ))
    return measure_swing(track, start + _farthest(track[start : turn + 1], float(track[turn])), turn)


def way_back(track: FloatArray, turn: int, reach_s: float) -> Swing:
    """Measure the way from the last turning point back to rest."""
    piece = track[turn : turn + round(reach_s * FINE_HZ) + 1]
    return measure_swing(track, turn, turn + _farthest(piece, float(track[turn])))


def _farthest(piece: FloatArray, from_deg: float) -> int:
    return int(np.argmax(np.abs(piece - from_deg)))


def held_s(before: Swing, after: Swing) -> float:
    """Rest between two swings, s."""
    return (after.start - before.end) / FINE_HZ
