"""The examples in the docstrings of the clients, run against a server on this machine."""

import asyncio
import doctest
import threading
from collections.abc import Iterator
from types import ModuleType
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.server import ServerConnection, serve

from backchannel.client import events, v0
from backchannel.client.cut import Cut
from backchannel.protocol import v0 as protocol
from backchannel.protocol.errors import ErrorLinks
from backchannel.protocol.include import Include
from backchannel.protocol.paths import STREAM_V2
from tests.client.event_server import polite
from tests.protocol.results import segment_result


async def answer(connection: ServerConnection) -> None:
    """Serve both streams: v2 as `polite` does, and v0 with the same result for every segment."""
    assert connection.request is not None
    if urlsplit(connection.request.path).path == STREAM_V2:
        await polite(connection)
        return
    session = protocol.Session("id", Include(), ErrorLinks("https://here"), 2**25)
    async for segment in connection:
        session, arrival = session.media(len(segment))
        session, answers = session.answer(arrival.number, segment_result())
        for message in (arrival.message, *answers):
            await connection.send(protocol.encode(message))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> tuple[str, asyncio.Event]:
        server = await serve(answer, "127.0.0.1", 0)
        over = asyncio.Event()

        async def stop() -> None:
            await over.wait()
            server.close()
            await server.wait_closed()
            loop.stop()

        stopping.append(asyncio.ensure_future(stop()))
        return f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", over

    stopping: list[asyncio.Future[None]] = []
    address, over = asyncio.run_coroutine_threadsafe(start(), loop).result(timeout=10)
    yield address
    loop.call_soon_threadsafe(over.set)
    thread.join(timeout=10)
    loop.close()


@pytest.mark.parametrize("module", [v0, events])
def test_examples_of_the_clients(module: ModuleType, url: str) -> None:
    given = {"url": url, "key": "key", "chunk": b"media", "segments": iter([Cut(b"media", 0.01)])}
    result = doctest.testmod(module, extraglobs=given)
    assert result.attempted > 0
    assert result.failed == 0
