"""Runs the application on a socket, until a signal ends it."""

import asyncio
import errno
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Final, cast

import msgspec
import structlog
import uvicorn

from backchannel.config import Settings, SettingsError
from backchannel.engine.base import Engine
from backchannel.engine.dispatch import Dispatcher
from backchannel.engine.jobs import PACKAGED
from backchannel.engine.process import ProcessCarrier
from backchannel.server.app import make_app
from backchannel.server.shutdown import Shutdown
from backchannel.server.sockets.http import HttpConnection
from backchannel.server.sockets.lobby import Lobby
from backchannel.server.sockets.websocket import WebSocketConnection
from backchannel.store import Store

CLOSE_S: Final = 10
LAST_WORDS_S: Final = 2.0
"""Time to answer for what was not finished in `drain_s` (judgement)."""
READY_POLL_S: Final = 0.05
MOST_QUEUED: Final = 2048
ACCEPTED_AT_ONCE: Final = 16
"""So few that idle ones can be closed before the open files run out (judgement)."""
MOST_FILES: Final = 65_536
"""Far more than the streams of one process (judgement)."""

log = structlog.get_logger(__name__)


def listen(settings: Settings) -> tuple[socket.socket, Settings]:
    """Take the address; returns the socket, and the settings with the port that was really taken.

    Raises
    ------
    SettingsError
        The address cannot be used. The message says why, and what to do.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        taken = socket.create_server((settings.host, settings.port), family=family, backlog=MOST_QUEUED)
    except OSError as error:
        raise SettingsError(_why_not(settings, error)) from None
    return taken, msgspec.structs.replace(settings, port=taken.getsockname()[1])


def _why_not(settings: Settings, error: OSError) -> str:
    number = error.errno or 0
    if number == errno.EADDRNOTAVAIL or number < 0:  # the resolver numbers its errors below 0
        return f"{settings.host} is not an address of this machine. Choose another --host."
    if number == errno.EADDRINUSE:
        why = f"Port {settings.port} on {settings.host} is already in use"
    elif number == errno.EACCES:
        why = f"This user may not listen on port {settings.port}"
    else:
        return f"Cannot listen on port {settings.port} of {settings.host}: {os.strerror(number)}."
    return f"{why}. Choose another --port; 0 takes a free one."


def make_server(
    settings: Settings, store: Store, engine: Engine, on_ready: Callable[[], None] | None = None
) -> uvicorn.Server:
    """Make the web server around the application.

    Parameters
    ----------
    on_ready
        Called once, when media would be analysed at once. What it raises stops the server.
    """
    shutdown = Shutdown()
    return _Server(
        uvicorn.Config(
            make_app(settings, store, engine, shutdown),
            http=_http_connections(settings),
            ws=_websocket_connections(settings),
            # Between the two sizes a message is read, answered with ih6002 and dropped, and the session
            # goes on; only beyond the larger one must the connection end (1009).
            ws_max_size=settings.hard_message_bytes,
            # Media is compressed already; inflating it again would only cost time and memory.
            ws_per_message_deflate=False,
            # `sockets.websocket` sees to it: a client that we hold back is one whose pongs we do not read.
            ws_ping_timeout=None,
            # How many connections are accepted before others have a turn; `_Server` sets the system's queue.
            backlog=ACCEPTED_AT_ONCE,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=CLOSE_S,
        ),
        shutdown,
        settings.drain_s + LAST_WORDS_S,
        engine,
        on_ready or (lambda: None),
    )


def _http_connections(settings: Settings) -> type[asyncio.Protocol]:
    made = partial(
        HttpConnection,
        lobby=Lobby(settings.idle_connections),
        header_s=settings.header_timeout_s,
        unread_s=settings.send_timeout_s,
    )
    return cast("type[asyncio.Protocol]", made)  # the web server only calls it


def _websocket_connections(settings: Settings) -> type[asyncio.Protocol]:
    made = partial(
        WebSocketConnection, vanished_s=settings.vanished_timeout_s, unread_s=settings.send_timeout_s
    )
    return cast("type[asyncio.Protocol]", made)


class _Server(uvicorn.Server):
    """Says when it is ready; lets streams and uploads finish before their connections are closed."""

    def __init__(
        self,
        config: uvicorn.Config,
        shutdown: Shutdown,
        finish_s: float,
        engine: Engine,
        on_ready: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._announcement = shutdown
        self._finish_s = finish_s
        self._engine = engine
        self._on_ready = on_ready
        self._loop: asyncio.AbstractEventLoop | None = None
        # Runs from start-up until the engine is ready; None before.
        self._announcing: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        for taken in sockets or ():
            taken.listen(MOST_QUEUED)
        self._announcing = asyncio.create_task(self._announce())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._announcement.announce(self._finish_s)
        await super().shutdown(sockets)
        if self._announcing is not None:
            self._announcing.cancel()
            with suppress(asyncio.CancelledError):
                await self._announcing

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self.force_exit and self._loop is not None:  # the second Ctrl-C
            self._loop.call_soon_threadsafe(self._announcement.hurry)

    async def _announce(self) -> None:
        try:
            while not self._engine.ready:
                await asyncio.sleep(READY_POLL_S)
            self._on_ready()
        except Exception:
            self.should_exit = True  # `shutdown` raises it
            raise


def _allow_many_connections() -> None:
    """Take as many open files as the system allows. Often only 1024 are on offer at first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def serve(settings: Settings, store: Store, taken: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM. Every worker has ended when this returns.

    Parameters
    ----------
    settings, taken
        As `listen` returned them. The address is taken first, so that a server that cannot listen leaves
        nothing on disk.
    store
        Keys, tokens, usage and jobs.
    on_ready
        See `make_server`.

    Raises
    ------
    KeyboardInterrupt
        It was SIGINT.
    """
    _allow_many_connections()
    carrier = ProcessCarrier(
        settings.worker_memory_bytes,
        settings.worker_start_s,
        sandboxed=settings.sandbox == "on",
        words="" if settings.words == "off" else str(settings.words_model or PACKAGED),
    )
    server = make_server(settings, store, Dispatcher(settings, carrier), on_ready)
    # The web server shuts down, then raises the signal again for the handler that was there before. The
    # default one would end the process at once, and with a code that looks like a failure.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    try:
        server.run(sockets=[taken])
    finally:
        log.info("stopped")
