"""What is usual for this person: a running robust estimate for each measure.

A baseline is a quantile of the last minute of a measure. It is a function of session time alone, renewed at
fixed moments, so that it does not depend on how the conversation was cut into segments; quantiles make it
deaf to cues as long as they fill less of the time than the quantile allows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backchannel.arrays import FloatArray, TimeArray

BLOCK_S = 3.0
"""A baseline is renewed this often, and knows its own block: the shortest segment (judgement)."""
WINDOW_S = 60.0
"""How far back a baseline looks (judgement: people change posture about once a minute)."""
ROW_S = 0.2
"""One row of history per this much time: the median of what was measured in it."""


@dataclass(frozen=True, slots=True)
class Usual:
    """How one measure's baseline is taken.

    Attributes
    ----------
    quantile
        0..1; 0.5 where cues go both ways, lower where they only go up and may last.
    prior, prior_s
        A value that counts as if it had been seen for so long, s, before the person was.
    at_least, at_most
        Bounds of a believable baseline, where a person may show the cue all along.
    """

    quantile: float = 0.5
    prior: float = 0.0
    prior_s: float = 0.0
    at_least: float = -np.inf
    at_most: float = np.inf


@dataclass(frozen=True, slots=True)
class History:
    """Thinned-out past of some measures: the state from which baselines are taken.

    Attributes
    ----------
    time_s
        (n,) session time of the rows, increasing.
    rows
        (n, measures); NaN where not measured.
    """

    time_s: TimeArray
    rows: FloatArray

    @staticmethod
    def empty(measures: int) -> "History":
        """History of nothing."""
        return History(np.zeros(0), np.zeros((0, measures), np.float32))


@dataclass(frozen=True, slots=True)
class Baselines:
    """Baselines of several measures along a line.

    Attributes
    ----------
    values
        By measure, (n,) the baseline at each row of the line; NaN where nothing was ever measured.
    observed_s
        (n,) how much of the measured past each one rests on, s.
    """

    values: Mapping[str, FloatArray]
    observed_s: FloatArray

    def calibrated(self, row: int, enough_s: float) -> float:
        """Certainty factor: 1 once enough of the person has been seen, 0.7 before (judgement)."""
        return 1.0 if self.observed_s[row] >= enough_s else 0.7


def remember(history: History, time_s: TimeArray, columns: list[FloatArray]) -> History:
    """Add measurements that are later than everything in the history.

    Parameters
    ----------
    time_s
        (n,) session time, increasing.
    columns
        One (n,) array for each measure.
    """
    if history.time_s.size:
        later = time_s >= (np.floor(history.time_s[-1] / ROW_S) + 1) * ROW_S - 1e-6
        time_s, columns = time_s[later], [column[later] for column in columns]
    if not time_s.size:
        return history
    bins = np.floor(time_s / ROW_S + 1e-6).astype(np.int64)
    starts = np.flatnonzero(np.diff(bins, prepend=bins[0] - 1))
    table = np.stack(columns, axis=1)
    rows = np.stack([_median_rows(piece) for piece in np.split(table, starts[1:])])
    together_s = np.concatenate([history.time_s, (bins[starts] + 0.5) * ROW_S])
    keep = together_s >= together_s[-1] - WINDOW_S - BLOCK_S
    return History(together_s[keep], np.concatenate([history.rows, rows.astype(np.float32)])[keep])


def _median_rows(piece: FloatArray) -> FloatArray:
    ordered = np.sort(piece, axis=0)  # NaN goes last
    known = np.sum(np.isfinite(piece), axis=0)
    middle = np.maximum(known - 1, 0) // 2
    values = ordered[middle, np.arange(piece.shape[1])]
    return np.where(known > 0, values, np.nan).astype(np.float32)


def baselines_along(history: History, usual: Mapping[str, Usual], time_s: TimeArray) -> Baselines:
    """Baselines at each time of a line.

    Parameters
    ----------
    history
        Rows with one column for each entry of `usual`, in order; it includes the line's own time.
    """
    blocks = np.floor(time_s / BLOCK_S + 1e-6).astype(np.int64)
    values = np.full((len(usual), time_s.size), np.nan, np.float32)
    observed_s = np.zeros(time_s.size, np.float32)
    for block in np.unique(blocks):
        end_s = (block + 1) * BLOCK_S
        rows = history.rows[(history.time_s < end_s) & (history.time_s >= end_s - WINDOW_S)]
        here = blocks == block
        observed_s[here] = ROW_S * float(np.isfinite(rows).any(axis=1).sum())
        for column, how in enumerate(usual.values()):
            values[column, here] = _baseline(rows[:, column], how)
    return Baselines(dict(zip(usual, values, strict=True)), observed_s)


def _baseline(measured: FloatArray, how: Usual) -> float:
    known = measured[np.isfinite(measured)]
    if not known.size:
        return float("nan")
    own = float(np.quantile(known, how.quantile))
    seen_s = known.size * ROW_S
    blended = (own * seen_s + how.prior * how.prior_s) / (seen_s + how.prior_s)
    return max(how.at_least, min(blended, how.at_most))
