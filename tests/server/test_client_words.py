"""A client's own transcript replaces the server's on every door, and its words are what text cues quote.

The server of most tests has no network for words: none is needed.
"""

import asyncio
import io
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import structlog
from websockets.asyncio.client import connect

from backchannel.server.log import configure_logging
from tests.perception.conftest import speech as speech  # noqa: PLC0414 -- a fixture
from tests.perception.test_words_in_media import SENTENCE
from tests.server.live import Live
from tests.server.test_words import ASKED, texts
from tests.server.test_words import listening as listening  # noqa: PLC0414 -- a fixture
from tests.server.test_words import talk as talk  # noqa: PLC0414 -- a fixture

# The talk has a sentence from 0.5 s on, and from about 3 s on.
OWN = [
    {"start": 0.5, "end": 2.0, "text": "I'm not sure, maybe.", "speaker": 0},
    {"start": 0.6, "end": 1.9, "text": "You are wrong.", "speaker": 1},
]
QUOTED = ["I'm not sure", "maybe"]
UPDATE = json.dumps({"type": "transcript.updated", "transcript": OWN})
Event = dict[str, Any]


def quotes(signals: Sequence[Event]) -> list[str]:
    return [entry["text"] for signal in signals for entry in signal["evidence"] if "text" in entry]


def events_of(live: Live, path: str, query: str, *messages: str | bytes) -> list[Event]:
    async def follow() -> list[Event]:
        url = live.settings.base_url.replace("http", "ws", 1) + path + query
        headers = {"Authorization": f"Bearer {live.key}"}
        async with asyncio.timeout(60), connect(url, additional_headers=headers, max_size=None) as socket:
            for message in (*messages, '{"type": "session.close"}'):
                await socket.send(message)
            return [json.loads(text) async for text in socket]

    return asyncio.run(follow())


def result_of(live: Live, query: str, *messages: str | bytes) -> Event:
    async def ask() -> Event:
        async with live.stream(query) as stream:
            for message in messages:
                await stream.socket.send(message)
            await stream.receive()
            return await stream.receive()

    return asyncio.run(ask())


def data_of(events: Sequence[Event], kind: str) -> list[Event]:
    return [event["data"] for event in events if event["type"] == kind]


EVIDENCE = "?include[]=transcript&include[]=evidence"


def test_v0_quotes_the_clients_words(live: Live, talk: bytes) -> None:
    result = result_of(live, EVIDENCE, UPDATE, talk)
    assert texts(result["transcript"]) == ["I'm not sure, maybe"], "only the person's"
    assert quotes(result["signals"]) == QUOTED
    (doubt,) = (signal for signal in result["signals"] if signal["type"] == "uncertainty")
    assert "“I'm not sure”" in doubt["rationale"]


def test_a_server_that_listens_leaves_it_to_the_client(listening: Live, talk: bytes) -> None:
    assert texts(result_of(listening, ASKED, talk)["transcript"]) == [SENTENCE, SENTENCE]
    assert texts(result_of(listening, ASKED, UPDATE, talk)["transcript"]) == ["I'm not sure, maybe"]


def test_an_empty_transcript_means_that_nothing_was_said(listening: Live, talk: bytes) -> None:
    nothing = '{"type": "transcript.updated", "transcript": []}'
    assert result_of(listening, ASKED, nothing, talk)["transcript"] == []


def test_v0_says_what_is_wrong_with_a_transcript(live: Live) -> None:
    async def ask() -> Event:
        async with live.stream() as stream:
            await stream.socket.send('{"type": "transcript.updated", "transcript": [{"text": "x"}]}')
            return await stream.receive()

    error = asyncio.run(ask())
    assert (error["error_id"], error["segment"]) == ("ih6001", None)
    assert "`start`" in error["message"]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_event_streams_quote_the_clients_words(live: Live, talk: bytes, version: str) -> None:
    events = events_of(live, f"/{version}/stream/analyze", EVIDENCE, UPDATE, talk)
    cues = [cue["text"] for cue in data_of(events, "cue.detected") if cue["modality"] == "text"]
    assert cues == QUOTED
    assert quotes(data_of(events, "signal.detected")) == QUOTED
    assert not data_of(events, "transcript.updated"), "the client knows its own words"


def test_event_streams_stop_listening(listening: Live, talk: bytes) -> None:
    events = events_of(listening, "/v2/stream/analyze", ASKED, UPDATE, talk)
    assert not data_of(events, "transcript.updated")
    assert not data_of(events, "error")


def test_a_newer_transcript_replaces_the_one_before(live: Live, talk: bytes) -> None:
    older = UPDATE.replace("I'm not sure, maybe.", "I'm sure.")
    events = events_of(live, "/v2/stream/analyze", EVIDENCE, older, UPDATE, talk)
    assert quotes(data_of(events, "signal.detected")) == QUOTED


@pytest.mark.parametrize("version", ["v0", "v1"])
@pytest.mark.parametrize("as_file", [False, True])
def test_an_upload_quotes_the_clients_words(live: Live, talk: bytes, version: str, as_file: bool) -> None:
    own = json.dumps(OWN)
    answer = httpx.post(
        f"{live.http}/{version}/upload/analyze",
        headers={"Authorization": f"Bearer {live.key}"},
        files={"file": ("talk.mkv", talk), **({"transcript": ("own.json", own)} if as_file else {})},
        data={"include[]": ["transcript", "evidence"], **({} if as_file else {"transcript": own})},
        timeout=60,
    ).json()
    assert texts(answer["transcript"]) == ["I'm not sure, maybe"]
    assert quotes(answer["signals"]) == QUOTED


def test_a_job_quotes_the_clients_words(listening: Live, talk: bytes) -> None:
    answer = httpx.post(
        f"{listening.http}/v2/upload/analyze",
        headers={"Authorization": f"Bearer {listening.key}"},
        files={"file": ("talk.mkv", talk)},
        data={
            "model": "inter-2-audio",
            "wait_seconds": "25",
            "include[]": ["transcript", "evidence", "signals"],
            "transcript": json.dumps({"transcript": OWN, "language": "en"}),
        },
        timeout=60,
    ).json()
    assert texts(answer["result"]["transcript"]) == ["I'm not sure, maybe"]
    assert quotes(answer["result"]["signals"]) == QUOTED


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_an_upload_with_an_invalid_transcript_is_refused(live: Live, talk: bytes, version: str) -> None:
    answer = httpx.post(
        f"{live.http}/{version}/upload/analyze",
        headers={"Authorization": f"Bearer {live.key}"},
        files={"file": ("talk.mkv", talk)},
        data={"model": "inter-2-audio", "transcript": "hello"},
        timeout=60,
    )
    assert (answer.status_code, answer.json()["error_id"]) == (400, "ih4005")


def test_the_realtime_stream_sends_what_it_heard(listening: Live, talk: bytes) -> None:
    events = events_of(listening, "/v0/realtime/analyze", "", talk)
    heard = data_of(events, "transcript.generated")
    assert texts(heard) == [SENTENCE, SENTENCE]
    assert {phrase["speaker"] for phrase in heard} == {0}
    assert heard[0]["start"] == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize(
    ("query", "first"), [("?words=off", "{}"), ("", '{"words": false}'), ("", UPDATE)], ids=str
)
def test_the_realtime_stream_can_stop_listening(listening: Live, talk: bytes, query: str, first: str) -> None:
    events = events_of(listening, "/v0/realtime/analyze", query, first, talk)
    assert events[-1]["type"] == "session.ended"
    assert not data_of(events, "transcript.generated")


# --- the log ---------------------------------------------------------------------------------------


def test_no_word_is_ever_in_the_log(listening: Live, talk: bytes) -> None:
    stream = io.StringIO()
    with logging_to(stream):
        bad = UPDATE.replace('"start"', '"begin"')
        for first in ("{}", UPDATE, bad, bad[:-1]):
            result_of(listening, EVIDENCE, talk)
            for path in ("/v1/stream/analyze", "/v2/stream/analyze", "/v0/realtime/analyze"):
                events_of(listening, path, EVIDENCE, first, '{"goal_dimensions": ["clarity"]}', talk)
        for own in ({}, {"transcript": json.dumps(OWN)}, {"transcript": "You are wrong."}):
            for version in ("v1", "v2"):
                httpx.post(
                    f"{listening.http}/{version}/upload/analyze",
                    headers={"Authorization": f"Bearer {listening.key}"},
                    files={"file": ("talk.mkv", talk)},
                    data={"model": "inter-2-audio", "wait_seconds": "25", **own},
                    timeout=60,
                )
    log = stream.getvalue()
    for event in ("segment answered", "media followed", "upload analysed", "job completed"):
        assert event in log, "the log is not empty"
    for text in (SENTENCE, *(str(phrase["text"]) for phrase in OWN)):
        for words in (text, *(word for word in text.strip(".").split() if len(word) > 3)):
            assert words not in log


@contextmanager
def logging_to(stream: io.StringIO) -> Iterator[None]:
    """Log everything to a stream, as a server does."""
    root, own = logging.getLogger(), logging.getLogger("backchannel")
    before = (root.handlers[:], root.level, own.level)
    configure_logging("debug", stream)
    try:
        yield
    finally:
        structlog.reset_defaults()
        root.handlers[:], own.level = before[0], before[2]
        root.setLevel(before[1])
