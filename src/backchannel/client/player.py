"""The state of a v0 session, over all its connections."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Final, Protocol

import msgspec
from msgspec import UNSET
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from backchannel.client.outbox import Outbox
from backchannel.protocol import v0

LOST: Final = frozenset({None, 1001, 1006, 1012})
"""Close codes after which the session goes on."""
FULL_S: Final = 0.1


class ClientError(Exception):
    """The server cannot be reached, refused, or disconnected. The message is one plain sentence."""


class RefusedError(ClientError):
    """The server refused. A new attempt would fail too."""


class TimedMedia(Protocol):
    """A segment with its duration."""

    @property
    def data(self) -> bytes:
        """A complete file."""
        ...

    @property
    def duration_s(self) -> float:
        """Its duration, s."""
        ...


class Player:
    """Sends segments when a recorder would have finished them, and keeps those that may be needed again.

    Parameters
    ----------
    media
        Segments in order.
    """

    def __init__(self, media: Iterator[TimedMedia]) -> None:
        self._media = media
        self._outbox = Outbox()
        self._connection: ClientConnection | None = None
        self._feeding: asyncio.Task[None] | None = None
        self._announced = 0  # segments of which `processing` was yielded
        self._answered = 0
        self._total: int | None = None
        self._fault: Exception | None = None
        self._ending = ""

    @property
    def complete(self) -> bool:
        """Whether every segment is answered."""
        return self._total is not None and self._answered >= self._total

    @property
    def query(self) -> list[tuple[str, str]]:
        """The parameters of the next connection."""
        return self._outbox.query

    async def follow(self, connection: ClientConnection) -> AsyncIterator[str]:
        """Send on a connection, and yield its messages until it closes or everything is answered."""
        given = connection.response.headers if connection.response is not None else {}
        first = int(given.get("X-Resend-From", "1"))
        self._outbox.token = given.get("X-Resume-Token", "")
        sending = asyncio.create_task(self._begin(connection, first))
        try:
            with suppress(ConnectionClosed):
                async for text in connection:
                    if self._takes(str(text)):
                        yield str(text)
                    if self.complete:
                        return
        finally:
            self._connection = None
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        self._ending = _ending(connection)
        if self._fault is not None:
            raise self._fault
        if connection.close_code not in LOST:
            self._outbox = Outbox()

    def pause_s(self, pauses: Iterator[float]) -> float:
        """Return how long to wait for the next connection, s.

        Raises
        ------
        ClientError
            If there is no session to resume, or no pause left.
        """
        pause_s = next(pauses, None) if self._outbox.token else None
        if pause_s is None:
            raise ClientError(self._ending)
        return pause_s

    async def stop(self) -> None:
        """Send nothing more."""
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.gather(self._feeding, return_exceptions=True)

    async def _begin(self, connection: ClientConnection, number: int) -> None:
        """Send again what the server asks for, and then what comes."""
        while number < self._outbox.next_number:
            await connection.send(self._outbox.get(number))
            number += 1
        self._connection = connection
        self._feeding = self._feeding or asyncio.create_task(self._feed())

    async def _feed(self) -> None:
        loop = asyncio.get_running_loop()
        count, recorded_s = 0, loop.time()
        try:
            while (segment := await asyncio.to_thread(next, self._media, None)) is not None:
                recorded_s += segment.duration_s
                await asyncio.sleep(recorded_s - loop.time())
                while not self._outbox.put(segment.data):
                    await asyncio.sleep(FULL_S)
                if self._connection is not None:
                    with suppress(ConnectionClosed):
                        await self._connection.send(segment.data)
                count += 1
            self._total = count
        except Exception as fault:
            self._fault = fault
        if self._connection is not None and (self.complete or self._fault is not None):
            await self._connection.close()

    def _takes(self, text: str) -> bool:
        """Note what a message means; returns whether it is one for the caller."""
        try:
            message = v0.decode(text)
        except msgspec.MsgspecError:
            return True
        if isinstance(message, v0.Processing):
            new = message.segment > self._announced
            self._announced = max(self._announced, message.segment)
            return new
        if message.seq is not UNSET and not self._outbox.is_new(message.seq):
            return False
        if not isinstance(message, v0.Result) and message.segment is not None:
            self._answered += 1
            if message.resend_from is not UNSET:
                self._outbox.acknowledge(message.resend_from)
        return True


def _ending(connection: ClientConnection) -> str:
    if connection.close_code == 1000:
        return "The server ended the session before it answered every segment."
    code = (
        "without a close code"
        if connection.close_code in {None, 1006}
        else f"close code {connection.close_code}"
    )
    return f"The server ended the connection ({code})."
