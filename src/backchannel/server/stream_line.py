"""What every stream has: a socket with a clock beside it, and a bounded line of media that waits."""

import asyncio
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from backchannel.config import Settings
from backchannel.errors import Problem

NORMAL_CLOSURE: Final = 1000
ABNORMAL_CLOSURE: Final = 1006
INTERNAL_ERROR: Final = 1011
SMALL_BYTES: Final = 64 * 1024
MAX_WAITING: Final = 4096

log = structlog.get_logger(__name__)


class Line:
    """An accepted socket, and when it was last heard.

    Parameters
    ----------
    websocket
        An accepted connection.
    settings
        Limits.
    """

    def __init__(self, websocket: WebSocket, settings: Settings) -> None:
        self._websocket = websocket
        self._settings = settings
        self._opened_s = self.now()
        self._active_s = self._opened_s

    @staticmethod
    def now() -> float:
        """Time on the event loop's clock, s."""
        return asyncio.get_running_loop().time()

    @property
    def open_s(self) -> float:
        """How long it has been open, s."""
        return self.now() - self._opened_s

    @property
    def is_over(self) -> bool:
        """Whether the session has lasted as long as one may."""
        return self.now() >= self._opened_s + self._settings.session_max_s

    @property
    def is_idle(self) -> bool:
        """Whether nothing has come for too long."""
        return self.now() >= self._active_s + self._settings.idle_timeout_s

    def keep_alive(self) -> None:
        """Begin to count idle time anew."""
        self._active_s = self.now()

    async def receive(self, room: asyncio.Event) -> Mapping[str, Any] | None:
        """Wait for room, then for a message; None when it is time to look at the clock instead.

        Raises
        ------
        WebSocketDisconnect
            The client has gone.
        """
        idle_at_s = self._active_s + self._settings.idle_timeout_s
        over_at_s = self._opened_s + self._settings.session_max_s
        try:
            async with asyncio.timeout_at(min(idle_at_s, over_at_s) if not self.is_over else idle_at_s):
                await room.wait()
                message = await self._websocket.receive()
        except TimeoutError:
            return None
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", ABNORMAL_CLOSURE))
        self.keep_alive()
        return message

    async def send(self, text: str) -> None:
        """Send a text message.

        Raises
        ------
        WebSocketDisconnect
            The client has gone, or never reads.
        """
        try:
            async with asyncio.timeout(self._settings.send_timeout_s):
                await self._websocket.send_text(text)
        except TimeoutError:
            # It sends and never reads; without this its session would never end.
            log.warning("client does not read")
            raise WebSocketDisconnect(ABNORMAL_CLOSURE) from None

    async def close(self, code: int) -> None:
        """Close the socket."""
        await self._websocket.close(code)

    def silence(self) -> Problem:
        """Say why a silent session ends."""
        limit = _minutes(self._settings.idle_timeout_s)
        return Problem("ih6003", f"No media came for {limit}, so the session is closed. Open a new one.")

    def overtime(self) -> Problem:
        """Say why a session ends that has lasted too long."""
        limit = _minutes(self._settings.session_max_s)
        return Problem("ih6004", f"A session lasts at most {limit}; this one is over. Open a new one.")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A binary message that waits for its analysis.

    Attributes
    ----------
    number
        Its number in the session, from 1.
    data
        Its bytes; empty where it is known that they will not be analysed.
    size_bytes
        How many came.
    arrived_s
        When, on the event loop's clock.
    problem
        Why it cannot be analysed, as far as that is known.
    """

    number: int
    data: bytes
    size_bytes: int
    arrived_s: float
    problem: Problem | None = None


class Backlog:
    """Media in the order received, until it is answered for.

    While it is full there is no `room`, the socket is not read, and TCP holds the client back.

    Parameters
    ----------
    settings
        Its bounds.
    small_counts_less
        Whether messages of less than 64 KiB count by their share of that, as is right where they are
        analysed together.
    """

    def __init__(self, settings: Settings, *, small_counts_less: bool = False) -> None:
        self._settings = settings
        self._small_counts_less = small_counts_less
        self._waiting: deque[Waiting] = deque()
        self._arrived = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self.room = asyncio.Event()
        self.room.set()
        self._bytes = 0
        self._weight = 0.0
        self._held = 0
        self._closed = False

    @property
    def empty(self) -> bool:
        """Whether everything has been answered for."""
        return self._held == 0

    @property
    def taken(self) -> bool:
        """Whether everything has been taken."""
        return not self._waiting

    @property
    def full(self) -> bool:
        """Whether no more is to be read."""
        return (
            self._weight >= self._settings.queue_segments
            or self._bytes >= self._settings.queue_bytes
            or self._held >= MAX_WAITING
        )

    def put(self, waiting: Waiting) -> None:
        """Add a message."""
        self._waiting.append(waiting)
        self._count(waiting, 1)
        self._arrived.set()

    def close(self) -> None:
        """Say that no more will be put."""
        self._closed = True
        self._arrived.set()

    async def wait(self) -> bool:
        """Wait until a message can be taken; False when none will ever come."""
        await self._arrived.wait()
        return bool(self._waiting)

    def take(self) -> Waiting | None:
        """Take the oldest message, which counts until it is `done`; None when there is none."""
        waiting = self._waiting.popleft() if self._waiting else None
        if not self._waiting and not self._closed:
            self._arrived.clear()
        return waiting

    def done(self, waiting: Waiting) -> None:
        """Let go of a message that was taken and is answered for."""
        self._count(waiting, -1)

    async def join(self) -> None:
        """Wait until everything is answered for."""
        await self._emptied.wait()

    def _count(self, waiting: Waiting, sign: int) -> None:
        size_bytes = len(waiting.data)
        share = min(1.0, size_bytes / SMALL_BYTES) if self._small_counts_less else 1.0
        self._held += sign
        self._bytes += sign * size_bytes
        self._weight = self._weight + sign * share if self._held else 0.0
        (self.room.clear if self.full else self.room.set)()
        (self._emptied.clear if self._held else self._emptied.set)()


def _minutes(time_s: float) -> str:
    minutes, rest = divmod(time_s, 60)
    return f"{minutes:g} minutes" if minutes and math.isclose(rest, 0) else f"{time_s:g} seconds"
