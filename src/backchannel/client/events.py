"""A v2 client: sends a recorder's chunks, yields typed events, and reconnects after a lost connection.

Each connection is a new session. Its clock starts at zero and it has no baseline of the person yet. After a
lost connection the client yields a `Reconnected` event, so the caller can join the sessions. Media recorded
without a connection is dropped, because it would arrive late.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from backchannel.client.v0 import ClientError, RefusedError, open_stream
from backchannel.errors import Problem
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.protocol.event_messages import (
    CoverageDegraded,
    CoverageDropped,
    CoverageMeasured,
    CueDetected,
    EngagementUpdated,
    Error,
    QualityUpdated,
    Received,
    SessionEnded,
    SessionReady,
    SessionSummary,
    SignalDetected,
    SignalEnded,
    SignalUpdated,
    decode,
)
from backchannel.protocol.products import PICTURE_AND_SOUND, ModelName

STREAM_PATH: Final = "/v2/stream/analyze"
RETRY_AFTER_S: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)
"""Pauses before each attempt to reconnect. After the last one the client gives up."""
FINAL_CLOSE_CODES: Final = frozenset({1008, 4001, 4003, 4029})
"""Close codes after which a new attempt would fail too."""

__all__ = [
    "ClientError",
    "CoverageDegraded",
    "CoverageDropped",
    "CoverageMeasured",
    "CueDetected",
    "EngagementUpdated",
    "Error",
    "EventClient",
    "QualityUpdated",
    "Received",
    "Reconnected",
    "SessionEnded",
    "SessionReady",
    "SessionSummary",
    "SignalDetected",
    "SignalEnded",
    "SignalUpdated",
]


@dataclass(frozen=True, slots=True)
class Reconnected:
    """The connection was lost, and a new session began.

    Attributes
    ----------
    sessions
        The number of sessions so far, including this one.
    lost_chunks
        The number of chunks dropped in between.
    reason
        Why the previous session ended: the reason of its `session.ended`, or ``connection lost``.
    """

    sessions: int
    lost_chunks: int
    reason: str


class EventClient:
    """A live v2 stream that survives lost connections.

    Parameters
    ----------
    url
        Address of the server.
    key
        API key or client token.
    model
        The model to use.
    include
        Optional sections: the published flags, and ``evidence``.
    audio_format
        ``{"encoding": "pcm_s16le", "sample_rate": 16000, "channels": 1}`` if chunks are raw samples.
    retry_after_s
        Pauses before each attempt to reconnect, s. Empty means never.

    Raises
    ------
    ClientError
        From `__aenter__` and from iteration: the server cannot be reached or refuses, or the client gave up.

    See Also
    --------
    backchannel.client.v0.play : Sends complete segments to a v0 stream.

    Examples
    --------
    `url` is the address of a server, `key` an API key, and `chunk` media:

    >>> async def follow():
    ...     async with EventClient(url, key) as stream:
    ...         await stream.send(chunk)
    ...         await stream.finish()
    ...         return [event.type async for event in stream]
    >>> asyncio.run(follow())
    ['session.ready', 'session.updated', 'signal.detected', 'session.closing', 'session.ended']
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        model: ModelName = PICTURE_AND_SOUND,
        include: Sequence[str] = (),
        audio_format: dict[str, Any] | None = None,
        retry_after_s: Sequence[float] = RETRY_AFTER_S,
    ) -> None:
        self._url = url
        self._key = key
        config: dict[str, Any] = {"include": list(include), "model": model}
        self._config = json.dumps(config if audio_format is None else config | {"audio_format": audio_format})
        self._raw = audio_format is not None
        self._retry_after_s = tuple(retry_after_s)
        self._connection: ClientConnection | None = None
        self._events: asyncio.Queue[Received | Reconnected | ClientError | None] = asyncio.Queue()
        self._open = asyncio.Event()
        self._holding: asyncio.Task[None] | None = None
        self._finishing = False
        self._sessions = 0
        self._media = StreamState()
        self._lost_chunks = 0
        self._reason = ""

    async def __aenter__(self) -> Self:
        """Connect. When this returns, the session accepts media."""
        self._holding = asyncio.create_task(self._hold())
        opening = asyncio.create_task(self._open.wait())
        await asyncio.wait({self._holding, opening}, return_when=asyncio.FIRST_COMPLETED)
        opening.cancel()
        if not self._open.is_set():
            await self._holding
            raise self._fault()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect at once. To get all events, call `finish` and iterate to the end first."""
        if self._holding is not None:
            self._holding.cancel()
            await asyncio.gather(self._holding, return_exceptions=True)

    async def send(self, chunk: bytes) -> bool:
        """Send the next chunk.

        Returns
        -------
        bool
            False if there was no connection, so the chunk was dropped.
        """
        if not self._raw:
            self._remember(chunk)
        connection = self._connection
        if connection is not None:
            with suppress(ConnectionClosed):
                await connection.send(chunk)
                return True
        self._lost_chunks += 1
        return False

    async def finish(self) -> None:
        """Close the session. Iteration ends after its last event."""
        self._finishing = True
        if self._connection is not None:
            with suppress(ConnectionClosed):
                await self._connection.send('{"type":"session.close"}')

    async def __aiter__(self) -> AsyncIterator[Received | Reconnected]:
        """Iterate over events until the session that `finish` closed has ended."""
        while (event := await self._events.get()) is not None:
            if isinstance(event, ClientError):
                raise event
            yield event

    # --- the connection ----------------------------------------------------------------------------

    async def _hold(self) -> None:
        try:
            await self._keep_connected()
        except ClientError as error:
            self._events.put_nowait(error)
        self._events.put_nowait(None)

    async def _keep_connected(self) -> None:
        """Connect, listen and reconnect until the session that `finish` closed has ended."""
        pauses = iter(self._retry_after_s)
        while True:
            try:
                async with open_stream(self._url, self._key, path=STREAM_PATH) as connection:
                    if await self._listen(connection):
                        pauses = iter(self._retry_after_s)
            except RefusedError:
                raise
            except ClientError:
                if not self._sessions:
                    raise
            finally:
                self._connection = None
            if self._finishing and self._reason == "client_shutdown":
                return
            pause_s = next(pauses, None)
            if self._finishing or pause_s is None:
                raise ClientError(
                    f"The session ended before all results arrived ({self._reason}). Try again."
                )
            await asyncio.sleep(pause_s)

    async def _listen(self, connection: ClientConnection) -> bool:
        """Pass on the events of a connection until it closes. Return whether a session was opened."""
        error: Error | None = None
        reason, ready = "connection lost", False
        with suppress(ConnectionClosed):
            async for text in connection:
                event = _decoded(text)
                if event is None:
                    continue
                if isinstance(event.data, SessionReady):
                    ready = True
                    self._count_session()
                self._events.put_nowait(event)
                if isinstance(event.data, SessionReady):
                    with suppress(ConnectionClosed):  # Messages sent before the close are still unread.
                        await self._begin(connection)
                error = event.data if isinstance(event.data, Error) else error
                reason = event.data.reason if isinstance(event.data, SessionEnded) else reason
        self._reason = reason
        if connection.close_code in FINAL_CLOSE_CODES and error is not None:
            raise RefusedError(f"{error.message} ({error.code})")
        return ready

    def _count_session(self) -> None:
        self._sessions += 1
        if self._sessions > 1:
            self._events.put_nowait(Reconnected(self._sessions, self._lost_chunks, self._reason))
            self._lost_chunks = 0

    async def _begin(self, connection: ClientConnection) -> None:
        await connection.send(self._config)
        if self._sessions > 1 and self._media.stream is not None:
            # The recorder continues in the middle of its stream. The new session needs the stream's header.
            await connection.send(self._media.stream.prefix)
        self._connection = connection
        self._open.set()

    def _remember(self, chunk: bytes) -> None:
        with suppress(Problem):
            self._media, _ = continue_stream(self._media, chunk)

    def _fault(self) -> ClientError:
        while not self._events.empty():
            event = self._events.get_nowait()
            if isinstance(event, ClientError):
                return event
        return ClientError("The server ended the connection before the session was ready. Try again.")


def _decoded(text: str | bytes) -> Received | None:
    try:
        return decode(text)
    except msgspec.MsgspecError:
        return None  # A newer server may send unknown messages.
