"""A person's baselines: a running robust estimate for each measure.

A baseline is a quantile of the last minute of a measure. It depends on session time alone and is
renewed at fixed moments, so the cut into segments does not change it. A quantile ignores cues as long as they
fill less of the time than it allows.

After a cut in the picture, a new baseline begins: another shot may show the person from another side, or
another person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from backchannel.arrays import FloatArray, TimeArray

BLOCK_S = 3.0
"""A baseline is renewed this often and includes its own block, the shortest segment (judgement)."""
WINDOW_S = 60.0
"""How far back a baseline looks (judgement: people change posture about once a minute)."""
ROW_S = 0.2
"""Each row of the history is the median of the measurements in this much time."""


@dataclass(frozen=True, slots=True)
class Usual:
    """How one measure's baseline is taken.

    Attributes
    ----------
    quantile
        0..1; 0.5 where cues go both ways, lower where they only go up and may last.
    prior, prior_s
        A value that counts as if it had been measured for so long, s, before the person appeared.
    at_least, at_most
        Bounds of the baseline, for cues that a person may show from the start.
    """

    quantile: float = 0.5
    prior: float = 0.0
    prior_s: float = 0.0
    at_least: float = -np.inf
    at_most: float = np.inf


@dataclass(frozen=True, slots=True)
class History:
    """The thinned-out past of some measures, from which baselines are taken.

    Attributes
    ----------
    bins
        (n,) index of each row's `ROW_S` of the session, increasing.
    rows
        (n, measures); NaN where not measured.
    shots_s
        (k,) session times at which another shot began, increasing.
    """

    bins: NDArray[np.int64]
    rows: FloatArray
    shots_s: TimeArray

    @staticmethod
    def empty(measures: int) -> "History":
        """A history without rows."""
        return History(np.zeros(0, np.int64), np.zeros((0, measures), np.float32), np.zeros(0))

    @property
    def time_s(self) -> TimeArray:
        """(n,) session time of the middle of each row."""
        return np.asarray((self.bins + 0.5) * ROW_S, np.float64)


NO_CUT: TimeArray = np.zeros(0)
"""The shots of a picture that is not cut, and of sound."""


@dataclass(frozen=True, slots=True)
class Baselines:
    """Baselines of several measures along a line.

    Attributes
    ----------
    values
        By measure, (n,) the baseline at each row of the line; NaN where nothing was ever measured.
    observed_s
        (n,) length of the measured past behind each one, s.
    """

    values: Mapping[str, FloatArray]
    observed_s: FloatArray

    def calibrated(self, row: int, enough_s: float) -> float:
        """Certainty factor: 1 once the person has been measured for long enough, 0.7 before (judgement)."""
        return 1.0 if self.observed_s[row] >= enough_s else 0.7


def remember(history: History, time_s: TimeArray, table: FloatArray, shots_s: TimeArray = NO_CUT) -> History:
    """Add measurements that are later than everything in the history.

    Parameters
    ----------
    time_s
        (n,) session time, increasing.
    table
        (n, measures) NaN where not measured.
    shots_s
        (k,) session times at which another shot begins.
    """
    if shots_s.size:
        history = replace(history, shots_s=np.union1d(history.shots_s, shots_s))
    if history.bins.size:
        later = time_s >= (history.bins[-1] + 1) * ROW_S - 1e-6
        time_s, table = time_s[later], table[later]
    if not time_s.size:
        return history
    bins = np.floor(time_s / ROW_S + 1e-6).astype(np.int64)
    starts = np.flatnonzero(np.diff(bins, prepend=bins[0] - 1))
    rows = _medians(table, starts)
    together = np.concatenate([history.bins, bins[starts]])
    keep = (together[-1] - together) * ROW_S <= WINDOW_S + BLOCK_S + 1e-6
    return History(
        together[keep],
        np.concatenate([history.rows, rows])[keep],
        history.shots_s[history.shots_s >= together[keep][0] * ROW_S],
    )


def _medians(table: FloatArray, starts: NDArray[np.intp]) -> FloatArray:
    """(k, measures) lower median of each group of rows; `starts` are their first rows."""
    sizes = np.diff(starts, append=len(table))
    groups = np.full((starts.size, int(sizes.max()), table.shape[1]), np.nan, np.float32)
    group = np.repeat(np.arange(starts.size), sizes)
    groups[group, np.arange(len(table)) - starts[group]] = table
    ordered = np.sort(groups, axis=1)  # NaN goes last
    middle = np.maximum(np.isfinite(groups).sum(axis=1) - 1, 0) // 2
    return np.take_along_axis(ordered, middle[:, np.newaxis], axis=1)[:, 0]


def baselines_along(history: History, usual: Mapping[str, Usual], time_s: TimeArray) -> Baselines:
    """Baselines at each time of a line.

    Parameters
    ----------
    history
        Rows with one column for each entry of `usual`, in order; it includes the line's own time.
    """
    blocks = np.floor(time_s / BLOCK_S + 1e-6).astype(np.int64)
    # A row of the history in which a cut lies is of the shot before.
    shots, row_shots = _shots(history, time_s), _shots(history, history.bins * ROW_S)
    values = np.full((len(usual), time_s.size), np.nan, np.float32)
    observed_s = np.zeros(time_s.size, np.float32)
    for block, shot in sorted(set(zip(blocks.tolist(), shots.tolist(), strict=True))):
        end_s = (block + 1) * BLOCK_S
        near = (history.time_s < end_s) & (history.time_s >= end_s - WINDOW_S)
        rows = history.rows[near & (row_shots == shot)]
        here = (blocks == block) & (shots == shot)
        observed_s[here] = ROW_S * float(np.isfinite(rows).any(axis=1).sum())
        values[:, here] = _baselines(rows, tuple(usual.values()))[:, np.newaxis]
    return Baselines(dict(zip(usual, values, strict=True)), observed_s)


def _shots(history: History, time_s: TimeArray) -> NDArray[np.intp]:
    """Number of the shot in which each time lies, from 0."""
    return np.searchsorted(history.shots_s, time_s + 1e-6, side="right")


def _baselines(rows: FloatArray, how: Sequence[Usual]) -> FloatArray:
    """(measures,) the baseline of each column; NaN where nothing was measured."""
    known = np.isfinite(rows).sum(axis=0)
    if not rows.shape[0]:
        return np.full(len(how), np.nan)
    own = _quantiles(np.sort(rows, axis=0), known, np.array([one.quantile for one in how]))
    seen_s = known * ROW_S
    prior_s = np.array([one.prior_s for one in how])
    prior = np.array([one.prior for one in how])
    blended = (own * seen_s + prior * prior_s) / np.maximum(seen_s + prior_s, ROW_S)
    bounded = np.clip(blended, [one.at_least for one in how], [one.at_most for one in how])
    return np.where(known > 0, bounded, np.nan)


def _quantiles(ordered: FloatArray, known: NDArray[np.int_], quantile: FloatArray) -> FloatArray:
    """Quantile of each column, between neighbours; missing numbers come last in each."""
    place = quantile * np.maximum(known - 1, 0)
    low = np.floor(place).astype(np.intp)
    high = np.minimum(low + 1, np.maximum(known - 1, 0))
    columns = np.arange(ordered.shape[1])
    below, above = ordered[low, columns].astype(np.float64), ordered[high, columns].astype(np.float64)
    return below + (above - below) * (place - low)
