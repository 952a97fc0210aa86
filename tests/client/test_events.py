"""The v2 client against servers that each test scripts."""

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
    """Return the events during a script: the types of messages, and our own events as they are."""

    def refused(_connection: ServerConnection, _request: Request) -> Response | None:
        return refuse

    async def scenario() -> list[Any]:
        async with asyncio.timeout(20), serve(handler, "127.0.0.1", 0, process_request=refused) as server:
            port = server.sockets[0].getsockname()[1]
            options.setdefault("retry_after_s", [0.01, 0.01])
            async with EventClient(f"http://127.0.0.1:{port}", "key", **options) as client:
                received, _ = await asyncio.gather(_all_events(client), script(client))
        return [event.type if isinstance(event, Received) else event for event in received]

    return asyncio.run(scenario())


async def _all_events(client: EventClient) -> list[Received | Reconnected]:
    return [event async for event in client]


async def two_chunks(client: EventClient) -> None:
    assert await client.send(b"one")
    assert await client.send(b"two")
    await client.finish()


def test_events_of_a_whole_session() -> None:
    assert talk(polite, two_chunks) == [
        "session.ready",
        "session.updated",
        "signal.detected",
        "signal.detected",
        "session.closing",
        "session.ended",
    ]


def test_the_config_frame_is_sent_before_any_media() -> None:
    received: list[Any] = []

    async def listening(connection: ServerConnection) -> None:
        await say(connection, *session().open()[1])
        received.append(json.loads(str(await connection.recv())))
        await connection.close(1008)

    with pytest.raises(ClientError):
        talk(
            listening,
            lambda client: client.finish(),
            model="inter-2-audio",
            include=["evidence"],
            audio_format={"a": 1},
        )
    assert received == [{"include": ["evidence"], "model": "inter-2-audio", "audio_format": {"a": 1}}]


def test_after_a_lost_connection_the_client_reconnects_and_reports_it() -> None:
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

    messages = talk(dropping, script)
    (reconnected,) = (event for event in messages if isinstance(event, Reconnected))
    assert (reconnected.sessions, reconnected.reason) == (2, "connection lost")
    assert messages[0] == "session.ready"
    assert messages[-1] == "session.ended"
    assert messages.index(reconnected) < messages.index("session.ready", 1)


def test_after_a_server_shutdown_the_client_reconnects() -> None:
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

    messages = talk(stopping, script)
    assert Reconnected(2, 0, "server_shutdown") in messages


@pytest.mark.parametrize("code", [1008, 4001, 4003, 4029])
def test_a_refusal_is_reported_and_not_retried(code: int) -> None:
    connections = 0

    async def refusing(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        _, messages = session().break_off(Problem("ih2003", "The key does not have the scope."))
        await say(connection, *messages)
        await connection.close(code)

    with pytest.raises(ClientError, match=r"The key does not have the scope\. \(ih2003\)"):
        talk(refusing, two_chunks)
    assert connections == 1


def test_a_refused_handshake_reports_the_servers_message() -> None:
    body = b'{"error_id":"ih2001","correlation_id":"x","link":"","message":"Not known.","retryable":false}'
    headers = Headers({"Content-Length": str(len(body)), "Connection": "close"})
    with pytest.raises(ClientError, match=r"Not known\. \(ih2001\)"):
        talk(polite, two_chunks, Response(HTTPStatus.UNAUTHORIZED, "Unauthorized", headers, body))


def test_the_client_gives_up_after_the_last_attempt() -> None:
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


def test_no_server_answers() -> None:
    async def scenario() -> None:
        async with EventClient("http://127.0.0.1:1", "key"):
            pass

    with pytest.raises(ClientError, match="No server answers"):
        asyncio.run(scenario())
