"""A stream's socket with a clock beside it."""

import asyncio
import math
from collections.abc import Mapping
from typing import Any, Final

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from backchannel.config import Settings
from backchannel.errors import Problem
from backchannel.server.metrics import Metrics

NORMAL_CLOSURE: Final = 1000
POLICY_VIOLATION: Final = 1008
SERVICE_RESTART: Final = 1012
ABNORMAL_CLOSURE: Final = 1006
INTERNAL_ERROR: Final = 1011

log = structlog.get_logger(__name__)


class Connection:
    """An accepted socket, and when it was last heard.

    Parameters
    ----------
    websocket
        An accepted connection.
    settings
        Limits.
    open_s
        How long its session was open before, in earlier connections, s.
    outlived
        Its session outlives it. Then `send` and `close` do nothing once it is lost.

    Attributes
    ----------
    lost
        The client has gone. Known only if the session outlives its connection.
    """

    def __init__(
        self, websocket: WebSocket, settings: Settings, *, open_s: float = 0.0, outlived: bool = False
    ) -> None:
        self._websocket = websocket
        self._settings = settings
        self._outlived = outlived
        self.lost = False
        self._opened_s = self.now() - open_s
        self._active_s = self.now()
        self._stopping = False
        self._waiting: asyncio.Timeout | None = None  # of `receive`, while it waits

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

    def count_error(self, error_id: str) -> None:
        """Count an error that is sent to the client, in the metrics."""
        metrics: Metrics = self._websocket.app.state.services.metrics
        metrics.refused(error_id)

    def keep_alive(self) -> None:
        """Restart the idle time."""
        self._active_s = self.now()

    def stop_receiving(self) -> None:
        """Receive nothing more. A caller that waits in `receive` looks at the clock now."""
        self._stopping = True
        if self._waiting is not None:
            self._waiting.reschedule(self.now())

    async def receive(self, room: asyncio.Event) -> Mapping[str, Any] | None:
        """Wait for room, then for a message; None when it is time to look at the clock instead.

        Raises
        ------
        WebSocketDisconnect
            The client has gone.
        """
        if self._stopping:
            return None
        idle_at_s = self._active_s + self._settings.idle_timeout_s
        over_at_s = self._opened_s + self._settings.session_max_s
        try:
            async with asyncio.timeout_at(
                min(idle_at_s, over_at_s) if not self.is_over else idle_at_s
            ) as self._waiting:
                await room.wait()
                message = await self._websocket.receive()
        except TimeoutError:
            return None
        finally:
            self._waiting = None
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
        if self.lost:
            return
        try:
            await self._send(text)
        except (WebSocketDisconnect, RuntimeError):
            if not self._outlived:
                raise
            self.lost = True  # who reads will see it too

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(self._settings.send_timeout_s):
                await self._websocket.send_text(text)
        except TimeoutError:
            # It sends and never reads; without this its session would never end.
            log.warning("client does not read")
            raise WebSocketDisconnect(ABNORMAL_CLOSURE) from None

    async def close(self, code: int) -> None:
        """Close the socket."""
        if self.lost:
            return
        try:
            await self._websocket.close(code)
        except (WebSocketDisconnect, RuntimeError):
            if not self._outlived:
                raise
            self.lost = True

    def silence(self) -> Problem:
        """Say why a silent session ends."""
        limit = _minutes(self._settings.idle_timeout_s)
        return Problem("ih6003", f"No media came for {limit}, so the session is closed. Open a new one.")

    def overtime(self) -> Problem:
        """Say why a session ends that has lasted too long."""
        limit = _minutes(self._settings.session_max_s)
        return Problem("ih6004", f"A session lasts at most {limit}; this one is over. Open a new one.")


def _minutes(time_s: float) -> str:
    minutes, rest = divmod(time_s, 60)
    return f"{minutes:g} minutes" if minutes and math.isclose(rest, 0) else f"{time_s:g} seconds"
