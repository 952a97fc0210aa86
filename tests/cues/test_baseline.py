"""What is usual for a person: deaf to cues, and a function of session time alone."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.arrays import FloatArray, TimeArray
from backchannel.cues.baseline import BLOCK_S, WINDOW_S, History, Usual, baselines_along, remember

TIME_S = np.arange(0, 24, 1 / 15) + 0.011  # no frame exactly at the edge of a row of history


def column(values: FloatArray) -> FloatArray:
    """(n, 1) one measure."""
    return values.astype(np.float32)[:, np.newaxis]


def history_of(values: FloatArray, time_s: TimeArray = TIME_S) -> History:
    return remember(History.empty(1), time_s, column(values))


def baseline(values: FloatArray, usual: Usual, at_s: float = 20.0, time_s: TimeArray = TIME_S) -> float:
    found = baselines_along(history_of(values, time_s), {"it": usual}, np.array([at_s]))
    return float(found.values["it"][0])


def test_the_baseline_of_a_constant_is_the_constant() -> None:
    assert baseline(np.full(TIME_S.size, 7.0), Usual()) == pytest.approx(7.0)


def test_a_cue_that_fills_a_third_of_the_time_does_not_move_the_median() -> None:
    values = np.where(TIME_S % 3 < 1, 30.0, 5.0)
    assert baseline(values, Usual()) == pytest.approx(5.0)


@pytest.mark.parametrize(("quantile", "expected"), [(0.1, 2.4), (0.5, 12.0), (0.9, 21.6)])
def test_the_quantile_is_that_of_the_measured_past(quantile: float, expected: float) -> None:
    assert baseline(TIME_S, Usual(quantile=quantile), at_s=23.9) == pytest.approx(expected, abs=0.3)


def test_a_prior_counts_as_so_much_time_seen() -> None:
    few = TIME_S < 3
    held = np.full(int(few.sum()), 10.0)
    assert baseline(held, Usual(prior=0.0, prior_s=3.0), 1.0, TIME_S[few]) == pytest.approx(5.0, abs=0.2)
    assert baseline(np.full(TIME_S.size, 10.0), Usual(prior=0.0, prior_s=3.0)) > 8.0


def test_a_baseline_can_be_bounded() -> None:
    assert baseline(np.full(TIME_S.size, 0.9), Usual(at_most=0.65)) == pytest.approx(0.65)
    assert baseline(np.full(TIME_S.size, 0.5), Usual(at_most=0.65)) == pytest.approx(0.5)


def test_what_was_never_measured_has_no_baseline() -> None:
    assert np.isnan(baseline(np.full(TIME_S.size, np.nan), Usual()))
    assert np.isnan(baseline(np.full(TIME_S.size, np.nan), Usual(prior=1.0, prior_s=3.0)))


def test_what_was_not_measured_does_not_count() -> None:
    values = np.where(TIME_S % 2 < 1, np.nan, 4.0)
    assert baseline(values, Usual()) == pytest.approx(4.0)


def test_the_distant_past_is_forgotten() -> None:
    time_s = np.arange(0, 3 * WINDOW_S, 0.2)
    values = np.where(time_s < WINDOW_S, 100.0, 1.0)
    assert baseline(values, Usual(), 2.5 * WINDOW_S, time_s) == pytest.approx(1.0)
    assert history_of(values, time_s).time_s[0] >= time_s[-1] - WINDOW_S - BLOCK_S - 0.5


def test_a_baseline_never_knows_what_comes_after_its_own_block() -> None:
    calm, later = np.zeros(TIME_S.size), np.where(TIME_S >= 2 * BLOCK_S, 50.0, 0.0)
    for at_s in (0.1, BLOCK_S + 0.1, 2 * BLOCK_S - 0.1):
        assert baseline(later, Usual(quantile=0.9), at_s) == baseline(calm, Usual(quantile=0.9), at_s)


def test_little_seen_is_less_certain() -> None:
    found = baselines_along(history_of(TIME_S), {"it": Usual()}, np.array([0.5, 20.0]))
    assert found.calibrated(0, 10.0) < found.calibrated(1, 10.0) == 1.0
    assert found.observed_s == pytest.approx([3.0, 21.0], abs=0.3)


CUTS = st.lists(st.floats(0.3, 23.7), max_size=8).map(sorted)


@settings(deadline=None)
@given(CUTS)
def test_remembering_in_pieces_is_remembering_at_once(cuts: list[float]) -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(0, 1, (2, TIME_S.size)).astype(np.float32)
    values[0, 100:140] = np.nan
    # Pieces begin where rows of history do; segments that end inside a row are the next test's.
    edges = sorted({round(cut / 0.2) * 0.2 for cut in cuts})
    pieces = History.empty(2)
    for start_s, end_s in zip([0.0, *edges], [*edges, 24.0], strict=True):
        inside = (start_s - 1e-9 <= TIME_S) & (end_s - 1e-9 > TIME_S)
        pieces = remember(pieces, TIME_S[inside], values[:, inside].T)
    whole = remember(History.empty(2), TIME_S, values.T)
    assert pieces.time_s == pytest.approx(whole.time_s)
    assert np.array_equal(pieces.rows, whole.rows, equal_nan=True)


@settings(deadline=None)
@given(CUTS)
def test_the_same_baselines_come_out_however_the_past_was_cut(cuts: list[float]) -> None:
    values = np.sin(TIME_S / 3) * 10
    usual = {"it": Usual(quantile=0.4, prior_s=3.0)}
    pieces = History.empty(1)
    for start_s, end_s in zip([0.0, *cuts], [*cuts, 24.0], strict=True):
        inside = (start_s <= TIME_S) & (end_s > TIME_S)
        pieces = remember(pieces, TIME_S[inside], column(values[inside]))
    whole = baselines_along(history_of(values), usual, TIME_S)
    again = baselines_along(pieces, usual, TIME_S)
    assert again.values["it"] == pytest.approx(whole.values["it"], abs=0.25)


def test_remembering_the_same_again_changes_nothing() -> None:
    once = history_of(TIME_S)
    assert remember(once, TIME_S, column(TIME_S)).time_s.size == once.time_s.size
    assert remember(once, np.zeros(0), column(np.zeros(0))) is once


# --- cuts ------------------------------------------------------------------------------------------


def cut_at(cut_s: float) -> History:
    """5 before the cut, nothing for a moment, and 9 after it."""
    values = np.where(cut_s > TIME_S, 5.0, np.where(cut_s + 0.4 > TIME_S, np.nan, 9.0))
    return remember(History.empty(1), TIME_S, column(values), np.array([cut_s]))


@pytest.mark.parametrize("cut_s", [6.0, 7.03, 8.99, 12.2])
def test_each_shot_has_a_baseline_of_its_own(cut_s: float) -> None:
    at_s = np.array([cut_s - 0.1, cut_s + 0.5, 20.0])
    found = baselines_along(cut_at(cut_s), {"it": Usual()}, at_s)
    assert found.values["it"].tolist() == [5.0, 9.0, 9.0]
    assert found.observed_s[0] == pytest.approx(cut_s, abs=0.5)
    assert found.observed_s[2] == pytest.approx(21.0 - cut_s, abs=0.7)


def test_a_shot_without_a_face_has_no_baseline() -> None:
    values = np.where(TIME_S < 9.0, 5.0, np.nan)
    history = remember(History.empty(1), TIME_S, column(values), np.array([9.0]))
    assert np.isnan(baselines_along(history, {"it": Usual()}, np.array([20.0])).values["it"]).all()


@given(st.lists(st.integers(1, 359), min_size=1, max_size=5, unique=True).map(sorted))
def test_cuts_are_remembered_piece_by_piece(pieces: list[int]) -> None:
    history, values = History.empty(1), np.where(TIME_S < 8.0, 5.0, 9.0)
    for first, last in pairwise((0, *pieces, TIME_S.size)):
        # The last seconds are given again, as by the look-back.
        rows = slice(max(0, first - 45), last)
        cuts_s = np.array([cut_s for cut_s in (8.0, 15.5) if TIME_S[rows][0] <= cut_s <= TIME_S[rows][-1]])
        history = remember(history, TIME_S[rows], column(values[rows]), cuts_s)
    assert history.shots_s.tolist() == [8.0, 15.5]


def test_cuts_before_the_history_are_forgotten() -> None:
    history = remember(
        History.empty(1), np.arange(0, 200, 0.2), column(np.zeros(1000)), np.array([5.0, 190.0])
    )
    assert history.shots_s.tolist() == [190.0]
