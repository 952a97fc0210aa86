"""Statistics of short series agree with numpy's, and ignore missing numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from backchannel.arrays import FloatArray
from backchannel.cues.series import median_of_three, quantile, slope

NUMBERS = st.floats(-1e3, 1e3, width=32)
WITH_GAPS = NUMBERS | st.just(float("nan"))


@given(st_numpy.arrays(np.float32, st.integers(1, 60), elements=WITH_GAPS), st.floats(0, 1))
def test_a_quantile_is_numpys_of_the_known_numbers(series: FloatArray, share: float) -> None:
    known = series[np.isfinite(series)].astype(np.float64)
    if known.size:
        assert quantile(series, share) == pytest.approx(float(np.quantile(known, share)), abs=1e-3)
    else:
        assert np.isnan(quantile(series, share))


@given(st_numpy.arrays(np.float64, st.integers(2, 60), elements=st.floats(-100, 100)))
def test_a_slope_is_that_of_the_line_of_least_squares(series: FloatArray) -> None:
    at = np.arange(series.size) * 0.01
    assert slope(at, series) == pytest.approx(float(np.polyfit(at, series, 1)[0]), abs=1e-5, rel=1e-5)


def test_one_outlier_does_not_survive_but_a_step_does() -> None:
    assert median_of_three(np.array([0.0, 0.0, 9.0, 0.0, 0.0])).tolist() == [0.0] * 5
    assert median_of_three(np.array([0.0, 0.0, 9.0, 9.0])).tolist() == [0.0, 0.0, 9.0, 9.0]


def test_numbers_beside_a_gap_stay_and_the_gap_is_not_filled() -> None:
    steady = median_of_three(np.array([5.0, np.nan, 7.0, 1.0, 8.0]))
    assert np.isnan(steady[1])
    assert steady[[0, 2, 3, 4]].tolist() == [5.0, 7.0, 7.0, 8.0]


@pytest.mark.parametrize("size", [0, 1, 2])
def test_short_series_stay_as_they_are(size: int) -> None:
    assert median_of_three(np.arange(size, dtype=np.float32)).tolist() == list(range(size))
