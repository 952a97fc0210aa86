"""The v2 client against servers that behave as the test says."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from backchannel.client.events import EventClient, Received, Reconnected
from backchannel.client.v0 import ClientError
from backchannel.errors import Problem
from tests.client.event_server import Handler, polite, say, session


def talk(
    handler: Handler,
    script: Callable[[EventClient], Awaitable[None]],
    refuse: Response | None = None,
    **options: Any,
) -> list[Any]:
    """What is iterated over while the script runs: types, and our own events as they are."""

    def refused(_connection: ServerConnection, _request: Request) -> Response | None:
        return refuse

    async def scenario() -> list[Any]:
        async with asyncio.timeout(20), serve(handler, "127.0.0.1", 0, process_request=refused) as server:
            port = server.sockets[0].getsockname()[1]
            options.setdefault("retry_after_s", [0.01, 0.01])
            async with EventClient(f"http://127.0.0.1:{port}", "key", **options) as client:
                heard, _ = await asyncio.gather(_heard(client), script(client))
        return [event.type if isinstance(event, Received) else event for event in heard]

    return asyncio.run(scenario())


async def _heard(client: EventClient) -> list[Received | Reconnected]:
    return [event async for event in client]


async def two_chunks(client: EventClient) -> None:
    assert await client.send(b"one")
    assert await client.send(b"two")
    await client.finish()


def test_events_from_the_first_to_the_last() -> None:
    assert talk(polite, two_chunks) == [
        "session.ready",
        "session.updated",
        "signal.detected",
        "signal.detected",
        "session.closing",
        "session.ended",
    ]


def test_what_is_asked_for_is_asked_before_any_media() -> None:
    heard: list[Any] = []

    async def listening(connection: ServerConnection) -> None:
        await say(connection, *session().open()[1])
        heard.append(json.loads(str(await connection.recv())))
        await connection.close(1008)

    with pytest.raises(ClientError):
        talk(
            listening,
            lambda client: client.finish(),
            model="inter-2-audio",
            include=["evidence"],
            audio_format={"a": 1},
        )
    assert heard == [{"include": ["evidence"], "model": "inter-2-audio", "audio_format": {"a": 1}}]


def test_after_a_drop_a_new_session_is_opened_and_that_is_told() -> None:
    connections = 0
    again = asyncio.Event()

    async def dropping(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        if connections == 2:
            again.set()
            await polite(connection)
            return
        await say(connection, *session().open()[1])
        await connection.recv()
        await connection.recv()
        connection.transport.abort()

    async def script(client: EventClient) -> None:
        await client.send(b"one")
        await again.wait()
        while not await client.send(b"two"):
            await asyncio.sleep(0)
        await client.finish()

    said = talk(dropping, script)
    (reconnected,) = (event for event in said if isinstance(event, Reconnected))
    assert (reconnected.sessions, reconnected.reason) == (2, "connection lost")
    assert said[0] == "session.ready"
    assert said[-1] == "session.ended"
    assert said.index(reconnected) < said.index("session.ready", 1)


def test_a_server_that_stops_is_come_back_to() -> None:
    connections = 0
    again = asyncio.Event()

    async def stopping(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        if connections == 2:
            again.set()
            await polite(connection)
            return
        state, ready = session().open()
        await say(connection, *ready, *state.shut_down().end()[1])

    async def script(client: EventClient) -> None:
        await again.wait()
        await client.finish()
        while client._connection is None:
            await asyncio.sleep(0)
        await client.finish()

    said = talk(stopping, script)
    assert Reconnected(2, 0, "server_shutdown") in said


@pytest.mark.parametrize("code", [1008, 4001, 4003, 4029])
def test_a_refusal_is_told_and_not_tried_again(code: int) -> None:
    connections = 0

    async def refusing(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        _, said = session().break_off(Problem("ih2003", "The key has not the scope."))
        await say(connection, *said)
        await connection.close(code)

    with pytest.raises(ClientError, match=r"The key has not the scope\. \(ih2003\)"):
        talk(refusing, two_chunks)
    assert connections == 1


def test_a_refused_handshake_is_told_in_the_servers_words() -> None:
    body = b'{"error_id":"ih2001","correlation_id":"x","link":"","message":"Not known.","retryable":false}'
    headers = Headers({"Content-Length": str(len(body)), "Connection": "close"})
    with pytest.raises(ClientError, match=r"Not known\. \(ih2001\)"):
        talk(polite, two_chunks, Response(HTTPStatus.UNAUTHORIZED, "Unauthorized", headers, body))


def test_it_gives_up_in_the_end() -> None:
    connections = 0

    async def fleeting(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        if connections == 1:
            await say(connection, *session().open()[1])
        connection.transport.abort()

    async def nothing(_client: EventClient) -> None:
        return

    with pytest.raises(ClientError, match="connection lost"):
        talk(fleeting, nothing, retry_after_s=[0.01, 0.01, 0.01])
    assert connections == 4


def test_nobody_there() -> None:
    async def scenario() -> None:
        async with EventClient("http://127.0.0.1:1", "key"):
            pass

    with pytest.raises(ClientError, match="No server answers"):
        asyncio.run(scenario())
