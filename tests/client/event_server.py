"""A v2 server for tests of clients. It follows the protocol and analyses nothing."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from websockets.asyncio.server import ServerConnection

from backchannel.protocol import events
from backchannel.protocol.errors import ErrorLinks
from backchannel.protocol.event_messages import Data, SignalDetected, encode
from backchannel.protocol.event_phases import Phase

Handler = Callable[[ServerConnection], Awaitable[None]]


def session() -> events.Session:
    return events.Session("v2", ErrorLinks("https://here"), events.Limits(300, 3600, 30, 60, 2**25))


async def say(connection: ServerConnection, *messages: Data) -> None:
    for message in messages:
        await connection.send(encode(message, "id", datetime.now(UTC)))


async def polite(connection: ServerConnection) -> None:
    """Follow the protocol, and report a signal for each chunk."""
    state, ready = session().open()
    await say(connection, *ready)
    async for message in connection:
        if isinstance(message, bytes):
            state, _, _ = state.media(len(message))
            await say(connection, SignalDetected("interest", 1.0, "low", f"{len(message)} bytes."))
            continue
        state, messages = state.text(message)
        await say(connection, *messages)
        if state.phase is Phase.DRAINING:
            _, messages = state.end()
            await say(connection, *messages)
            return
