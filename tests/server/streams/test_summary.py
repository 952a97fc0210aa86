"""`session.summary` over a real socket: before the end, and only for clients that ask."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.api.material import joined
from tests.server.live import Live


def events(
    live: Live, version: str, data: bytes, *frames: dict[str, Any], query: str = ""
) -> list[dict[str, Any]]:
    async def follow() -> list[dict[str, Any]]:
        url = f"{live.http.replace('http', 'ws', 1)}/{version}/stream/analyze{query}"
        headers = {"Authorization": f"Bearer {live.key}"}
        async with asyncio.timeout(60), connect(url, additional_headers=headers, max_size=None) as socket:
            if data:
                await socket.send(data)
            for frame in frames:
                await socket.send(json.dumps(frame))
            await socket.send('{"type": "session.close"}')
            return [json.loads(text) async for text in socket]

    return asyncio.run(follow())


@pytest.fixture(scope="module")
def talk(captures: Path) -> bytes:
    return joined(captures / "webm-vp8-timeslice-3s")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_summary_comes_before_the_end(live: Live, talk: bytes, version: str) -> None:
    seen = events(live, version, talk, query="?include[]=summary")
    assert [event["type"] for event in seen[-2:]] == ["session.summary", "session.ended"]
    data = seen[-2]["data"]
    assert data["duration"] == pytest.approx(12.4, abs=0.1)
    assert data["talk"]["seconds"] > 2
    assert data["facing"]["share"] > 0.5
    assert data["smiles"]["count"] >= 1
    assert data["pauses"]["count"] >= 0
    assert {"start", "end", "sentence", "signal_type", "probability"} == set(data["moments"][0])
    assert len(data["lines"]) == 4
    assert data["coverage"][-1] == "Signals are interpretations of behaviour, not feelings."


def test_a_client_may_ask_after_the_media(live: Live, talk: bytes) -> None:
    early = events(live, "v2", talk, query="?include[]=summary")[-2]["data"]
    late = events(live, "v2", talk, {"include": ["summary"]})[-2]["data"]
    assert late == early


def test_others_do_not_see_it(live: Live, talk: bytes) -> None:
    assert "session.summary" not in {event["type"] for event in events(live, "v2", talk)}


def test_a_session_without_media_has_none(live: Live) -> None:
    kinds = [event["type"] for event in events(live, "v2", b"", query="?include[]=summary")]
    assert kinds[-1] == "session.ended"
    assert "session.summary" not in kinds
