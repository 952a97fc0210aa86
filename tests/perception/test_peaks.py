"""Peaks, held against an independent implementation."""

import numpy as np
import pytest
from scipy.signal import find_peaks as find_peaks_of_scipy

from backchannel.arrays import FloatArray
from backchannel.perception.peaks import find_peaks


def rows(*values: float) -> FloatArray:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("track", "peaks"),
    [
        (rows(), []),
        (rows(5), []),
        (rows(0, 5, 0), [1]),
        (rows(0, 5, 5, 5, 0), [2]),
        (rows(5, 0, 5), []),
        (rows(0, 5, 4, 6, 0), [3]),
        (rows(0, 5, 2, 6, 0), [3]),
        (rows(0, 5, 1, 1, 6, 0), [1, 4]),
        (rows(0, 1, 0), []),
    ],
)
def test_peaks_that_stand_out_are_found_and_no_others(track: FloatArray, peaks: list[int]) -> None:
    assert find_peaks(track, min_height=2.0, min_dip=2.0, min_spacing=3).tolist() == peaks


@pytest.mark.parametrize("seed", range(20))
def test_they_are_what_others_find(seed: int) -> None:
    chance = np.random.default_rng(seed)
    track = np.convolve(chance.normal(0, 6, 3000), np.ones(5) / 5, mode="same").astype(np.float32)
    expected, _ = find_peaks_of_scipy(track, height=-1.0, prominence=2.0, distance=8)
    assert expected.size > 50
    assert find_peaks(track, min_height=-1.0, min_dip=2.0, min_spacing=8).tolist() == expected.tolist()
