"""Words over the wire: only where the server listens, and only for clients that ask."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from websockets.asyncio.client import connect

from backchannel.arrays import FloatArray
from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.engine.base import WorkerUnfitError
from backchannel.engine.process import ProcessCarrier
from tests.perception.conftest import speech as speech  # noqa: PLC0414 -- a fixture
from tests.perception.test_words_in_media import SENTENCE
from tests.server.live import Live, listening_server

ASKED = "?include[]=transcript"


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server that listens for words."""
    with listening_server(tmp_path_factory.mktemp("words")) as live:
        yield live


@pytest.fixture(scope="module")
def talk(speech: FloatArray) -> bytes:
    """A Matroska file with only the sound of two sentences."""
    content = BytesIO()
    with av.open(content, "w", format="matroska") as file:
        track = file.add_stream("pcm_s16le", rate=SAMPLE_RATE_HZ, layout="mono")
        samples = (np.clip(speech, -1, 1) * 32_767).astype(np.int16)
        for start in range(0, samples.size, 1600):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1600], "s16", "mono")
            frame.rate, frame.pts = SAMPLE_RATE_HZ, start
            file.mux(track.encode(frame))
        file.mux(track.encode(None))
    return content.getvalue()


def result_of(live: Live, query: str, data: bytes) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        async with live.stream(query) as stream:
            return (await stream.ask(data))[1]

    return asyncio.run(ask())


def texts(transcript: list[dict[str, Any]]) -> list[str]:
    return [phrase["text"].strip(".") for phrase in transcript]


def test_v0_gives_the_words_of_a_segment(listening: Live, talk: bytes) -> None:
    result = result_of(listening, ASKED, talk)
    assert texts(result["transcript"]) == [SENTENCE, SENTENCE]
    first = result["transcript"][0]
    assert set(first) == {"start", "end", "text", "confidence", "language"}
    assert first["start"] == pytest.approx(0.5, abs=0.15)
    assert first["language"] == "en"


@pytest.mark.parametrize("query", ["", "?include[]=evidence", "?words=off"])
def test_a_client_that_does_not_ask_sees_no_transcript(listening: Live, talk: bytes, query: str) -> None:
    assert "transcript" not in result_of(listening, query, talk)


def test_a_client_can_switch_words_off(listening: Live, talk: bytes) -> None:
    assert result_of(listening, f"{ASKED}&words=off", talk)["transcript"] == []


@pytest.fixture
def unheard(listening: Live) -> Live:
    """The same server, seen by a key whose words nobody may hear."""
    _, key = listening.store.keys.create("school", words=False)
    return replace(listening, key=key)


def test_nobody_listens_to_a_key_without_words(unheard: Live, talk: bytes) -> None:
    assert result_of(unheard, ASKED, talk)["transcript"] == []
    ready = _events(unheard, talk, query=ASKED)[0]["data"]
    assert ready["extensions"] == ["evidence", "summary"]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_uploads_of_a_key_without_words_have_none(unheard: Live, talk: bytes, version: str) -> None:
    answer = httpx.post(
        f"{unheard.http}/{version}/upload/analyze",
        headers={"Authorization": f"Bearer {unheard.key}"},
        files={"file": ("talk.mkv", talk)},
        data={"model": "inter-2-audio", "wait_seconds": "25", "include[]": "transcript"},
        timeout=60,
    ).json()
    assert answer.get("result", answer)["transcript"] == []


def test_a_server_that_does_not_listen_has_no_words(live: Live, talk: bytes) -> None:
    assert result_of(live, ASKED, talk)["transcript"] == []


def _events(live: Live, data: bytes, *frames: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    async def follow() -> list[dict[str, Any]]:
        url = live.settings.base_url.replace("http", "ws", 1) + "/v2/stream/analyze" + query
        headers = {"Authorization": f"Bearer {live.key}"}
        async with asyncio.timeout(60), connect(url, additional_headers=headers, max_size=None) as socket:
            for frame in frames:
                await socket.send(json.dumps(frame))
            await socket.send(data)
            await socket.send('{"type": "session.close"}')
            return [json.loads(text) async for text in socket]

    return asyncio.run(follow())


def test_v2_sends_phrases_and_the_last_one_at_the_end(listening: Live, talk: bytes) -> None:
    seen = _events(listening, talk, query=ASKED)
    ready = next(one["data"] for one in seen if one["type"] == "session.ready")
    assert ready["extensions"] == ["evidence", "transcript", "summary"]
    phrases = [one["data"] for one in seen if one["type"] == "transcript.updated"]
    assert texts([phrase for phrase in phrases if phrase["final"]]) == [SENTENCE, SENTENCE]


@pytest.mark.parametrize(
    ("frames", "query"), [((), ""), (({"include": ["transcript"], "words": False},), ""), ((), "?words=off")]
)
def test_v2_sends_no_words_unless_they_are_wanted(
    listening: Live, talk: bytes, frames: tuple[dict[str, Any], ...], query: str
) -> None:
    seen = _events(listening, talk, *frames, query=query)
    assert seen[-1]["type"] == "session.ended"
    assert "transcript.updated" not in {one["type"] for one in seen}


def test_a_server_that_does_not_listen_does_not_offer_it(live: Live, talk: bytes) -> None:
    ready = _events(live, talk)[0]["data"]
    assert ready["extensions"] == ["evidence", "summary"]


@pytest.mark.parametrize(("flags", "words"), [(["transcript"], [SENTENCE, SENTENCE]), ([], None)])
def test_a_job_has_its_words(listening: Live, talk: bytes, flags: list[str], words: list[str] | None) -> None:
    answer = httpx.post(
        f"{listening.http}/v2/upload/analyze",
        headers={"Authorization": f"Bearer {listening.key}"},
        files={"file": ("talk.mkv", talk)},
        data={"model": "inter-2-audio", "wait_seconds": "25", "include[]": flags},
        timeout=60,
    )
    result = answer.json()["result"]
    assert (texts(result["transcript"]) if "transcript" in result else None) == words


def test_a_missing_network_stops_the_workers_with_a_reason(tmp_path: Path) -> None:
    carrier = ProcessCarrier(2**30, 60.0, words=str(tmp_path))
    with pytest.raises(WorkerUnfitError, match="no Whisper network"):
        asyncio.run(carrier.start(niceness=0))
