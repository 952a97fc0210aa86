"""One clip over v0, v1 and v2, through real sockets and real workers: the same signals, and soon."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from backchannel.client.events import EventClient, Received, Reconnected
from backchannel.conversation.changes import RENEW_S
from backchannel.protocol.event_messages import Error, QualityUpdated
from tests.media.live_stream import live_chunks
from tests.server.live import Live
from tests.server.streams.test_events import session

CLIP = "woman-flag-scripted-statement.mp4"
TOLERANCE_S = 0.2
Told = list[tuple[str, float, float]]


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(120):
            await scenario()

    asyncio.run(bounded())


async def over_v0(live: Live, chunks: Sequence[bytes]) -> Told:
    signals: list[dict[str, Any]] = []
    async with live.stream() as stream:
        for chunk in chunks:
            messages = await stream.ask(chunk)
            signals += messages[1].get("signals", [])
    return occasions(signals)


async def over_uploads(live: Live, file: Path) -> tuple[Told, Told]:
    """The signals that an upload to v1, and a job of v2, answer with."""
    form = {"file": (file.name, file.read_bytes())}
    asked = {"model": "inter-2", "wait_seconds": "100", "include[]": "signals"}
    headers = {"Authorization": f"Bearer {live.key}"}
    async with httpx.AsyncClient(base_url=live.http, headers=headers, timeout=120) as client:
        answer = await client.post("/v1/upload/analyze", files=form)
        job = await client.post("/v2/upload/analyze", files=form, data=asked)
    return occasions(answer.json()["signals"]), occasions(job.json()["result"]["signals"])


def occasions(signals: list[dict[str, Any]]) -> Told:
    """Signals of one type close together, joined as events tell them."""
    told: Told = []
    for signal in sorted(signals, key=lambda signal: (signal["type"], signal["start"])):
        name, start, end = signal["type"], signal["start"], signal["end"]
        if told and told[-1][0] == name and start <= told[-1][2] + RENEW_S:
            told[-1] = (name, told[-1][1], end)
        else:
            told.append((name, start, end))
    return told


async def over_events(live: Live, version: str, chunks: Sequence[bytes]) -> Told:
    async with session(live, version) as talk:
        for chunk in chunks:
            await talk.socket.send(chunk)
        await talk.socket.send('{"type":"session.close"}')
        said, code = await talk.rest()
    assert code == 1000
    assert "error" not in {message["type"] for message in said}
    starts, told = dict[str, float](), list[tuple[str, float, float]]()
    for message in said:
        data = message["data"]
        if message["type"] == "signal.detected":
            starts[data["signal_type"]] = data["start"]
        if message["type"] == "signal.ended":
            told.append((data["signal_type"], starts[data["signal_type"]], data["end"]))
    return sorted(told)


def agree(told: Told, expected: Told) -> None:
    assert [name for name, _, _ in told] == [name for name, _, _ in expected]
    for (_, start, end), (_, expected_start, expected_end) in zip(told, expected, strict=True):
        assert start == pytest.approx(expected_start, abs=TOLERANCE_S)
        assert end == pytest.approx(expected_end, abs=TOLERANCE_S)


def test_the_same_clip_says_the_same_on_every_stream_and_upload(live: Live, clips: Path) -> None:
    async def scenario() -> None:
        expected = await over_v0(live, live_chunks(clips / CLIP, 5.0))
        assert {name for name, _, _ in expected} == {"confidence"}
        for version, step_s in (("v1", 1.0), ("v2", 0.4), ("v2", 3.0)):
            agree(await over_events(live, version, live_chunks(clips / CLIP, step_s)), expected)
        for told in await over_uploads(live, clips / CLIP):
            agree(told, expected)

    run(scenario)


def test_the_first_event_comes_soon_after_the_first_media(live: Live, recorder: Path) -> None:
    """How soon depends on the machine; that it does not wait for more media does not."""
    (first, *_) = sorted((recorder / "webm-vp8-timeslice-3s").glob("*.bin"))

    async def scenario() -> None:
        async with session(live) as talk:
            await talk.socket.send(first.read_bytes())
            assert (await talk.receive())["type"] in {"engagement.updated", "signal.detected"}

    run(scenario)


def test_our_client_goes_on_after_a_lost_connection(live: Live, recorder: Path) -> None:
    chunks = [path.read_bytes() for path in sorted((recorder / "webm-vp9-timeslice-1s").glob("*.bin"))]

    async def scenario() -> None:
        heard: list[Received | Reconnected] = []
        back = asyncio.Event()

        async def listen(client: EventClient) -> None:
            async for event in client:
                heard.append(event)
                if isinstance(event, Reconnected):
                    back.set()

        include = ["conversation_quality_timeline"]
        async with EventClient(live.http, live.key, include=include, retry_after_s=[0.05] * 20) as client:
            listening = asyncio.create_task(listen(client))
            for chunk in chunks[:3]:
                await client.send(chunk)
            assert client._connection is not None
            client._connection.transport.abort()
            await back.wait()
            for chunk in chunks[3:]:
                while not await client.send(chunk):
                    await asyncio.sleep(0)
            await client.finish()
            await listening
        errors = [
            event.data for event in heard if isinstance(event, Received) and isinstance(event.data, Error)
        ]
        assert errors == []
        at = next(k for k, event in enumerate(heard) if isinstance(event, Reconnected))
        after = [event.data for event in heard[at:] if isinstance(event, Received)]
        (first, *_) = (data for data in after if isinstance(data, QualityUpdated))
        assert isinstance(first.timeline, tuple)
        assert first.timeline[0].end - first.timeline[0].start == 5, "from the middle of a recorder's stream"

    run(scenario)
