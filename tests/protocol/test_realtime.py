"""The realtime stream without sockets. The vendor's client reads every message."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from interhumanai.realtime import parse_realtime_event
from interhumanai.stream import UnknownEvent

from backchannel.errors import Problem
from backchannel.protocol import events
from backchannel.protocol.event_messages import Message, encode
from backchannel.protocol.realtime import Session
from backchannel.updates import Changes, CueOver, SignalBegan, SignalChanged, SignalOver, View
from backchannel.values import Cue, Modality, Phrase, Probability, Signal, Span, Word
from tests.protocol.results import segment_result
from tests.protocol.test_events import ALL, CORRELATION_ID, analysed, new

NOW = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
TRANSCRIPT = json.dumps(
    {"type": "transcript.updated", "transcript": [{"start": 0, "end": 1, "text": "Hello.", "speaker": 0}]}
)


def ready(*, words: bool = False) -> Session:
    session, _ = Session(replace(new("v1"), words=words)).open()
    return session


def streaming(config: str = "{}", *, words: bool = False) -> Session:
    return ready(words=words).text(config)[0].media(5)[0]


def story(messages: Sequence[Message]) -> list[tuple[str, dict[str, Any]]]:
    told = []
    for message in messages:
        envelope = json.loads(encode(message, CORRELATION_ID, NOW))
        assert not isinstance(parse_realtime_event(envelope), UnknownEvent)
        told.append((envelope["type"], envelope["data"]))
    return told


def signal(probability: Probability, *modalities: Modality, rationale: str = "Nodded.") -> Signal:
    return Signal("agreement", Span(1.0, 2.5), probability, rationale, modalities, 0.6, ())


def phrase(text: str, *, final: bool = True) -> Phrase:
    span = Span(0.5, 1.75)
    return Phrase(span, text, (Word(text, span, 0.9),), "en", 0.9, final)


def test_ready_names_limits_and_options() -> None:
    _, messages = Session(new("v1")).open()
    ((kind, data),) = story(messages)
    assert kind == "session.ready"
    assert data["max_segment_size_bytes"] == 33_554_432
    assert data["supported_session_config_options"] == {
        "realtime_recommendation_instructions": "",
        "realtime_recommendation_frequency": ["high", "medium", "low"],
        "analysis_groups": ["visual", "audio"],
    }
    assert "words" not in data


def test_a_server_that_listens_says_so() -> None:
    _, messages = Session(replace(new("v1"), words=True)).open()
    assert story(messages)[0][1]["words"] is True


def test_a_config_frame_replaces_everything() -> None:
    session, messages = ready().text(
        '{"analysis_groups":["audio"],"realtime_recommendation_frequency":"low"}'
    )
    assert story(messages) == [
        (
            "session.updated",
            {
                "realtime_recommendation_instructions": None,
                "realtime_recommendation_frequency": "low",
                "analysis_groups": ["audio"],
            },
        )
    ]
    assert (session.sound_only, session.picture_only) == (True, False)
    session, messages = session.text('{"realtime_recommendation_instructions":"Coach."}')
    assert story(messages)[0][1] == {
        "realtime_recommendation_instructions": "Coach.",
        "realtime_recommendation_frequency": "medium",
        "analysis_groups": ["visual", "audio"],
    }
    assert not session.sound_only


def test_the_config_may_change_while_media_flows() -> None:
    _, messages = streaming().text('{"analysis_groups":["visual"]}')
    assert [kind for kind, _ in story(messages)] == ["session.updated"]


def test_signals_have_no_rationale_and_words_are_heard() -> None:
    _, messages = streaming().progress(Changes(3.0, (SignalBegan(signal("medium", "visual", "text")),)))
    assert story(messages) == [
        (
            "signal.detected",
            {
                "signal_type": "agreement",
                "start": 1,
                "probability": "medium",
                "modality": ["visual", "audio"],
            },
        )
    ]


def test_a_new_rationale_alone_is_no_news() -> None:
    session, _ = streaming().progress(Changes(3.0, (SignalBegan(signal("medium", "visual")),)))
    other = SignalChanged(signal("medium", "visual", rationale="Nodded twice."))
    session, messages = session.progress(Changes(4.0, (other,)))
    assert messages == ()
    session, messages = session.progress(Changes(5.0, (SignalChanged(signal("medium", "visual", "text")),)))
    assert [kind for kind, _ in story(messages)] == ["signal.updated"]
    session, messages = session.progress(Changes(6.0, (SignalChanged(signal("high", "visual")),)))
    assert [kind for kind, _ in story(messages)] == ["signal.updated"]
    _, messages = session.progress(Changes(7.0, (SignalOver("agreement", 2.5),)))
    assert story(messages) == [("signal.ended", {"signal_type": "agreement", "end": 2.5})]


def test_engagement_and_quality_are_not_sent() -> None:
    _, messages = streaming().progress(analysed(segment_result(0.0, 5.0), complete=True))
    assert {kind for kind, _ in story(messages)} == {"signal.detected", "signal.ended"}


def test_optional_sections_do_not_exist_here() -> None:
    session, _ = Session(new("v1", ALL)).open()
    cue = Cue("nod", "visual", Span(1.0, 2.0), 5.0, "deg", None, 0.9)
    view = View(Span(0.0, 3.0), picture=True, sound=True)
    _, messages = session.media(5)[0].progress(Changes(3.0, (CueOver(cue),), view=view))
    assert messages == ()


def test_what_was_heard_is_sent_once_it_is_final() -> None:
    changes = Changes(3.0, phrases=(phrase("Hel", final=False), phrase("Hello."), phrase("")))
    _, messages = streaming(words=True).progress(changes)
    assert story(messages) == [
        ("transcript.generated", {"start": 0.5, "end": 1.75, "text": "Hello.", "speaker": 0})
    ]


def test_a_clients_own_transcript_is_not_sent_back() -> None:
    session, messages = streaming(words=True).text(TRANSCRIPT)
    assert messages == ()
    assert session.said is not None
    session, messages = session.progress(Changes(3.0, phrases=(phrase("Hello."),)))
    assert messages == ()
    assert session.said is not None
    assert session.said.waiting.phrases == ()


@pytest.mark.parametrize(
    ("config", "words"), [("{}", True), ('{"words":false}', False), ('{"analysis_groups":["visual"]}', False)]
)
def test_nobody_listens_for_words_unless_sound_is_analysed_and_words_are_on(config: str, words: bool) -> None:
    session = streaming(config, words=True)
    assert session.words is words
    assert streaming(config, words=False).words is False


def test_words_do_not_come_back() -> None:
    session, _ = streaming('{"words":false}', words=True).text('{"words":true}')
    assert not session.words


def test_a_transcript_does_not_count_without_sound() -> None:
    session, _ = streaming('{"analysis_groups":["visual"]}').text(TRANSCRIPT)
    assert session.said is None


# --- guidance --------------------------------------------------------------------------------------


def texts(messages: Sequence[Message]) -> list[tuple[str, float, float]]:
    return [
        (data["text"], data["start"], data["end"])
        for kind, data in story(messages)
        if kind == "realtime_recommendation.generated"
    ]


@pytest.mark.parametrize(("frequency", "period_s"), [("high", 10), ("medium", 20), ("low", 30)])
@pytest.mark.parametrize(
    "wish", ['"realtime_recommendation_instructions":"Coach."', '"goal_dimensions":["clarity"]']
)
def test_guidance_comes_as_often_as_asked(frequency: str, period_s: int, wish: str) -> None:
    session = streaming(f'{{"realtime_recommendation_frequency":"{frequency}",{wish}}}')
    said = []
    for second in range(1, 61):
        session, messages = session.progress(Changes(float(second)))
        said += texts(messages)
    assert said == [("NO_GUIDANCE", at, at + period_s) for at in range(0, 60, period_s)]


@pytest.mark.parametrize("config", ["{}", '{"realtime_recommendation_instructions":" "}'])
def test_nobody_is_advised_who_did_not_ask(config: str) -> None:
    _, messages = streaming(config).progress(Changes(100.0))
    assert messages == ()


def test_guidance_begins_when_it_is_asked_for() -> None:
    session, _ = streaming().progress(Changes(42.0))
    session, _ = session.text(
        '{"realtime_recommendation_instructions":"x","realtime_recommendation_frequency":"high"}'
    )
    assert session.progress(Changes(51.0))[1] == ()
    assert texts(session.progress(Changes(52.0))[1]) == [("NO_GUIDANCE", 42, 52)]


# --- errors and the end ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "SECRET",
        "[]",
        '{"type":"SECRET"}',
        '{"analysis_groups":[]}',
        '{"analysis_groups":["SECRET"]}',
        '{"realtime_recommendation_frequency":"SECRET"}',
        '{"realtime_recommendation_instructions":7}',
        '{"goal_dimensions":["SECRET"]}',
        '{"words":"SECRET"}',
        '{"type":"transcript.updated","transcript":"SECRET"}',
        '{"type":"transcript.updated"}',
    ],
)
def test_an_invalid_text_is_an_error_and_the_session_goes_on(text: str) -> None:
    before = streaming()
    after, messages = before.text(text)
    ((kind, data),) = story(messages)
    assert (kind, data["code"], data["segment"]) == ("error", "ih6001", None)
    assert "SECRET" not in data["message"]
    assert after == before


def test_a_session_closes_as_on_v1() -> None:
    session, messages = streaming().text('{"type":"session.close"}')
    assert story(messages) == [("session.closing", {"max_drain_seconds": 30})]
    session, messages = session.text("{}")
    assert story(messages)[0][1]["code"] == "ih6001"
    session, messages = session.end()
    assert story(messages) == [("session.ended", {"reason": "client_shutdown"})]
    assert session.phase is events.Phase.ENDED


def test_media_that_cannot_be_used_is_named() -> None:
    _, messages = streaming().refuse(1, Problem("ih5001", "No picture."))
    ((_, data),) = story(messages)
    assert (data["code"], data["segment"]) == ("ih5001", 1)
