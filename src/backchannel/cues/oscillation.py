"""Finds back-and-forth swings of one angle: what nods and shakes have in common.

The track is reduced to its turning points (a zigzag whose reversals are larger than the person's jitter), and
quick neighbouring swings of like size are chained. A chain begins where the head leaves its rest and ends
where it is back: those two ways may be half a swing long (from rest to one side) or a whole one. What counts
is regularity, not energy: a speaker's emphasis has as much energy as a nod.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import convolve1d

from backchannel.arrays import FloatArray
from backchannel.cues.face_view import RATE_HZ
from backchannel.cues.spans import longer_than, runs
from backchannel.cues.thresholds import CueThresholds

_STEPS = 4
"""Turning points and edges lie between frames: the track is looked at this many times as finely."""
_FINE_HZ = RATE_HZ * _STEPS

_SMOOTHING = np.array([0.25, 0.5, 0.25], np.float32)
_MAX_HOLD_S = 0.25
"""Longest rest between two swings of one movement (judgement)."""
_GRACE_S = 0.04
"""How far a swing's measured duration may be off, s (judgement: half a frame)."""

_LOW, _HIGH = 0.2, 0.8
_BEYOND = 0.72
"""A movement from rest to rest has the shape of half a cosine (Flash & Hogan 1985 find nearly that): from the
times at which it has done 20% and 80% of its way, it began and ended so many times their distance outside."""

_WHOLE_SHARE, _HALF_SHARE = 0.72, 0.3
"""Share of its neighbour from which a chain's first or last way is a whole swing, or half of one: from rest
to one side is half of from side to side, give or take (judgement)."""


@dataclass(frozen=True, slots=True)
class Swing:
    """One movement from a turning point to the next: between which fine rows, and how far, deg, signed."""

    start: float
    end: float
    size_deg: float

    @property
    def duration_s(self) -> float:
        """Length of the movement itself, s."""
        return (self.end - self.start) / _FINE_HZ


@dataclass(frozen=True, slots=True)
class Oscillation:
    """A chain of swings.

    Attributes
    ----------
    start, end
        Rows, fractional: where the head leaves its rest and where it is back.
    cycles
        Swings over two; a way between rest and one side counts half a swing.
    peak_to_peak_deg
        Median size of the whole swings, deg.
    rate_hz
        Cycles a second.
    balance
        Smallest over largest whole swing, 0..1.
    starts_down
        The first swing is negative.
    lows
        Rows, fractional, at which the angle turns from down to up.
    """

    start: float
    end: float
    cycles: float
    peak_to_peak_deg: float
    rate_hz: float
    balance: float
    starts_down: bool
    lows: tuple[float, ...]

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
        noise_deg = limits["noise_factor"] * _jitter_deg(along[start:end])
        smallest_deg = limits["min_peak_to_peak_deg"] * 0.5
        track, other = (_fine(angle[start:end], noisy=noise_deg > smallest_deg) for angle in (along, across))
        reversal_deg = max(smallest_deg, noise_deg)
        for chain in _chains(track, _turning_points(track, reversal_deg), limits):
            found = _describe(chain, start)
            large = found.peak_to_peak_deg >= max(limits["min_peak_to_peak_deg"], noise_deg)
            if large and _dominates(track, other, chain, limits["min_power_ratio"]):
                yield found


def _fine(track: FloatArray, *, noisy: bool) -> FloatArray:
    """Lay a smooth curve through a track; where jitter would decide what turns, through its running mean."""
    rows = np.arange(track.size)
    track = convolve1d(track, _SMOOTHING, mode="nearest") if noisy else track
    fine_rows = np.arange((track.size - 1) * _STEPS + 1) / _STEPS
    return np.asarray(CubicSpline(rows, track)(fine_rows), dtype=np.float32)


def _jitter_deg(track: FloatArray) -> float:
    """Measurement noise, deg: the part of the track no head can move fast enough to make.

    From the quieter third of the rows: a nod that fills half of a short recording is no noise.
    """
    if track.size < 8:
        return 0.5
    wiggle = np.abs(track[2:] - 2 * track[1:-1] + track[:-2])
    # A third of a normal distribution lies within 0.43 standard deviations; a second difference has sqrt(6).
    return float(np.quantile(wiggle, 1 / 3)) / 0.43 / math.sqrt(6.0)


def _turning_points(track: FloatArray, reversal_deg: float) -> list[int]:
    """Rows where the track comes from at least `reversal_deg` away and goes as far back."""
    turns: list[int] = []
    low, high, direction = 0, 0, 0
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
    return turns


def _chains(track: FloatArray, turns: list[int], limits: CueThresholds) -> Iterator[list[Swing]]:
    """Chains of two swings or more, each with the ways out of rest and back."""
    first, told = 0, -1
    while first < len(turns):
        inner: list[Swing] = []
        last = first
        while last + 1 < len(turns):
            swing = _swing(track, turns[last], turns[last + 1])
            if not _continues(inner, swing, limits):
                break
            inner.append(swing)
            last += 1
        if inner or first > told:
            chain = _with_ways(track, inner, (turns[first], turns[last]), limits)
            if len(chain) >= 2:
                yield chain
                told = last
        first = max(last, first + 1)


def _continues(chain: list[Swing], swing: Swing, limits: CueThresholds) -> bool:
    if not _is_quick(swing, limits):
        return False
    if not chain:
        return True
    before = chain[-1]
    share = float(np.median([abs(member.size_deg) for member in chain])) / abs(swing.size_deg)
    # The first swing may be the way out of rest to one side, half as large as from side to side.
    least = _HALF_SHARE if len(chain) == 1 else limits["min_return"]
    if _held_s(before, swing) > _MAX_HOLD_S or not least <= share <= 1.0 / limits["min_return"]:
        return False
    lengths = [member.duration_s for member in (*chain, swing)]
    return len(lengths) < 3 or float(np.std(lengths) / np.mean(lengths)) <= limits["max_variation"]


def _is_quick(swing: Swing, limits: CueThresholds) -> bool:
    shortest_s, longest_s = 0.5 / limits["max_rate_hz"], 0.5 / limits["min_rate_hz"]
    return shortest_s - _GRACE_S <= swing.duration_s <= longest_s + _GRACE_S


def _with_ways(
    track: FloatArray, inner: list[Swing], ends: tuple[int, int], limits: CueThresholds
) -> list[Swing]:
    """Add the way out of rest to the first turning point, and the way back from the last one."""
    reach_s = 0.5 / limits["min_rate_hz"] + 2 * _GRACE_S
    if inner:
        reach_s = min(reach_s, 1.5 * float(np.median([swing.duration_s for swing in inner])) + _GRACE_S)
    reach = round(reach_s * _FINE_HZ)
    first, last = ends
    before = track[max(0, first - reach) : first + 1]
    after = track[last : last + reach + 1]
    # The head turns round at both: where it came from, and where it goes, is on the other side.
    out = _swing(track, first - before.size + 1 + _farthest(before, float(track[first])), first)
    back = _swing(track, last, last + _farthest(after, float(track[last])))
    chain = list(inner)
    if not inner:
        together = _is_quick(out, limits) and _is_quick(back, limits)
        return [out, back] if together and _continues([out], back, limits) else []
    if not _is_half(inner[:2]) and _belongs(out, inner, 0, limits):
        chain.insert(0, out)
    if not _is_half(inner[:-3:-1]) and _belongs(back, inner, -1, limits):
        chain.append(back)
    return chain


def _is_half(outer_first: list[Swing]) -> bool:
    """Whether the outermost swing of a chain is a way between rest and one side; nothing lies beyond it."""
    sizes = [abs(swing.size_deg) for swing in outer_first]
    return len(sizes) > 1 and sizes[0] < _WHOLE_SHARE * sizes[1]


def _held_s(before: Swing, after: Swing) -> float:
    """Rest between two swings, s."""
    return (after.start - before.end) / _FINE_HZ


def _farthest(piece: FloatArray, from_deg: float) -> int:
    return int(np.argmax(np.abs(piece - from_deg)))


def _belongs(way: Swing, inner: list[Swing], at: int, limits: CueThresholds) -> bool:
    """Whether a way out of rest, or back, is of one kind with the swings that it leads to."""
    neighbour = inner[at]
    held_s = _held_s(way, neighbour) if at == 0 else _held_s(neighbour, way)
    share = -way.size_deg / neighbour.size_deg
    usual_s = float(np.median([swing.duration_s for swing in inner]))
    like = _HALF_SHARE <= share <= 1.0 / limits["min_return"]
    in_time = held_s <= _MAX_HOLD_S and way.duration_s <= (1 + limits["max_variation"]) * usual_s + _GRACE_S
    return like and in_time and _is_quick(way, limits)


def _swing(track: FloatArray, start: int, end: int) -> Swing:
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
    below = np.flatnonzero(done <= level)
    row = int(below[-1]) if below.size else 0
    if row + 1 >= done.size:
        return float(row)
    step = float(done[row + 1] - done[row])
    return row + (float((level - done[row]) / step) if step > 0 else 0.0)


def _describe(chain: list[Swing], offset: int) -> Oscillation:
    sizes = np.abs([swing.size_deg for swing in chain])
    whole = np.ones(sizes.size, np.bool_)
    if sizes.size > 2:
        whole[0] = sizes[0] >= _WHOLE_SHARE * sizes[1]
        whole[-1] = sizes[-1] >= _WHOLE_SHARE * sizes[-2]
    start, end = chain[0].start / _STEPS + offset, chain[-1].end / _STEPS + offset
    cycles = float(np.where(whole, 0.5, 0.25).sum())
    return Oscillation(
        start=start,
        end=end,
        cycles=cycles,
        peak_to_peak_deg=float(np.median(sizes[whole])) if whole.any() else float(sizes.max()),
        rate_hz=cycles * RATE_HZ / max(end - start, 1.0),
        balance=float(sizes[whole].min() / sizes[whole].max()) if whole.any() else 0.0,
        starts_down=chain[0].size_deg < 0,
        lows=tuple(
            (one.end + other.start) / 2 / _STEPS + offset
            for one, other in pairwise(chain)
            if one.size_deg < 0
        ),
    )


def _dominates(track: FloatArray, other: FloatArray, chain: list[Swing], min_power_ratio: float) -> bool:
    rows = slice(math.floor(chain[0].start), math.ceil(chain[-1].end) + 1)
    return _power(track[rows]) >= min_power_ratio * _power(other[rows])


def _power(track: FloatArray) -> float:
    """Variance around a straight line, deg²."""
    rows = np.arange(track.size)
    fitted = np.polyval(np.polyfit(rows, track, 1), rows) if track.size > 2 else track.mean()
    return float(np.mean((track - fitted) ** 2))
