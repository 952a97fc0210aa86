from datetime import UTC, datetime

import msgspec
import pytest

from backchannel.cli.stream_display import StreamStatus, closing_lines, lines_of_event, status_line
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


def after(*data: Data) -> StreamStatus:
    status = StreamStatus()
    for one in data:
        status = status.after(received(one))
    return status


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (DETECTED, "   0:04.1  Possibly agreeing            Nodded once."),
        (
            SignalUpdated("agreement", 4.1, "high", "Nodded twice."),
            "   0:04.1  Now very likely agreeing     Nodded twice.",
        ),
        (SignalEnded("disagreement", 1234.5), "  20:34.5  End of disagreement"),
        (EngagementUpdated("disengaged", 2), "   0:02.0  Engagement: disengaged"),
        (
            CoverageDropped((RangeBody(1, 2.5),)),
            "   0:01.0  Not analysed                 No media until 0:02.5.",
        ),
        (CoverageDegraded((RangeBody(1, 2.5),)), "   0:01.0  No picture                   Until 0:02.5."),
        (Error("ih5002", "It is damaged.", "", 3, False), "piece 3: It is damaged. (ih5002)"),
        (Error("ih1001", "Sorry.", "", None, True), "session: Sorry. (ih1001)"),
        (SessionEnded("server_shutdown"), "The server is shutting down."),
    ],
)
def test_every_event_about_the_media_is_a_line(data: Data, line: str) -> None:
    assert [text.plain for text in lines_of_event(received(data))] == [line]


@pytest.mark.parametrize("data", [MEASURED, SessionEnded("client_shutdown"), SessionUpdated(())])
def test_an_event_for_the_status_line_alone_is_no_line(data: Data) -> None:
    assert list(lines_of_event(received(data))) == []


def test_a_reconnection_says_how_much_was_lost() -> None:
    (line,) = lines_of_event(Reconnected(2, 3, "connection lost"))
    assert line.plain == (
        "Reconnected with a new session (connection lost, 3 pieces lost). Times start again at 0."
    )


@pytest.mark.parametrize(
    ("chunks", "messages", "lost"),
    [(0, 0, "nothing"), (1, 0, "1 piece"), (0, 2, "2 messages"), (3, 1, "3 pieces and 1 message")],
)
def test_a_session_that_goes_on_keeps_its_times_and_its_state(chunks: int, messages: int, lost: str) -> None:
    event = Reconnected(1, chunks, "connection lost", resumed=True, lost_messages=messages)
    (line,) = lines_of_event(event)
    assert line.plain == f"Reconnected, {lost} lost."
    status = after(DETECTED, MEASURED)
    assert status.after(event) == status


def test_signals_are_active_until_they_end() -> None:
    status = after(
        DETECTED, SignalUpdated("agreement", 4.1, "high", ""), SignalDetected("interest", 5, "low", "")
    )
    assert dict(status.active) == {"agreement": "high", "interest": "low"}
    assert dict(status.after(received(SignalEnded("agreement", 6))).active) == {"interest": "low"}
    assert status.signals == 2


def test_a_new_session_starts_empty_but_keeps_counting_signals() -> None:
    status = after(DETECTED, MEASURED, EngagementUpdated("engaged", 0)).after(
        Reconnected(2, 0, "connection lost")
    )
    assert (dict(status.active), status.engagement, status.analyzed_s) == ({}, None, 0)
    assert status.signals == 1


def test_the_status_line_sums_up_the_stream() -> None:
    status = after(MEASURED, EngagementUpdated("engaged", 0), QualityUpdated(overall=QUALITY), DETECTED)
    assert status_line(status, 62.4).plain == (
        "live 1:02   analysed to 1:01   no face in view   engaged   quality 62   Possibly agreeing"
    )
    assert status_line(StreamStatus(), 0).plain == "live 0:00"


def test_the_closing_line_needs_something_to_sum_up() -> None:
    (line,) = closing_lines(after(DETECTED, QualityUpdated(overall=QUALITY)))
    assert line.plain == (
        "Ended: 1 signal, quality 62 (clarity 60, authority 61, energy 62, rapport 63, learning 64)."
    )
    assert list(closing_lines(after(Error("ih5002", "It is damaged.", "", 1, False)))) == []
