from datetime import UTC, datetime, timedelta, timezone

import pytest

from backchannel.report.words import (
    briefly_when,
    clock,
    counted,
    length,
    listed,
    measured,
    moment,
    named,
    percentage,
    when,
)
from backchannel.values import Span


@pytest.mark.parametrize(
    ("time_s", "shown"),
    [(0, "0:00"), (4.1, "0:04.1"), (59.94, "0:59.9"), (59.96, "1:00"), (754.3, "12:34.3"), (3600, "60:00")],
)
def test_times_are_written_as_on_a_player(time_s: float, shown: str) -> None:
    assert clock(time_s) == shown


@pytest.mark.parametrize(
    ("duration_s", "shown"),
    [(0, "0 s"), (6.13, "6.1 s"), (10, "10 s"), (60, "1 min"), (72.4, "1 min 12 s"), (3725, "1 h 2 min 5 s")],
)
def test_durations_use_the_units_they_need(duration_s: float, shown: str) -> None:
    assert length(duration_s) == shown


def test_from_a_minute_on_times_are_also_in_minutes() -> None:
    assert when(Span(4.1, 6), 59.9) == "4.1–6.0 s"
    assert when(Span(64.1, 66), 70) == "1:04.1–1:06 (64.1–66.0 s)"
    assert briefly_when(Span(64.1, 66), 70) == "1:04.1–1:06"


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0%"), (0.004, "under 1%"), (0.5, "50%"), (0.989, "99%"), (0.996, "over 99%"), (1.0, "100%")],
)
def test_only_exact_shares_become_0_or_100_percent(share: float, shown: str) -> None:
    assert percentage(share) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (9.25, "deg", "9.25°"),
        (13.37, "%", "13.4%"),
        (2.04, "st", "2.04 semitones"),
        (52.0, "per minute", "52 per minute"),
        (3.0, "", "3"),
        (4.9, "syllables/s", "4.90 syllables per second"),
        (4.5, "dB", "4.50 dB"),
    ],
)
def test_measurements_have_their_unit(value: float, unit: str, shown: str) -> None:
    assert measured(value, unit) == shown


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (datetime(2026, 11, 2, 9, 5, tzinfo=UTC), "2 November 2026, 09:05 (UTC)"),
        (
            datetime(2026, 7, 22, 23, 59, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            "22 July 2026, 23:59 (UTC+05:30)",
        ),
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-3))), "1 January 2026, 00:00 (UTC-03:00)"),
    ],
)
def test_dates_have_their_offset(at: datetime, shown: str) -> None:
    assert moment(at) == shown


def test_text_for_names_counts_and_lists() -> None:
    assert named("nod", "rate") == "nod: rate"
    assert named("gaze_away") == "gaze away"
    assert (counted(1, "signal"), counted(0, "signal")) == ("1 signal", "0 signals")
    assert (listed(["a"]), listed(["a", "b", "c"])) == ("a", "a, b and c")
