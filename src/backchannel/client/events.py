"""A v2 client: sends a recorder's chunks, yields typed events, and resumes after a lost connection.

After a lost connection the client reconnects, sends again what the server does not have, and gets what it has
missed. Chunks that the recorder makes meanwhile wait. So nothing is lost, and the session's clock goes on.

If the server cannot resume the session (its time is over, or the server offers nothing of this kind), a new
one begins. Its clock starts at zero and it has no baseline of the person yet. The chunks that were not
answered for are then dropped, because they would arrive late. Either way the client yields `Reconnected`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from msgspec import UNSET
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from backchannel.client.outbox import Outbox
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
    MediaReceived,
    QualityUpdated,
    Received,
    SessionEnded,
    SessionReady,
    SignalDetected,
    SignalEnded,
    SignalUpdated,
    decode,
)
from backchannel.protocol.paths import STREAM_V2
from backchannel.protocol.products import PICTURE_AND_SOUND, ModelName
from backchannel.protocol.summary_message import SessionSummary

CLOSE: Final = '{"type":"session.close"}'
NOT_RESUMED: Final = "ih4005"
"""The error of a server that has no session to resume."""
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
    """The connection was lost, and there is another one.

    Attributes
    ----------
    sessions
        The number of sessions so far, including this one.
    lost_chunks
        The number of chunks dropped in between.
    reason
        Why the connection ended: the reason of `session.ended`, or ``connection lost``.
    resumed
        The session goes on. Otherwise a new one began.
    lost_messages
        The number of messages of the server that were too old to be sent again.
    """

    sessions: int
    lost_chunks: int
    reason: str
    resumed: bool = False
    lost_messages: int = 0


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
        self._outbox = Outbox()
        self._configured = False
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
        """Send the next chunk, or let it wait for the next connection.

        Returns
        -------
        bool
            False if the chunk was dropped: there is no connection, and no session that could be resumed.
        """
        if not self._raw:
            self._remember(chunk)
        connection = self._connection
        waits = bool(self._outbox.token) and self._outbox.put(chunk)
        if connection is not None:
            with suppress(ConnectionClosed):
                await connection.send(chunk)
                return True
        if not waits:
            self._lost_chunks += 1
        return waits

    async def finish(self) -> None:
        """Close the session. Iteration ends after its last event."""
        self._finishing = True
        if self._connection is not None:
            with suppress(ConnectionClosed):
                await self._connection.send(CLOSE)

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
                query = self._outbox.query
                async with open_stream(self._url, self._key, path=STREAM_V2, resume=query) as connection:
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
            if pause_s is None or (self._finishing and not self._outbox.token):
                raise ClientError(
                    f"The session ended before all results arrived ({self._reason}). Try again."
                )
            await asyncio.sleep(pause_s)

    async def _listen(self, connection: ClientConnection) -> bool:
        """Pass on the events of a connection until it closes. Return whether a session was opened."""
        error: Error | None = None
        reason = "connection lost"
        beginning: asyncio.Task[None] | None = None
        with suppress(ConnectionClosed):
            async for text in connection:
                event = _decoded(text)
                if event is None or not self._is_news(event):
                    continue
                match event.data:
                    case SessionReady() as ready:
                        # Beside this loop: a server that nobody reads from may read no more either.
                        beginning = asyncio.create_task(self._begin(connection, *self._greet(event, ready)))
                        continue
                    case SessionEnded() as ended:
                        reason = ended.reason
                        self._outbox = Outbox()  # the next session is a new one
                    case Error() as error:
                        pass
                self._events.put_nowait(event)
        if beginning is not None:
            beginning.cancel()
            await asyncio.gather(beginning, return_exceptions=True)
        self._reason = reason
        self._judge(connection.close_code, error, began=beginning is not None)
        return beginning is not None

    def _judge(self, code: int | None, error: Error | None, *, began: bool) -> None:
        """Raise if another attempt would fail too; give the session up if it cannot be resumed."""
        if error is None:
            return
        if not began and self._outbox.token and error.code == NOT_RESUMED:
            self._lost_chunks += self._outbox.unanswered
            self._outbox = Outbox()
        elif code in FINAL_CLOSE_CODES:
            raise RefusedError(f"{error.message} ({error.code})")

    def _is_news(self, event: Received) -> bool:
        """Note what concerns the connection itself, and whether an event is one for the caller."""
        if isinstance(event.data, MediaReceived):
            self._outbox.acknowledge(event.data.resend_from, event.data.through)
            return False
        return event.seq is UNSET or self._outbox.is_new(event.seq)

    def _greet(self, event: Received, ready: SessionReady) -> tuple[int, bytes]:
        """Count a session, and report what became of the one before.

        Returns the number of the first message to send, and a header to send before it.
        """
        first, header, resumed = 1, b"", ready.resumed
        self._configured = resumed is not UNSET and resumed.last_seq > 0
        if resumed is UNSET:
            self._sessions += 1
            self._lost_chunks += self._outbox.unanswered
            self._outbox = Outbox()
            self._outbox.token = "" if ready.resume_token is UNSET else ready.resume_token
            if self._sessions > 1 and self._media.stream is not None:
                # The recorder continues in the middle of its stream. The new session needs its header.
                header = self._media.stream.prefix
        else:
            first = resumed.resend_from
            self._outbox.acknowledge(first, resumed.through)
        if header and self._outbox.token:
            self._outbox.put(header)
            header = b""
        if self._sessions > 1 or resumed is not UNSET:
            lost_messages = 0 if resumed is UNSET else resumed.lost_messages
            self._events.put_nowait(
                Reconnected(
                    self._sessions, self._lost_chunks, self._reason, resumed is not UNSET, lost_messages
                )
            )
            self._lost_chunks = 0
        if resumed is UNSET:
            self._events.put_nowait(event)
        return first, header

    async def _begin(self, connection: ClientConnection, first: int, header: bytes) -> None:
        """Send what the server needs before the next chunk."""
        outbox = self._outbox
        if not self._configured:
            await connection.send(self._config)
        if header:
            await connection.send(header)
        while first < outbox.next_number:  # more may come while these are sent
            await connection.send(outbox.get(first))
            first += 1
        self._connection = connection
        self._open.set()
        if self._finishing:
            await connection.send(CLOSE)

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
