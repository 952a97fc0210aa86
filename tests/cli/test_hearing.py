from datetime import UTC, datetime

import msgspec
import pytest

from backchannel.cli.hearing import Hearing, closing_lines, lines_of, panel
from backchannel.client.events import Received, Reconnected
from backchannel.protocol.event_messages import (
    CoverageDegraded,
    CoverageDropped,
    CoverageMeasured,
    Data,
    EngagementUpdated,
    Error,
    QualityUpdated,
    RangeBody,
    SessionEnded,
    SessionUpdated,
    SignalDetected,
    SignalEnded,
    SignalUpdated,
)
from backchannel.protocol.results import QualityBody

QUALITY = QualityBody(quality_index=62, clarity=60, authority=61, energy=62, rapport=63, learning=64)
DETECTED = SignalDetected("agreement", 4.1, "low", "Nodded once.")
MEASURED = msgspec.convert(
    {
        "start": 0,
        "end": 61,
        "picture": True,
        "sound": True,
        "face_share": 0,
        "brightness": None,
        "level_dbfs": None,
        "face": None,
        "analysis_rate_hz": None,
    },
    CoverageMeasured,
)


def received(data: Data) -> Received:
    return Received(data.type, datetime(2026, 1, 1, tzinfo=UTC), "id", data)


def heard(*data: Data) -> Hearing:
    hearing = Hearing()
    for one in data:
        hearing = hearing.after(received(one))
    return hearing


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (DETECTED, "    4.1 s  agreement     low         Nodded once."),
        (
            SignalUpdated("agreement", 4.1, "high", "Nodded twice."),
            "    4.1 s  agreement     now high    Nodded twice.",
        ),
        (SignalEnded("disagreement", 1234.5), " 1234.5 s  disagreement  ended"),
        (EngagementUpdated("disengaged", 2), "    2.0 s  engagement    disengaged"),
        (
            CoverageDropped((RangeBody(1, 2.5),)),
            "    1.0 s  coverage      lost        nothing arrived until 2.5 s",
        ),
        (CoverageDegraded((RangeBody(1, 2.5),)), "    1.0 s  coverage      no picture  until 2.5 s"),
        (Error("ih5002", "It is damaged.", "", 3, False), "piece 3: It is damaged. (ih5002)"),
        (Error("ih1001", "Sorry.", "", None, True), "session: Sorry. (ih1001)"),
        (SessionEnded("server_shutdown"), "The server is shutting down."),
    ],
)
def test_every_event_that_tells_something_is_a_line(data: Data, line: str) -> None:
    assert [text.plain for text in lines_of(received(data))] == [line]


@pytest.mark.parametrize("data", [MEASURED, SessionEnded("client_shutdown"), SessionUpdated(())])
def test_what_only_the_display_needs_is_no_line(data: Data) -> None:
    assert list(lines_of(received(data))) == []


def test_a_reconnection_is_told_with_what_was_lost() -> None:
    (line,) = lines_of(Reconnected(2, 3, "connection lost"))
    assert "connection lost, 3 pieces were lost" in line.plain
    assert "clock begins at 0" in line.plain


def test_signals_are_active_from_their_beginning_to_their_end() -> None:
    hearing = heard(
        DETECTED, SignalUpdated("agreement", 4.1, "high", ""), SignalDetected("interest", 5, "low", "")
    )
    assert dict(hearing.active) == {"agreement": "high", "interest": "low"}
    assert dict(hearing.after(received(SignalEnded("agreement", 6))).active) == {"interest": "low"}
    assert hearing.signals == 2


def test_a_new_session_knows_nothing_yet_but_signals_go_on_being_counted() -> None:
    after = heard(DETECTED, MEASURED, EngagementUpdated("engaged", 0)).after(
        Reconnected(2, 0, "connection lost")
    )
    assert (dict(after.active), after.engagement, after.analyzed_s) == ({}, None, 0)
    assert after.signals == 1


def test_the_line_at_the_bottom_tells_what_goes_on() -> None:
    hearing = heard(MEASURED, EngagementUpdated("engaged", 0), QualityUpdated(overall=QUALITY), DETECTED)
    assert panel(hearing, 62.4).plain == (
        "live 1:02   answered to 1:01   no face in view   engaged   quality 62   agreement ▰▱▱"
    )
    assert panel(Hearing(), 0).plain == "live 0:00"


def test_in_the_end_it_is_told_what_it_came_to() -> None:
    (line,) = closing_lines(heard(DETECTED, QualityUpdated(overall=QUALITY)))
    assert line.plain == (
        "Ended: 1 signal, quality 62 (clarity 60, authority 61, energy 62, rapport 63, learning 64)."
    )
    assert list(closing_lines(heard(Error("ih5002", "It is damaged.", "", 1, False)))) == []
