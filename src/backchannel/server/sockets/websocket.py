"""WebSocket connections: they take turns, answer pings only to who reads, and notice who has vanished."""

import asyncio
from typing import Any, Final, cast

import structlog
from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from backchannel.server.sockets.tap import Slices, Tap

PINGS_SHARE: Final = 0.25
"""Time between two pings, as a share of the silence after which a client has vanished (judgement)."""

log = structlog.get_logger(__name__)


class WebSocketConnection(WebSocketsSansIOProtocol):
    """One WebSocket connection.

    Parameters
    ----------
    vanished_s
        Silence after which the client counts as gone, s. It is pinged four times meanwhile.
    unread_s
        How long the client may leave messages unread, s.
    """

    def __init__(self, *, vanished_s: float, unread_s: float, **server: Any) -> None:
        super().__init__(**server)
        self.ping_interval = vanished_s * PINGS_SHARE
        self._vanished_s = vanished_s
        self._unread_s = unread_s
        self._unread: asyncio.TimerHandle | None = None
        self._silent_since_s = self.loop.time()
        self._whole = bytearray()  # of a message that comes in several frames
        self._slices: Slices | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a connection."""
        self._tap = transport if isinstance(transport, Tap) else Tap(cast("asyncio.Transport", transport))
        self._slices = Slices(self._tap, self._parse)
        super().connection_made(cast("asyncio.Transport", self._tap))

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave nothing behind."""
        if self._slices is not None:
            self._slices.drop()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived in slices."""
        self._silent_since_s = self.loop.time()
        if self._slices is not None:
            self._slices.put(data)

    def _parse(self, part: bytes) -> None:
        super().data_received(part)
        if self.conn.handshake_exc is not None and not self.transport.is_closing():
            # Headers that the library does not take: it has written an answer, which nobody has sent.
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_parser_exception(self) -> None:
        """End the connection. The library expects that the client knows why."""
        if self.conn.close_sent is not None:
            super().handle_parser_exception()
            return
        # The client sent frames before it had an answer to its handshake, which RFC 6455 (4.1) forbids.
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006, "reason": ""})
        self.transport.abort()

    # --- a message in several frames, which may be single bytes --------------------------------------

    def handle_text(self, event: Frame) -> None:
        """Take the first frame of a text."""
        self._whole.clear()
        super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """Take the first frame of media."""
        self._whole.clear()
        super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        """Join a further frame, since an object for each costs many times its bytes."""
        if self.frames:
            self._whole += b"".join(self.frames)
            self.frames = []
        self._whole += event.data
        if event.fin:
            self.frames = [bytes(self._whole)]
            self._whole.clear()
            self.send_receive_event_to_app()

    # --- clients that do not read --------------------------------------------------------------------

    def pause_writing(self) -> None:
        """Read no more, for each ping would add its pong, and give the client a while."""
        super().pause_writing()
        self._tap.hold("unread")
        if self._unread is None:
            self._unread = self.loop.call_later(self._unread_s, self._give_up, "client does not read")

    def resume_writing(self) -> None:
        """Note that the client reads."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
            self._tap.release("unread")

    # --- clients that have vanished ------------------------------------------------------------------

    def send_keepalive_ping(self) -> None:
        """Look whether anything has come; if not, ask."""
        now_s = self.loop.time()
        if self._tap.paused or self.transport.get_write_buffer_size():
            self._silent_since_s = now_s  # we do not read, or it does not: its pongs cannot be here
        if now_s - self._silent_since_s > self._vanished_s * (1 - PINGS_SHARE / 2):
            self._give_up("client vanished")
        else:
            super().send_keepalive_ping()

    def _give_up(self, why: str) -> None:
        log.warning(why)
        self.transport.abort()

    # --- turns -----------------------------------------------------------------------------------------

    async def receive(self) -> ASGIReceiveEvent:
        """Return the next message, but let others have a turn before."""
        await asyncio.sleep(0)
        return await super().receive()

    async def send(self, message: ASGISendEvent) -> None:
        """Send a message, but let others have a turn before."""
        await asyncio.sleep(0)
        await super().send(message)
