"""Finds back-and-forth swings of one angle: what nods and shakes have in common.

The track is reduced to its turning points (a zigzag whose reversals are larger than the person's jitter);
quick neighbouring swings of like size are chained. What counts is regularity, not energy: a speaker's
emphasis has as much energy as a nod.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import convolve1d

from backchannel.arrays import FloatArray
from backchannel.cues.face_view import RATE_HZ
from backchannel.cues.spans import longer_than, runs
from backchannel.cues.thresholds import CueThresholds

_SMOOTHING = np.array([0.25, 0.5, 0.25], np.float32)
_MAX_HOLD_S = 0.25
"""Longest rest between two swings of one movement (judgement)."""


@dataclass(frozen=True, slots=True)
class Swing:
    """One movement from a turning point to the next: rows, and signed size as measured, deg."""

    start: int
    end: int
    size_deg: float


@dataclass(frozen=True, slots=True)
class Oscillation:
    """A chain of swings.

    Attributes
    ----------
    start, end
        Rows, end exclusive.
    cycles
        Swings over two.
    peak_to_peak_deg
        Median size of the swings, deg.
    rate_hz
        Cycles a second.
    balance
        Smallest over largest swing, 0..1.
    starts_down
        The first swing is negative.
    """

    start: int
    end: int
    cycles: float
    peak_to_peak_deg: float
    rate_hz: float
    balance: float
    starts_down: bool

    @property
    def duration_s(self) -> float:
        """Length, s."""
        return (self.end - self.start) / RATE_HZ


def find_oscillations(along: FloatArray, across: FloatArray, limits: CueThresholds) -> Iterator[Oscillation]:
    """Find the oscillations of one angle that are not really of the other.

    Parameters
    ----------
    along, across
        (n,) deg on the grid: the angle in question and the one across it. NaN where not measured.
    limits
        The thresholds of nod or shake.
    """
    for start, end in longer_than(runs(np.isfinite(along)), 5):
        track = convolve1d(along[start:end], _SMOOTHING, mode="nearest")
        other = convolve1d(across[start:end], _SMOOTHING, mode="nearest")
        jitter_deg = _jitter_deg(along[start:end])
        reversal_deg = max(limits["min_peak_to_peak_deg"] * 0.5, limits["noise_factor"] * jitter_deg)
        for chain in _chains(_swings(track, along[start:end], reversal_deg), limits):
            found = _describe(chain, start)
            if found.peak_to_peak_deg >= max(
                limits["min_peak_to_peak_deg"], limits["noise_factor"] * jitter_deg
            ) and _dominates(track, other, chain, limits["min_power_ratio"]):
                yield found


def _jitter_deg(track: FloatArray) -> float:
    """Measurement noise, deg: the part of the track no head can move fast enough to make."""
    if track.size < 8:
        return 0.5
    wiggle = track[2:] - 2 * track[1:-1] + track[:-2]
    return float(np.median(np.abs(wiggle))) * 1.4826 / math.sqrt(6.0)


def _swings(smooth: FloatArray, track: FloatArray, reversal_deg: float) -> list[Swing]:
    turns = _turning_points(smooth, reversal_deg)
    return [_tightened(smooth, track, one, other) for one, other in pairwise(turns)]


def _turning_points(track: FloatArray, reversal_deg: float) -> list[int]:
    """Rows where the track turns back by at least `reversal_deg`, ends included."""
    turns, low, high, direction = [0], 0, 0, 0
    for row in range(1, track.size):
        if track[row] > track[high]:
            high = row
        if track[row] < track[low]:
            low = row
        if direction >= 0 and track[high] - track[row] >= reversal_deg:
            turns.append(high)
            direction, low, high = -1, row, row
        elif direction <= 0 and track[row] - track[low] >= reversal_deg:
            turns.append(low)
            direction, low, high = 1, row, row
    turns.append(high if direction > 0 else low if direction < 0 else track.size - 1)
    return sorted(set(turns))


def _tightened(smooth: FloatArray, track: FloatArray, start: int, end: int) -> Swing:
    """Leave out the rest before and after the movement itself, which belongs to no swing."""
    moved_deg = float(smooth[end] - smooth[start])
    margin = 0.1 * abs(moved_deg)
    first = start + int(np.flatnonzero(np.abs(smooth[start : end + 1] - smooth[start]) <= margin)[-1])
    last = start + int(np.flatnonzero(np.abs(smooth[start : end + 1] - smooth[end]) <= margin)[0])
    # Smoothing finds the turning points and flattens them: the size is that of the track itself.
    sign = 1.0 if moved_deg > 0 else -1.0
    size_deg = _extreme(track, end, sign) - _extreme(track, start, -sign)
    return Swing(first, max(last, first + 1), size_deg)


def _extreme(track: FloatArray, row: int, sign: float) -> float:
    """Value of the track at its extreme beside a row, deg: the largest for sign +1, the smallest for -1."""
    return float(sign * np.max(sign * track[max(0, row - 1) : row + 2]))


def _chains(swings: list[Swing], limits: CueThresholds) -> Iterator[list[Swing]]:
    shortest_s, longest_s = 0.5 / limits["max_rate_hz"], 0.5 / limits["min_rate_hz"]
    chain: list[Swing] = []
    for swing in swings:
        # One row of grace: a swing at the fastest rate is only two rows long.
        duration_s = (swing.end - swing.start) / RATE_HZ
        quick = shortest_s - 1 / RATE_HZ <= duration_s <= longest_s
        follows = bool(chain) and _follows(chain, swing, limits)
        if quick and (follows or not chain):
            chain.append(swing)
            continue
        if len(chain) >= 2:
            yield chain
        chain = [swing] if quick else []
    if len(chain) >= 2:
        yield chain


def _follows(chain: list[Swing], swing: Swing, limits: CueThresholds) -> bool:
    before = chain[-1]
    rested_s = (swing.start - before.end) / RATE_HZ
    sizes = sorted((abs(before.size_deg), abs(swing.size_deg)))
    if rested_s > _MAX_HOLD_S or sizes[0] < limits["min_return"] * sizes[1]:
        return False
    lengths = [member.end - member.start for member in (*chain, swing)]
    return len(lengths) < 3 or float(np.std(lengths) / np.mean(lengths)) <= limits["max_variation"]


def _describe(chain: list[Swing], offset: int) -> Oscillation:
    sizes = np.abs([swing.size_deg for swing in chain])
    start, end = chain[0].start, chain[-1].end + 1
    cycles = len(chain) / 2
    return Oscillation(
        start=start + offset,
        end=end + offset,
        cycles=cycles,
        peak_to_peak_deg=float(np.median(sizes)),
        rate_hz=cycles * RATE_HZ / max(1, end - 1 - start),
        balance=float(sizes.min() / sizes.max()),
        starts_down=chain[0].size_deg < 0,
    )


def _dominates(track: FloatArray, other: FloatArray, chain: list[Swing], min_power_ratio: float) -> bool:
    start, end = chain[0].start, chain[-1].end + 1
    return float(_power(track[start:end])) >= min_power_ratio * float(_power(other[start:end]))


def _power(track: FloatArray) -> float:
    """Variance around a straight line, deg²."""
    rows = np.arange(track.size)
    fitted = np.polyval(np.polyfit(rows, track, 1), rows) if track.size > 2 else track.mean()
    return float(np.mean((track - fitted) ** 2))
