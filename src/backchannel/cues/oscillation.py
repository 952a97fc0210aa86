"""Finds back-and-forth swings of one angle: the common part of nods and shakes.

Quick neighbouring swings of like size are chained. A chain begins where the head leaves its rest and ends
where it is back: those two ways may be half a swing long (from rest to one side) or a whole one. Regularity
counts, not energy: a speaker's emphasis has as much energy as a nod.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain as chained
from itertools import pairwise
from statistics import median

import numpy as np

from backchannel.arrays import FloatArray
from backchannel.cues.face_view import RATE_HZ
from backchannel.cues.series import slope
from backchannel.cues.spans import longer_than, runs
from backchannel.cues.swings import (
    STEPS,
    Swing,
    fine_track,
    held_s,
    jitter_deg,
    measure_swing,
    turning_points,
    way_back,
    way_out,
)
from backchannel.cues.thresholds import CueThresholds

_MAX_HOLD_S = 0.25
"""Longest rest between two swings of one movement (judgement)."""
_GRACE_S = 0.04
"""How far a swing's measured duration may be off, s (judgement: half a frame)."""

_WHOLE_SHARE, _HALF_SHARE = 0.72, 0.3
"""Share of its neighbour from which a chain's first or last way is a whole swing, or half of one: from rest
to one side is half of from side to side, give or take (judgement)."""
_LARGEST_WAY = 1.6
"""A first or last way so much larger than the median swing is a separate movement (judgement)."""
_BORDER_S = 1.0 / RATE_HZ
"""A swing beside a chain may overlap it by so much (judgement: one row)."""
_COUNT_LEANING = 0.05
"""Added before a count is rounded: a last dip that the recording cuts off at its turn is one, though the way
to it measures a little less than the others (judgement)."""
_ONE_MORE = (0.8, 1.25)
"""Size of one more whole swing beyond an apparent way to rest, in median swings (judgement)."""
_REACHES = (1.5, 1.2, 1.0)
"""How far from a turning point to look for the rest, in median swings of the same movement (judgement)."""


@dataclass(frozen=True, slots=True)
class Oscillation:
    """A chain of swings.

    Attributes
    ----------
    start, end
        Rows, fractional: where the head leaves its rest and where it is back.
    cycles
        Swings over two; a way between rest and one side counts half a swing.
    count
        Cycles as a person counts them: the first and the last way count by their size.
    peak_to_peak_deg
        Median size of the whole swings, deg.
    rate_hz
        Cycles a second.
    balance
        Smallest over largest whole swing, 0..1.
    starts_down
        The first whole swing is negative.
    lows
        Rows, fractional, at which the angle turns from down to up.
    """

    start: float
    end: float
    cycles: float
    count: int
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
    """Find oscillations of one angle, except those that belong to the other.

    Parameters
    ----------
    along, across
        (n,) deg on the grid: the angle in question and the one across it. NaN where not measured.
    limits
        The thresholds of nod or shake.
    """
    for start, end in longer_than(runs(np.isfinite(along)), 5):
        noise_deg = limits["noise_factor"] * jitter_deg(along[start:end])
        smallest_deg = limits["min_peak_to_peak_deg"] * 0.5
        track, other = (
            fine_track(angle[start:end], noisy=noise_deg > smallest_deg) for angle in (along, across)
        )
        reversal_deg = max(smallest_deg, noise_deg)
        turns = turning_points(track, reversal_deg)
        swings = [measure_swing(track, *ends) for ends in pairwise(turns)]
        chains = list(_chains(track, turns, swings, limits))
        all_swings = [*swings, *chained.from_iterable(chains)]
        for chain in chains:
            if max(abs(swing.size_deg) for swing in chain) < limits["min_peak_to_peak_deg"]:
                continue  # most are: a living head never rests
            found = _describe(chain, start)
            if (
                found.peak_to_peak_deg >= limits["min_peak_to_peak_deg"]
                and not _goes_on_beside(all_swings, chain, found.peak_to_peak_deg, limits)
                and _dominates(track, other, chain, limits["min_power_ratio"])
            ):
                yield found


def _chains(
    track: FloatArray, turns: list[int], swings: list[Swing], limits: CueThresholds
) -> Iterator[list[Swing]]:
    """Chains of two swings or more, each with the ways out of rest and back; `swings` lie between `turns`."""
    first, told = 0, -1
    while first < len(turns):
        inner = _regular_swings(swings[first:], limits)
        last = first + len(inner)
        if len(inner) == 1 and last < len(swings):
            after = swings[last]
            if _is_quick(after, limits) and not _is_as_long(inner[0], after, limits):
                first = last  # a drift of the resting head into a movement that begins here
                continue
        if inner or first > told:
            chain = _with_ways(track, inner, (turns[first], turns[last]), limits)
            if len(chain) >= 2:
                yield chain
                told = last
        first = max(last, first + 1)


def _regular_swings(swings: list[Swing], limits: CueThresholds) -> list[Swing]:
    """Swings from the first on, as far as each continues those before it."""
    chain: list[Swing] = []
    for swing in swings:
        if not _continues(chain, swing, limits):
            break
        chain.append(swing)
    return chain


def _is_as_long(one: Swing, other: Swing, limits: CueThresholds) -> bool:
    """Whether a swing takes no longer than another, within the variation of one movement."""
    return one.duration_s <= other.duration_s / limits["min_return"] + _GRACE_S


def _continues(chain: list[Swing], swing: Swing, limits: CueThresholds) -> bool:
    if not _is_quick(swing, limits):
        return False
    if not chain:
        return True
    before = chain[-1]
    share = median(abs(member.size_deg) for member in chain) / abs(swing.size_deg)
    # The first swing may be the way out of rest to one side, half as large as from side to side.
    least = _HALF_SHARE if len(chain) == 1 else limits["min_return"]
    if held_s(before, swing) > _MAX_HOLD_S or not least <= share <= 1.0 / limits["min_return"]:
        return False
    if len(chain) == 1 and not _is_as_long(before, swing, limits):
        return False
    lengths = [member.duration_s for member in (*chain, swing)]
    return len(lengths) < 3 or _variation(lengths) <= limits["max_variation"]


def _variation(lengths: Sequence[float]) -> float:
    """Standard deviation over mean. Plain Python: chains have a handful of swings."""
    mean = sum(lengths) / len(lengths)
    return math.sqrt(sum((length - mean) ** 2 for length in lengths) / len(lengths)) / mean


def _is_quick(swing: Swing, limits: CueThresholds) -> bool:
    shortest_s, longest_s = 0.5 / limits["max_rate_hz"], 0.5 / limits["min_rate_hz"]
    return shortest_s - _GRACE_S <= swing.duration_s <= longest_s + _GRACE_S


def _with_ways(
    track: FloatArray, inner: list[Swing], ends: tuple[int, int], limits: CueThresholds
) -> list[Swing]:
    """Add the way out of rest to the first turning point, and the way back from the last one."""
    longest_s = 0.5 / limits["min_rate_hz"] + 2 * _GRACE_S
    if not inner:
        out, back = way_out(track, ends[0], longest_s), way_back(track, ends[1], longest_s)
        together = _is_quick(out, limits) and _is_quick(back, limits)
        return [out, back] if together and _continues([out], back, limits) else []
    usual_s = median(swing.duration_s for swing in inner)
    reaches_s = [min(longest_s, share * usual_s + _GRACE_S) for share in _REACHES]
    outs = [way_out(track, ends[0], reach_s) for reach_s in reaches_s]
    backs = [way_back(track, ends[1], reach_s) for reach_s in reaches_s]
    return [*_fitting(outs, inner, 0, limits), *inner, *_fitting(backs, inner, -1, limits)]


def _fitting(ways: list[Swing], inner: list[Swing], at: int, limits: CueThresholds) -> list[Swing]:
    """Choose the farthest way that matches the swings it leads to, if there is one.

    A head that drifts before it nods makes the far end of the way uncertain, so a nearer one may do; but not
    one that is only the last part of a larger movement.
    """
    for way in ways:
        if abs(way.size_deg) >= _WHOLE_SHARE * abs(ways[0].size_deg) and _belongs(way, inner, at, limits):
            return [way]
    return []


def _is_half(outer_first: list[Swing]) -> bool:
    """Whether the outermost swing of a chain looks like a way between rest and one side.

    If another whole swing follows, it was only a small whole swing.
    """
    sizes = [abs(swing.size_deg) for swing in outer_first]
    return len(sizes) > 1 and sizes[0] < _WHOLE_SHARE * sizes[1]


def _belongs(way: Swing, inner: list[Swing], at: int, limits: CueThresholds) -> bool:
    """Whether a way out of rest, or back, matches the swings that it leads to."""
    outer_first = inner[:2] if at == 0 else inner[:-3:-1]
    neighbour = outer_first[0]
    rest_s = held_s(way, neighbour) if at == 0 else held_s(neighbour, way)
    opposite = way.size_deg * neighbour.size_deg < 0
    share = abs(way.size_deg) / median(abs(swing.size_deg) for swing in inner)
    usual_s = median(swing.duration_s for swing in inner)
    least, most = _ONE_MORE if _is_half(outer_first) else (_HALF_SHARE, _LARGEST_WAY)
    like = opposite and least <= share <= most
    in_time = rest_s <= _MAX_HOLD_S and way.duration_s <= (1 + limits["max_variation"]) * usual_s + _GRACE_S
    return like and in_time and _is_quick(way, limits)


def _goes_on_beside(swings: list[Swing], chain: list[Swing], usual_deg: float, limits: CueThresholds) -> bool:
    """Whether the head swings on before or after a chain, as far and as quickly, but out of step with it.

    Then the chain is the regular part of a longer movement, and its count and ends would be arbitrary.
    """
    least_deg, most_deg = _WHOLE_SHARE * usual_deg, _LARGEST_WAY * usual_deg
    as_far = [swing for swing in swings if least_deg <= abs(swing.size_deg) <= most_deg]
    return any(
        (_is_beside(swing, chain[0]) or _is_beside(chain[-1], swing)) and _is_quick(swing, limits)
        for swing in as_far
    )


def _is_beside(before: Swing, after: Swing) -> bool:
    return -_BORDER_S <= held_s(before, after) <= _MAX_HOLD_S


def _describe(chain: list[Swing], offset: int) -> Oscillation:
    sizes = np.abs([swing.size_deg for swing in chain])
    whole = np.ones(sizes.size, np.bool_)
    if sizes.size > 2:
        whole[0] = sizes[0] >= _WHOLE_SHARE * sizes[1]
        whole[-1] = sizes[-1] >= _WHOLE_SHARE * sizes[-2]
    start, end = chain[0].start / STEPS + offset, chain[-1].end / STEPS + offset
    cycles = float(np.where(whole, 0.5, 0.25).sum())
    size_deg = float(np.median(sizes[whole])) if whole.any() else float(sizes.max())
    ways = np.minimum(sizes[[0, -1]] / size_deg, 1.0)
    return Oscillation(
        start=start,
        end=end,
        cycles=cycles,
        count=max(1, round((sizes.size - 2 + float(ways.sum())) / 2 + _COUNT_LEANING)),
        peak_to_peak_deg=size_deg,
        rate_hz=cycles * RATE_HZ / max(end - start, 1.0),
        balance=float(sizes[whole].min() / sizes[whole].max()) if whole.any() else 0.0,
        starts_down=next(
            (swing.size_deg < 0 for swing, is_whole in zip(chain, whole, strict=True) if is_whole), False
        ),
        lows=tuple(
            (one.end + other.start) / 2 / STEPS + offset for one, other in pairwise(chain) if one.size_deg < 0
        ),
    )


def _dominates(track: FloatArray, other: FloatArray, chain: list[Swing], min_power_ratio: float) -> bool:
    rows = slice(math.floor(chain[0].start), math.ceil(chain[-1].end) + 1)
    return _power(track[rows]) >= min_power_ratio * _power(other[rows])


def _power(track: FloatArray) -> float:
    """Variance around a straight line, deg²."""
    around = track - track.mean()
    if track.size > 2:
        rows = np.arange(track.size) - (track.size - 1) / 2
        around = around - slope(rows, track) * rows
    return float(around @ around) / track.size
