"""Runs the application on a socket, until a signal ends it."""

import signal
import socket
import sys
from typing import Final

import msgspec
import structlog
import uvicorn

from backchannel.config import Settings
from backchannel.engine.base import Engine
from backchannel.engine.local import LocalEngine
from backchannel.server.app import make_app
from backchannel.server.shutdown import Shutdown
from backchannel.store import Store

CLOSE_S: Final = 10
SHUTDOWN_S: Final = 5.0
PING_INTERVAL_S: Final = 20.0

log = structlog.get_logger(__name__)


def listen(settings: Settings) -> tuple[socket.socket, Settings]:
    """Take the address; returns the settings with the port that was really taken.

    Raises
    ------
    OSError
        The address is in use, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    taken = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    return taken, msgspec.structs.replace(settings, port=taken.getsockname()[1])


def make_server(settings: Settings, store: Store, engine: Engine) -> uvicorn.Server:
    """Make the web server around the application."""
    shutdown = Shutdown()
    return _Server(
        uvicorn.Config(
            make_app(settings, store, engine, shutdown),
            ws="websockets-sansio",
            # Between the two sizes a message is read, answered with ih6002 and dropped, and the session
            # goes on; only beyond the larger one must the connection end (1009).
            ws_max_size=settings.hard_message_bytes,
            # Media is compressed already; inflating it again would only cost time and memory.
            ws_per_message_deflate=False,
            ws_ping_interval=PING_INTERVAL_S,
            # A client that we hold back is one whose pongs we do not read. It must not be hung up on.
            ws_ping_timeout=None,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=CLOSE_S,
        ),
        shutdown,
    )


class _Server(uvicorn.Server):
    """Lets streams end in good order before their connections are closed."""

    def __init__(self, config: uvicorn.Config, shutdown: Shutdown) -> None:
        super().__init__(config)
        self._streams = shutdown

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._streams.announce(SHUTDOWN_S)
        await super().shutdown(sockets)


def serve(settings: Settings, store: Store) -> None:
    """Serve until SIGINT or SIGTERM. Every worker has ended when this returns.

    Raises
    ------
    OSError
        The address is in use, or not this machine's.
    KeyboardInterrupt
        It was SIGINT.
    """
    taken, settings = listen(settings)
    server = make_server(settings, store, LocalEngine(settings))
    # The web server stops in good order, then raises the signal again for whoever handled it before. By
    # default that is an end on the spot, and one that looks like a failure.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    log.info("listening", url=settings.base_url, workers=settings.workers)
    try:
        server.run(sockets=[taken])
    finally:
        log.info("stopped")
