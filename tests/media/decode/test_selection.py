"""Frames nearest to ticks, decided by times alone."""

import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.media.decode.selection import DisplayOrder, Grid, nearest_to_ticks


def taken(times_s: list[float], grid: Grid) -> list[float]:
    return [time_s for time_s, _ in nearest_to_ticks(((time_s, None) for time_s in times_s), grid)]


@pytest.mark.parametrize(
    ("times_s", "expected_s"),
    [
        ([0.0, 0.1, 0.2], [0.0, 0.1, 0.2]),
        ([0.0, 0.03, 0.09, 0.12, 0.16, 0.20], [0.0, 0.09, 0.20]),
        ([0.0, 0.9], [0.0, 0.9]),
        ([0.0, 0.0, 0.1], [0.0, 0.1]),
        ([0.1, 0.0, 0.2], [0.1, 0.2]),
        ([0.3], [0.3]),
        ([math.nan, 0.1, math.inf], [0.1]),
        ([], []),
    ],
)
def test_at_most_one_frame_is_taken_for_each_tick(times_s: list[float], expected_s: list[float]) -> None:
    assert taken(times_s, Grid(10.0)) == pytest.approx(expected_s)


def test_a_tick_behind_the_end_is_left_to_what_comes_next() -> None:
    assert taken([0.90, 0.92, 0.94, 0.96], Grid(10.0)) == [0.90]
    assert taken([0.90, 0.92, 0.94, 0.96, 0.98, 1.00], Grid(10.0)) == [0.90, 1.00]


def test_an_infinite_rate_takes_every_frame() -> None:
    times_s = [0.0, 0.001, 0.5, 0.50001]

    assert taken(times_s, Grid(math.inf)) == times_s


def test_only_one_item_ahead_is_read() -> None:
    read = []

    def items() -> Iterator[tuple[float, int]]:
        for number in range(10):
            read.append(number)
            yield number / 10, number

    assert next(nearest_to_ticks(items(), Grid(10.0))) == (0.0, 0)
    assert read == [0, 1]


@given(st.lists(st.floats(0, 60, allow_nan=False), max_size=50), st.sampled_from([5.0, 15.0, 29.97]))
def test_what_is_taken_is_in_order_and_never_two_for_one_tick(times_s: list[float], rate_hz: float) -> None:
    grid = Grid(rate_hz)
    got = taken(sorted(times_s), grid)

    assert got == sorted(set(got))
    assert len({grid.nearest_tick(time_s) for time_s in got}) == len(got)
    assert set(got) <= set(times_s)


def test_frames_shown_in_another_order_get_the_earliest_times_first() -> None:
    order = DisplayOrder()
    for time in (0, 3, 1, 2):
        order.decoding(time)

    assert [order.shown() for _ in range(5)] == [0, 1, 2, 3, None]
