from datetime import UTC, datetime, timedelta, timezone

import pytest

from backchannel.report.words import measured, moment, named


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


def test_a_measure_is_named_behind_its_cue() -> None:
    assert named("nod", "rate") == "nod: rate"
    assert named("gaze_away") == "gaze away"
