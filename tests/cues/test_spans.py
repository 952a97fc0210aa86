"""From masks and scores to stretches of rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.cues.spans import hysteresis, join_close, longer_than, runs

MASKS = st.lists(st.booleans(), max_size=40)


@pytest.mark.parametrize(
    ("mask", "found"),
    [
        ([], []),
        ([False, False], []),
        ([True], [(0, 1)]),
        ([True, True, False, True], [(0, 2), (3, 4)]),
        ([False, True, True], [(1, 3)]),
    ],
)
def test_runs_are_where_the_mask_is_true(mask: list[bool], found: list[tuple[int, int]]) -> None:
    assert runs(np.array(mask, np.bool_)) == found


@settings(deadline=None)
@given(MASKS)
def test_runs_say_all_of_the_mask_and_nothing_else(mask: list[bool]) -> None:
    again = np.zeros(len(mask), np.bool_)
    for start, end in runs(np.array(mask, np.bool_)):
        assert start < end
        again[start:end] = True
    assert again.tolist() == mask


@pytest.mark.parametrize(
    ("gap", "joined"), [(0, [(0, 2), (3, 4), (7, 9)]), (1, [(0, 4), (7, 9)]), (3, [(0, 9)])]
)
def test_close_spans_are_joined(gap: int, joined: list[tuple[int, int]]) -> None:
    assert join_close([(0, 2), (3, 4), (7, 9)], gap) == joined


def test_nothing_joined_is_nothing() -> None:
    assert join_close([], 5) == []


@pytest.mark.parametrize(
    ("score", "found"),
    [
        ([0, 2, 4, 2, 0], [(1, 4)]),  # entered at 3, left under 2
        ([0, 2, 2, 2, 0], []),  # never entered
        ([4, 4, 4], [(0, 3)]),  # still on at the edges
        ([4, 1, 4], [(0, 1), (2, 3)]),
        ([4, np.nan, 4], [(0, 1), (2, 3)]),  # what was not measured ends a span
        ([np.nan, np.nan], []),
    ],
)
def test_hysteresis_enters_high_and_leaves_low(score: list[float], found: list[tuple[int, int]]) -> None:
    assert hysteresis(np.array(score, np.float32), enter=3.0, leave=2.0) == found


def test_short_spans_are_dropped() -> None:
    assert longer_than([(0, 2), (5, 9), (10, 13)], 3) == [(5, 9), (10, 13)]
