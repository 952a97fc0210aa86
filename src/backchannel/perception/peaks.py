"""Finds the peaks of a track that stand out from what is around them."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from backchannel.arrays import FloatArray


def find_peaks(track: FloatArray, *, min_height: float, min_dip: float, min_spacing: int) -> NDArray[np.intp]:
    """Find the local maxima that are high enough, far enough apart, and stand out.

    A flat top counts as its middle row. Of two peaks that are too near, the higher one stays. A peak stands
    out when the track falls by `min_dip` on both sides before it rises above it (its prominence).

    Parameters
    ----------
    track
        (n,)
    min_height, min_dip
        In the track's unit.
    min_spacing
        Rows.

    Returns
    -------
    (k,) increasing.
    """
    peaks = _local_maxima(track)
    peaks = _far_apart(track, peaks[track[peaks] >= min_height], min_spacing)
    rows: list[float] = track.tolist()
    return np.array([peak for peak in peaks.tolist() if _stands_out(rows, peak, min_dip)], np.intp)


def _local_maxima(track: FloatArray) -> NDArray[np.intp]:
    steps = np.diff(track)
    rows = np.flatnonzero(steps)
    turns = np.flatnonzero((steps[rows[:-1]] > 0) & (steps[rows[1:]] < 0))
    return np.asarray((rows[turns] + 1 + rows[turns + 1]) // 2, np.intp)


def _far_apart(track: FloatArray, peaks: NDArray[np.intp], min_spacing: int) -> NDArray[np.intp]:
    stays = np.ones(peaks.size, np.bool_)
    for index in np.argsort(track[peaks])[::-1]:
        if stays[index]:
            first, last = np.searchsorted(
                peaks, [peaks[index] - min_spacing + 1, peaks[index] + min_spacing], side="left"
            )
            stays[first:last] = False
            stays[index] = True
    return peaks[stays]


def _stands_out(track: Sequence[float], peak: int, min_dip: float) -> bool:
    ways = range(peak - 1, -1, -1), range(peak + 1, len(track))
    return all(_falls((track[row] for row in way), track[peak], min_dip) for way in ways)


def _falls(values: Iterable[float], height: float, min_dip: float) -> bool:
    """Whether values fall far enough below a height before they rise above it."""
    for value in values:
        if value > height:
            return False
        if value <= height - min_dip:
            return True
    return False
