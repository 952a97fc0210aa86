"""What live media costs the store, over real connections."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from backchannel.store.usage import Used
from tests.server.access.test_tokens import FILM, bearer, farewell, mint, run
from tests.server.live import Live

PIECES = 4


@contextmanager
def writes_of_use() -> Iterator[list[Any]]:
    """Collect the transactions that change what somebody has used."""
    open_now: set[Any] = set()
    ended: list[Any] = []

    def statement(connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        if text.startswith(("UPDATE usage", "INSERT INTO usage", "UPDATE client_tokens")):
            open_now.add(connection)

    def commit(connection: Any) -> None:
        if connection in open_now:
            open_now.remove(connection)
            ended.append(connection)

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "commit", commit)
    try:
        yield ended
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
        event.remove(Engine, "commit", commit)


async def until_used(live: Live, key_id: str, expected: Used) -> None:
    """Wait for a session that has closed to settle."""
    while await asyncio.to_thread(live.store.usage.used, key_id) != expected:
        pass


@pytest.mark.parametrize("version", ["v0", "v1", "v2"])
def test_a_piece_costs_one_write_and_the_end_of_a_session_one_more(faulty_live: Live, version: str) -> None:
    async def scenario() -> None:
        key, secret = faulty_live.store.keys.create(version)
        url = faulty_live.ws.replace("v0", version) + "?include[]=conversation_quality_timeline"
        with writes_of_use() as writes:
            async with connect(url, additional_headers=bearer(secret)) as socket:
                for number in range(PIECES):
                    await socket.send(FILM)
                    await answered(socket, version)
                    assert len(writes) == number + 1
            # The analysis of these tests makes each piece a second long.
            await until_used(faulty_live, key.id, Used(PIECES * len(FILM), float(PIECES)))
        assert len(writes) == PIECES + 1

    run(scenario)


def test_who_waits_for_a_place_finds_all_that_was_used_before(faulty_live: Live) -> None:
    async def scenario() -> None:
        headers = bearer(mint(faulty_live, max_concurrent=1, max_video_seconds=2))
        async with faulty_live.stream(additional_headers=headers) as stream:
            for _ in range(2):
                assert len(await stream.ask(FILM)) == 3
        while True:
            try:
                async with faulty_live.stream(additional_headers=headers) as stream:
                    await stream.socket.send(FILM)
                    assert await farewell(stream) == ("ih3006", 4029)
                    return
            except InvalidStatus as refused:
                if refused.response.status_code != 429:  # the server may not have noticed yet
                    raise

    run(scenario)


async def answered(socket: Any, version: str) -> None:
    """Wait for the last message about a piece."""
    while True:
        message = json.loads(await socket.recv())
        if message.get("status") == "completed" or message.get("type") == "conversation_quality.updated":
            return
        assert message.get("status") != "error", message
        assert message.get("type") != "error", message
