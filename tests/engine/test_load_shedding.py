"""When pictures are looked at less often, and when again as often as usual."""

from collections.abc import Callable

import pytest

from backchannel.engine.load_shedding import RATES_HZ, LoadShedding, Thresholds

LIMITS = Thresholds()
OVERLOAD_S = 2.0


class Workers:
    """Two workers, a clock, and a line of segments."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.waiting_s = 0.0
        self.shedding = LoadShedding(2, OVERLOAD_S, lambda: self.now_s, lambda: self.waiting_s)

    def live(self, for_s: float, *, busy: float, wait_s: float = 0.0) -> list[float]:
        """Have both workers busy for a share of each second; returns the rates of the segments."""
        rates = []
        for _ in range(round(for_s)):
            self.shedding.waited(wait_s)
            rates.append(self.shedding.rate_hz)
            for worker in range(2):
                self.shedding.begin(worker)
            self.now_s += busy
            for worker in range(2):
                self.shedding.end(worker)
            self.now_s += 1 - busy
        return rates


def test_workers_with_little_to_do_look_as_often_as_they_can() -> None:
    assert set(Workers().live(60, busy=0.5)) == {15.0}


@pytest.mark.parametrize(("busy", "wait_s"), [(1.0, 0.4), (0.5, 3.0)])
def test_neither_busy_workers_nor_a_chance_wait_are_too_much(busy: float, wait_s: float) -> None:
    assert set(Workers().live(60, busy=busy, wait_s=wait_s)) == {15.0}


def test_it_falls_step_by_step_and_no_further_than_the_lowest() -> None:
    rates = Workers().live(30, busy=1.0, wait_s=0.6)
    assert rates == sorted(rates, reverse=True)
    assert tuple(dict.fromkeys(rates)) == RATES_HZ
    assert rates.count(10.0) >= LIMITS.fall_pause_s


def test_it_rises_again_when_there_is_room_and_not_at_once() -> None:
    workers = Workers()
    workers.live(30, busy=1.0, wait_s=0.6)
    rates = workers.live(60, busy=0.3)
    assert tuple(dict.fromkeys(rates)) == RATES_HZ[::-1]
    assert rates.count(8.0) >= LIMITS.rise_after_s
    assert rates.count(10.0) >= LIMITS.rise_after_s


def test_where_the_lower_rate_is_just_enough_it_does_not_swing() -> None:
    workers = Workers()
    workers.live(6, busy=1.0, wait_s=0.6)
    assert workers.shedding.rate_hz < 15.0
    # At 10 a second three quarters of the time are enough; at 15 it might be all of it.
    assert len(set(workers.live(300, busy=0.75))) == 1


def test_after_a_silence_the_next_segment_is_looked_at_as_usual() -> None:
    workers = Workers()
    workers.live(30, busy=1.0, wait_s=0.6)
    workers.now_s += 60
    assert workers.live(1, busy=0.1) == [10.0]
    assert workers.live(12, busy=0.1)[-1] == 15.0


@pytest.mark.parametrize(
    ("load", "overloaded"),
    [
        (lambda workers: workers.live(30, busy=1.0, wait_s=OVERLOAD_S + 1), True),
        (lambda workers: workers.live(30, busy=1.0, wait_s=OVERLOAD_S / 2), False),
        (lambda workers: workers.live(30, busy=0.3, wait_s=OVERLOAD_S + 1), False),
        (lambda workers: workers.live(3, busy=1.0, wait_s=OVERLOAD_S + 1), False),
    ],
)
def test_overload_is_a_long_wait_at_the_lowest_rate(
    load: Callable[[Workers], object], overloaded: bool
) -> None:
    workers = Workers()
    load(workers)
    assert workers.shedding.overloaded is overloaded


def test_a_segment_that_waits_and_waits_counts_before_it_is_served() -> None:
    workers = Workers()
    workers.live(30, busy=1.0, wait_s=0.6)
    assert not workers.shedding.overloaded
    workers.waiting_s = OVERLOAD_S + 1
    assert workers.shedding.overloaded
