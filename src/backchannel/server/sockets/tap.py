"""Lets a protocol take what arrives in small slices, so that one connection never holds the loop for long.

The system hands over up to 256 KB at once. That can be 37 000 tiny frames, which take a second to parse.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any, Final

SLICE_BYTES: Final = 2048
"""A few hundred frames at most, so a few milliseconds (judgement)."""
TURN_S: Final = 0.002
"""How long a connection may go on before all others have a turn (judgement)."""


class Tap:
    """A transport that is read only while nobody holds it back. It passes everything else on.

    Parameters
    ----------
    transport
        The connection.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held_by: set[str] = set()
        self.on_resumed: Callable[[], None] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def send_at_once(self) -> None:
        """Let small messages not wait for the client to confirm the ones before them.

        asyncio does so by itself only for sockets that were opened with the number of the protocol.
        """
        self._transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def paused(self) -> bool:
        """Whether the protocol takes no more, which may have slices left."""
        return bool(self._held_by - {"slices"})

    def pause_reading(self) -> None:
        """Stop reading, since the application is behind."""
        self.hold("application")

    def resume_reading(self) -> None:
        """Go on, unless something else holds the transport."""
        self.release("application")

    def hold(self, reason: str) -> None:
        """Stop reading for a reason."""
        self._held_by.add(reason)
        self._transport.pause_reading()

    def release(self, reason: str) -> None:
        """Go on, when no reason is left."""
        was_paused = self.paused
        self._held_by.discard(reason)
        if was_paused and not self.paused and self.on_resumed is not None:
            self.on_resumed()
        if not self._held_by:
            self._transport.resume_reading()


class Slices:
    """What has arrived and is not parsed yet: at most what one read returns.

    Parameters
    ----------
    tap
        The connection, which is not read while slices are left.
    parse
        Takes a slice.
    """

    def __init__(self, tap: Tap, parse: Callable[[bytes], None]) -> None:
        self._tap = tap
        self._parse = parse
        self._rest = bytearray()
        self._turn: asyncio.Handle | None = None
        tap.on_resumed = self._later

    def put(self, data: bytes) -> None:
        """Parse what arrived: now, and if that takes too long, in later turns of the loop."""
        self._rest += data
        if self._turn is None:
            self._take_turn()

    def drop(self) -> None:
        """Forget the rest: the connection is lost, or another protocol has taken over."""
        self._rest.clear()
        if self._turn is not None:
            self._turn.cancel()
        self._tap.on_resumed = None

    def _take_turn(self) -> None:
        self._turn = None
        until_s = time.perf_counter() + TURN_S
        while self._rest and not self._tap.paused and time.perf_counter() < until_s:
            part = bytes(self._rest[:SLICE_BYTES])
            del self._rest[:SLICE_BYTES]
            self._parse(part)
        if not self._rest:
            self._tap.release("slices")
            return
        self._tap.hold("slices")
        if not self._tap.paused:
            self._later()

    def _later(self) -> None:
        if self._rest and self._turn is None:
            self._turn = asyncio.get_running_loop().call_soon(self._take_turn)
