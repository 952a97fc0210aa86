"""A server of v2 for tests of clients: it keeps to the protocol, and analyses nothing."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from websockets.asyncio.server import ServerConnection

from backchannel.protocol import events
from backchannel.protocol.errors import ErrorLinks
from backchannel.protocol.event_messages import Data, SignalDetected, encode

Handler = Callable[[ServerConnection], Awaitable[None]]


def session() -> events.Session:
    return events.Session("v2", ErrorLinks("https://here"), events.Limits(300, 3600, 30, 60, 2**25))


async def say(connection: ServerConnection, *messages: Data) -> None:
    for message in messages:
        await connection.send(encode(message, "id", datetime.now(UTC)))


async def polite(connection: ServerConnection) -> None:
    """A server that tells a signal for each chunk, and otherwise does what the protocol says."""
    state, ready = session().open()
    await say(connection, *ready)
    async for message in connection:
        if isinstance(message, bytes):
            state, _, _ = state.media(len(message))
            await say(connection, SignalDetected("interest", 1.0, "low", f"{len(message)} bytes."))
            continue
        state, said = state.text(message)
        await say(connection, *said)
        if state.phase is events.Phase.DRAINING:
            _, said = state.end()
            await say(connection, *said)
            return
