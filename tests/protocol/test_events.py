"""Streams v1 and v2 without sockets. The vendor's client reads every message too."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from interhumanai.stream import UnknownEvent, parse_stream_event

from backchannel.conversation.changes import Activity, end_all, end_quiet, report_window
from backchannel.errors import CATALOGUE, Problem
from backchannel.protocol import events
from backchannel.protocol.errors import ErrorLinks, IllegalEventError
from backchannel.protocol.event_messages import Data, SessionEnded, decode, encode
from backchannel.protocol.event_phases import Phase
from backchannel.protocol.include import Include
from backchannel.updates import Change, Changes, FaceInView, View
from backchannel.values import Cue, Phrase, SegmentResult, Span, Word
from tests.protocol.results import segment_result

CORRELATION_ID = "550e8400-e29b-41d4-a716-446655440000"
NOW = datetime(2026, 11, 22, 18, 0, 0, 250_000, tzinfo=UTC)
LIMITS = events.Limits(300.0, 3600.0, 30.0, 60.0, 33_554_432)
ALL = Include(quality_overall=True, quality_timeline=True, evidence=True)
OURS = {"cue.detected", "coverage.measured", "transcript.updated", "session.summary"}
CLOSE = '{"type":"session.close"}'


def new(version: events.Version = "v2", include: Include | None = None) -> events.Session:
    return events.Session(version, ErrorLinks("https://here"), LIMITS, include or Include())


def ready(version: events.Version = "v2", include: Include | None = None) -> events.Session:
    session, _ = new(version, include).open()
    return session


def streaming(version: events.Version = "v2", include: Include | None = None) -> events.Session:
    session, number, messages = ready(version, include).media(5)
    assert (number, messages) == (1, ())
    return session


def encoded(message: Data) -> dict[str, Any]:
    """Encode a message as on the wire, and check that the vendor's client reads it."""
    text = encode(message, CORRELATION_ID, NOW)
    envelope: dict[str, Any] = json.loads(text)
    assert list(envelope) == ["type", "timestamp", "correlation_id", "data"]
    assert envelope["timestamp"] == "2026-11-22T18:00:00.250000Z"
    assert envelope["correlation_id"] == CORRELATION_ID
    theirs = parse_stream_event(json.loads(text))
    assert isinstance(theirs, UnknownEvent) == (envelope["type"] in OURS)
    ours = decode(text)
    assert (ours.type, ours.data) == (message.type, message)
    return envelope


def story(*messages: Data) -> list[tuple[str, dict[str, Any]]]:
    return [(message.type, encoded(message)["data"]) for message in messages]


def analysed(result: SegmentResult, *, complete: bool = False) -> Changes:
    """What the first window of a conversation changes."""
    return Changes(result.span.end_s, shown(Activity(), result, closed=complete)[1])


def finished(result: SegmentResult) -> Changes:
    """What the end changes in a conversation whose first window was open until then."""
    activity, _ = shown(Activity(), result, closed=False)
    activity, news = shown(activity, result, closed=True)
    return Changes(result.span.end_s, (*news, *end_all(activity)[1]))


def shown(activity: Activity, result: SegmentResult, *, closed: bool) -> tuple[Activity, tuple[Change, ...]]:
    activity, news = report_window(activity, result, closed=closed)
    activity, ended = end_quiet(activity, result.span.end_s)
    return activity, (*news, *ended)


# --- the table -------------------------------------------------------------------------------------


def in_phase(phase: Phase) -> events.Session:
    session = {Phase.NEW: new, Phase.READY: ready}.get(phase, streaming)()
    if phase in {Phase.DRAINING, Phase.ENDED}:
        session, _ = session.text(CLOSE)
    if phase is Phase.ENDED:
        session, _ = session.end()
    assert session.phase is phase
    return session


SILENT = Problem("ih6003", "Silent.")
CALLS: dict[str, Callable[[events.Session], object]] = {
    "open": lambda session: session.open(),
    "media": lambda session: session.media(5),
    "config": lambda session: session.text("{}"),
    "close": lambda session: session.text(CLOSE),
    "invalid text": lambda session: session.text("?"),
    "progress": lambda session: session.progress(Changes(1.0)),
    "refuse": lambda session: session.refuse(1, SILENT),
    "time over": lambda session: session.time_over(SILENT, "idle_timeout"),
    "shut down": lambda session: session.shut_down(),
    "end": lambda session: session.end(),
    "break": lambda session: session.break_off(SILENT),
}
CLIENTS = {"media", "config", "close", "invalid text"}
ANALYSIS = {"progress", "refuse"}
LEGAL = {
    Phase.NEW: {"open", "break"},
    Phase.READY: CLIENTS | {"time over", "shut down", "break"},
    Phase.STREAMING: CLIENTS | ANALYSIS | {"time over", "shut down", "break"},
    Phase.DRAINING: CLIENTS | ANALYSIS | {"time over", "shut down", "end", "break"},
    Phase.ENDED: CLIENTS,
}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("event", CALLS)
def test_legal_events_of_each_phase(phase: Phase, event: str) -> None:
    session = in_phase(phase)
    if event in LEGAL[phase]:
        CALLS[event](session)
    else:
        with pytest.raises(IllegalEventError):
            CALLS[event](session)


@pytest.mark.parametrize("phase", [Phase.READY, Phase.STREAMING, Phase.DRAINING, Phase.ENDED])
@pytest.mark.parametrize("event", sorted(CLIENTS))
def test_client_messages_are_legal_in_every_phase(phase: Phase, event: str) -> None:
    session = in_phase(phase)
    messages: tuple[Data, ...]
    if event == "media":
        after, _, messages = session.media(5)
    else:
        after, messages = session.text({"config": "{}", "close": CLOSE}.get(event, "?"))
    types = [message.type for message in messages]
    if phase is Phase.ENDED:
        assert (after.phase, types) == (Phase.ENDED, [])
    elif phase is Phase.DRAINING:
        assert (after.phase, types) == (Phase.DRAINING, [] if event == "close" else ["error"])
    else:
        expected = {"media": [], "config": ["session.updated"], "close": ["session.closing"]}
        assert types == expected.get(event, ["error"])
        assert after.phase is {"media": Phase.STREAMING, "close": Phase.DRAINING}.get(event, phase)


# --- session.ready ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "models"), [("v1", None), ("v2", ["inter-2", "inter-2-audio"])])
def test_session_ready_is_the_first_message(version: events.Version, models: list[str] | None) -> None:
    _, (message,) = new(version).open()
    assert story(message) == [
        (
            "session.ready",
            {
                "session_idle_timeout_seconds": 300,
                "session_max_duration_seconds": 3600,
                "max_segment_duration_seconds": 60,
                "min_segment_size_bytes": 1,
                "max_segment_size_bytes": 33554432,
                "supported_session_config_options": {
                    "include": ["conversation_quality_overall", "conversation_quality_timeline"],
                    "goal_dimensions": None,
                    "model": models,
                },
                "engine": "backchannel-1",
                "extensions": ["evidence", "summary"],
            },
        )
    ]


# --- configuration ---------------------------------------------------------------------------------


def configured(session: events.Session, text: str) -> tuple[events.Session, str, dict[str, Any]]:
    after, (message,) = session.text(text)
    ((kind, data),) = story(message)
    return after, kind, data


def test_each_config_frame_replaces_the_one_before() -> None:
    session = ready(include=Include(quality_overall=True))
    session, kind, data = configured(
        session, '{"include":["conversation_quality_timeline","evidence","horoscope"]}'
    )
    assert kind == "session.updated"
    assert data == {
        "include": ["conversation_quality_timeline"],
        "goal_dimensions": None,
        "model": "inter-2",
        "engine": "backchannel-1",
        "extensions": ["evidence"],
    }
    session, _, data = configured(session, "{}")
    assert (data["include"], data["extensions"]) == ([], [])
    assert session.include == Include()


def test_v1_has_no_model() -> None:
    _, kind, data = configured(ready("v1"), '{"include":[]}')
    assert (kind, data["model"]) == ("session.updated", None)
    session, kind, data = configured(ready("v1"), '{"model":"inter-2"}')
    assert (kind, data["code"]) == ("error", "ih6001")
    assert session.model == "inter-2"


def test_the_model_can_change_only_before_the_first_media() -> None:
    session, kind, data = configured(ready(), '{"model":"inter-2-audio"}')
    assert (kind, data["model"], session.sound_only) == ("session.updated", "inter-2-audio", True)
    session, kind, data = configured(session, "{}")
    assert (kind, data["model"]) == ("session.updated", "inter-2-audio")
    session, _, _ = session.media(5)
    after, kind, data = configured(session, '{"model":"inter-2","include":["evidence"]}')
    assert (kind, data["code"]) == ("error", "ih6001")
    assert after == session
    _, kind, _ = configured(session, '{"model":"inter-2-audio"}')
    assert kind == "session.updated"


PCM = '"audio_format":{"encoding":"pcm_s16le","sample_rate":16000,"channels":1}'


def test_raw_samples_need_the_audio_model_and_no_media_so_far() -> None:
    _, kind, data = configured(ready(), "{" + PCM + "}")
    assert (kind, data["code"]) == ("error", "ih6001")
    session, kind, _ = configured(ready(), '{"model":"inter-2-audio",' + PCM + "}")
    assert kind == "session.updated"
    assert session.audio_format is not None
    back, kind, _ = configured(session, '{"model":"inter-2"}')
    assert (kind, back.audio_format) == ("session.updated", None)
    session, _, _ = session.media(5)
    _, kind, _ = configured(session, "{" + PCM + "}")
    assert kind == "session.updated"
    _, kind, _ = configured(session, "{" + PCM.replace("16000", "24000") + "}")
    assert kind == "error"


# --- media -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "error_id"), [(0, "ih5004"), (1, None), (33_554_432, None), (33_554_433, "ih6002")]
)
def test_the_size_limit_is_inclusive(size: int, error_id: str | None) -> None:
    session, number, messages = ready().media(size)
    assert number == (1 if error_id is None else None)
    assert [(data["code"], data["segment"]) for _, data in story(*messages)] == (
        [(error_id, 1)] if error_id else []
    )
    assert session.media(1)[1] == 2


def test_a_closing_session_refuses_media_and_reports_the_rest() -> None:
    session, _ = streaming(include=ALL).text(CLOSE)
    session, number, messages = session.media(5)
    assert number is None
    ((_, data),) = story(*messages)
    assert (data["code"], data["segment"]) == ("ih6001", 2)
    session, messages = session.progress(analysed(segment_result()))
    assert "signal.detected" in [message.type for message in messages]
    session, rest = session.progress(finished(segment_result()))
    session, last = session.end()
    assert [message.type for message in (*rest, *last)] == [
        "conversation_quality.updated",
        "signal.ended",
        "session.ended",
    ]


def test_signals_that_the_analysis_could_not_end_in_time_end_with_the_session() -> None:
    session, _ = streaming().progress(analysed(segment_result()))
    session, _ = session.text(CLOSE)
    _, messages = session.end()
    assert story(*messages) == [
        ("signal.ended", {"signal_type": "confidence", "end": 10}),
        ("session.ended", {"reason": "client_shutdown"}),
    ]


# --- events ----------------------------------------------------------------------------------------


def test_events_of_a_window_on_v1() -> None:
    result = replace(segment_result(), cues=(Cue("nod", "visual", Span(5, 6), 9.0, "deg", None, 0.8),))
    session, messages = streaming("v1").progress(analysed(result, complete=True))
    assert story(*messages) == [
        (
            "signal.detected",
            {
                "signal_type": "agreement",
                "start": 5,
                "probability": "high",
                "rationale": "Nodded 3 times.",
                "modality": ["visual"],
            },
        ),
        (
            "signal.detected",
            {
                "signal_type": "confidence",
                "start": 6,
                "probability": "medium",
                "rationale": "Steady voice.",
                "modality": ["audio"],
            },
        ),
        ("engagement.updated", {"state": "neutral", "start": 5}),
        ("signal.ended", {"signal_type": "agreement", "end": 6}),
    ]
    session, _ = session.text(CLOSE)
    _, messages = session.end()
    assert story(*messages) == [
        ("signal.ended", {"signal_type": "confidence", "end": 10}),
        ("session.ended", {"reason": "client_shutdown"}),
    ]


def test_v2_has_no_modality_and_sends_evidence_only_if_requested() -> None:
    cue = Cue("tilt", "visual", Span(5, 6.25), 9.0, "deg", 1.0, 0.8, direction="left")
    result = replace(segment_result(), cues=(cue,))
    for include in (Include(), Include(evidence=True)):
        _, messages = streaming("v2", include).progress(analysed(result, complete=True))
        for kind, data in story(*messages):
            if kind == "signal.detected":
                assert ("evidence" in data) == include.evidence
                assert "modality" not in data
        reported = [data for kind, data in story(*messages) if kind == "cue.detected"]
        assert reported == (
            [
                {
                    "cue": "tilt",
                    "modality": "visual",
                    "start": 5,
                    "end": 6.25,
                    "value": 9.0,
                    "unit": "deg",
                    "baseline": 1.0,
                    "certainty": 0.8,
                    "direction": "left",
                }
            ]
            if include.evidence
            else []
        )


@pytest.mark.parametrize("overall", [True, False])
@pytest.mark.parametrize("timeline", [True, False])
def test_quality_covers_complete_windows_and_requested_parts(overall: bool, timeline: bool) -> None:
    session = streaming(include=Include(quality_overall=overall, quality_timeline=timeline))
    session, messages = session.progress(analysed(segment_result()))
    assert "conversation_quality.updated" not in [message.type for message in messages]
    _, messages = session.progress(analysed(segment_result(), complete=True))
    reported = [data for kind, data in story(*messages) if kind == "conversation_quality.updated"]
    expected = ({"overall"} if overall else set()) | ({"timeline"} if timeline else set())
    assert [set(data) for data in reported] == ([expected] if expected else [])
    if overall:
        assert reported[0]["overall"]["quality_index"] == 72
    if timeline:
        assert [(entry["start"], entry["end"]) for entry in reported[0]["timeline"]] == [(5, 10)]


def test_a_session_with_the_audio_model_reports_only_audio_signals() -> None:
    result = segment_result()
    result = replace(result, signals=(replace(result.signals[0], type="stress"), result.signals[1]))
    session = replace(streaming(), model="inter-2-audio")
    _, messages = session.progress(analysed(result))
    assert [data["signal_type"] for kind, data in story(*messages) if kind == "signal.detected"] == [
        "agreement"
    ]


def test_dropped_and_degraded_coverage() -> None:
    gaps = (Span(1, 2.5),)
    _, messages = streaming().progress(Changes(4.0, dropped=gaps, degraded=(Span(3, 4), Span(5, 6))))
    assert story(*messages) == [
        ("coverage.dropped", {"ranges": [{"start": 1, "end": 2.5}]}),
        (
            "coverage.degraded",
            {"ranges": [{"start": 3, "end": 4}, {"start": 5, "end": 6}], "reason": "video_gap"},
        ),
    ]


def test_measured_coverage_is_sent_only_with_evidence() -> None:
    face = FaceInView(0.25, 0.125, 0.5, 0.75, 3.26, None)
    view = View(
        Span(3, 4.004),
        picture=True,
        sound=False,
        face_share=0.5,
        brightness=0.25,
        face=face,
        analysis_rate_hz=10.0,
    )
    progress = Changes(4.004, view=view)
    _, messages = streaming().progress(progress)
    assert messages == ()
    _, messages = streaming("v2", Include(evidence=True)).progress(progress)
    assert story(*messages) == [
        (
            "coverage.measured",
            {
                "start": 3,
                "end": 4,
                "picture": True,
                "sound": False,
                "face_share": 0.5,
                "brightness": 0.25,
                "level_dbfs": None,
                "face": {
                    "left": 0.25,
                    "top": 0.125,
                    "width": 0.5,
                    "height": 0.75,
                    "gaze_yaw_deg": 3.3,
                    "gaze_pitch_deg": None,
                },
                "analysis_rate_hz": 10.0,
                "faces": None,
            },
        )
    ]


# --- ends ------------------------------------------------------------------------------------------


def test_the_reason_of_session_ended() -> None:
    for error_id, reason in (("ih6003", "idle_timeout"), ("ih6004", "max_duration")):
        session, messages = streaming().time_over(Problem(error_id, "Over."), reason)  # type: ignore[arg-type]
        _, last = session.end()
        kinds = story(*messages, *last)
        assert [(kind, data.get("code"), data.get("reason")) for kind, data in kinds] == [
            ("error", error_id, None),
            ("session.ended", None, reason),
        ]
    _, messages = streaming().shut_down().end()
    assert story(*messages) == [("session.ended", {"reason": "server_shutdown"})]


def test_session_closing_has_the_drain_time() -> None:
    _, messages = ready().text(CLOSE)
    assert story(*messages) == [("session.closing", {"max_drain_seconds": 30})]


@pytest.mark.parametrize("error_id", CATALOGUE)
def test_every_error_can_be_encoded_and_decoded(error_id: str) -> None:
    _, messages = streaming().refuse(1, Problem(error_id, "Sorry.", retry_after_s=2.5))
    ((kind, data),) = story(*messages)
    assert kind == "error"
    assert data == {
        "code": error_id,
        "message": "Sorry.",
        "link": f"https://here/docs/errors#{CATALOGUE[error_id].anchor}",
        "segment": 1,
        "retryable": CATALOGUE[error_id].retryable,
        "retry_after_seconds": 2.5,
    }


def test_a_client_accepts_unknown_types_and_fields() -> None:
    envelope = '{"type":"%s","timestamp":"2026-11-22T18:00:00Z","correlation_id":"x","data":%s}'
    data = '{"reason":"idle_timeout","mood":7}'
    assert decode(envelope % ("mood.changed", data)).data == {"reason": "idle_timeout", "mood": 7}
    assert decode(envelope % ("session.ended", data)).data == SessionEnded("idle_timeout")


SAID = (
    Phrase(Span(1.0, 2.5), "I'm not", (), "en", 0.8, final=False),
    Phrase(Span(1.0, 3.25), "I'm not sure.", (Word("sure.", Span(2.5, 3.25), 0.9),), "en", 0.8124),
)


def test_the_transcript_is_sent_only_to_those_who_ask() -> None:
    changes = Changes(4.0, phrases=SAID)
    _, silent = streaming(include=ALL).progress(changes)
    assert silent == ()
    _, messages = streaming(include=Include(transcript=True)).progress(changes)
    assert [(data["text"], data["final"]) for _, data in story(*messages)] == [
        ("I'm not", False),
        ("I'm not sure.", True),
    ]
    assert story(*messages)[1] == (
        "transcript.updated",
        {
            "start": 1,
            "end": 3.25,
            "text": "I'm not sure.",
            "confidence": 0.812,
            "language": "en",
            "final": True,
        },
    )


def test_a_client_can_end_listening_but_not_begin_it() -> None:
    listening = replace(ready(), words=True)
    assert listening.extensions == ("evidence", "transcript", "summary")
    silent, _ = listening.text('{"words": false}')
    again, _ = silent.text('{"words": true}')
    same, _ = listening.text('{"include": ["transcript"]}')
    assert (silent.words, again.words, same.words) == (False, False, True)
    assert not ready().text('{"words": true}')[0].words
