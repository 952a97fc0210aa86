"""HTTP connections: their headers must come in time, they take turns, and what nobody reads is given up."""

import asyncio
from typing import Any, Final, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from backchannel.server.sockets.lobby import Lobby
from backchannel.server.sockets.tap import Slices, Tap

TOO_SLOW: Final = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
    b"content-length: 36\r\n\r\nThe request's headers came too late."
)


class HttpConnection(H11Protocol):
    """One HTTP connection.

    Parameters
    ----------
    lobby
        Where it waits until its first request, and between requests.
    header_s
        How long the headers of a request may take, s.
    unread_s
        How long the client may leave an answer unread, s.
    """

    def __init__(self, *, lobby: Lobby, header_s: float, unread_s: float, **server: Any) -> None:
        super().__init__(**server)
        self._lobby = lobby
        self._header_s = header_s
        self._unread_s = unread_s
        self._late: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._slices: Slices | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        tap = Tap(transport)
        tap.send_at_once()
        self._slices = Slices(tap, self._parse)
        super().connection_made(cast("asyncio.Transport", tap))
        self._await_headers()
        self._lobby.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave nothing behind."""
        self._left()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived in slices."""
        if self._slices is not None:
            self._slices.put(data)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over."""
        self._left()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if self._waits and not self.transport.is_closing():
            self._lobby.enter(self)

    def pause_writing(self) -> None:
        """Give the client a while to read."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self._unread_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that the client reads."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def turn_out(self) -> None:
        """Close an idle connection."""
        self._left()
        self.transport.close()

    @property
    def _waits(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _parse(self, part: bytes) -> None:
        super().data_received(part)
        if not self._waits:
            self._stop_waiting()
        elif self._late is None and self._slices is not None and not self.transport.is_closing():
            self._await_headers()

    def _await_headers(self) -> None:
        self._late = self.loop.call_later(self._header_s, self._too_late)

    def _too_late(self) -> None:
        self._late = None
        if not self._waits or self.transport.is_closing():
            return
        if self.conn.trailing_data[0]:  # part of a request; otherwise there is nobody to answer
            self.transport.write(TOO_SLOW)
        self.turn_out()

    def _stop_waiting(self) -> None:
        self._lobby.leave(self)
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _left(self) -> None:
        self._stop_waiting()
        if self._slices is not None:
            self._slices.drop()
            self._slices = None
