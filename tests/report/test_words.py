from datetime import UTC, datetime, timedelta, timezone

import pytest

from backchannel.report.words import (
    counted,
    length,
    listed,
    measured,
    moment,
    named,
    percentage,
)


@pytest.mark.parametrize(
    ("duration_s", "shown"),
    [(0, "0 s"), (6.13, "6.1 s"), (10, "10 s"), (60, "1 min"), (72.4, "1 min 12 s"), (3725, "1 h 2 min 5 s")],
)
def test_durations_use_the_units_they_need(duration_s: float, shown: str) -> None:
    assert length(duration_s) == shown


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
