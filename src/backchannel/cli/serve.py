"""`backchannel serve`: run the server."""

import sys
from typing import Annotated, Final, TextIO

import structlog
import typer
from rich.console import Console

from backchannel.cli.key_store import create_key_command, store_line, store_name
from backchannel.cli.options import DataDir, ListenForWords, PolicyName, WeightsFile, words_switch
from backchannel.cli.show import progress
from backchannel.config import ENV_PREFIX, Settings, load_settings
from backchannel.signals.calibration import read_calibration
from backchannel.store import Store, open_store
from backchannel.values import BEHAVIOUR_NOTE

EVERY_ADDRESS: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 -- read, not listened on
"""Hosts that mean every address of the machine."""

log = structlog.get_logger(__name__)

Host = Annotated[
    str | None,
    typer.Option("--host", envvar=f"{ENV_PREFIX}HOST", help="Address to listen on. [default: 127.0.0.1]"),
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        envvar=f"{ENV_PREFIX}PORT",
        min=0,
        max=65535,
        help="Port to listen on; 0 takes a free one. [default: 8000]",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        envvar=f"{ENV_PREFIX}WORKERS",
        min=1,
        help="Number of analysis processes. [default: one per core]",
    ),
]
LogLevel = Annotated[
    str | None,
    typer.Option(
        "--log-level",
        envvar=f"{ENV_PREFIX}LOG_LEVEL",
        help="Least level to log: debug, info, warning or error. [default: info]",
    ),
]


def serve(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    workers: Workers = None,
    log_level: LogLevel = None,
    policy: PolicyName = None,
    weights: WeightsFile = None,
    words: ListenForWords = None,
) -> None:
    """Run the server until Ctrl-C.

    Settings without an option are environment variables; the page on settings in the documentation lists
    them all.
    """
    # Imported here so that other commands start without the web server.
    from backchannel.server.log import configure_logging  # noqa: PLC0415
    from backchannel.server.run import listen  # noqa: PLC0415
    from backchannel.server.run import serve as run_server  # noqa: PLC0415

    settings = load_settings(
        host=host,
        port=port,
        data_dir=data_dir,
        workers=workers,
        log_level=log_level,
        policy=policy,
        weights=weights,
        words=words_switch(words),
    )
    if settings.weights is not None:
        read_calibration(settings.weights)  # a bad file must stop the server before it takes its address
    configure_logging(settings.log_level)
    taken, settings = listen(settings)
    with taken, open_store(settings.data_dir, url=settings.store_url) as store:
        if (terminal := _terminal()) is None:
            log.info("listening", url=settings.base_url, workers=settings.workers)
            log.info("store opened", store=store_name(settings))
        # Read now: the console makes a key of its own, for the first page that asks.
        is_new = store.keys.is_empty()
        with progress(Console(), "Starting", quiet=terminal is None) as starting:

            def ready() -> None:
                starting.stop()
                _say_ready(settings, store, terminal, is_new=is_new)

            run_server(settings, store, taken, ready)


def _say_ready(settings: Settings, store: Store, terminal: TextIO | None, *, is_new: bool) -> None:
    if terminal is None:
        log.info("ready", url=settings.base_url)
    else:
        typer.echo(f"Backchannel is ready \N{RIGHTWARDS ARROW} {local_url(settings)}", file=terminal)
    # The first key is made only now: had it been made before, and the start interrupted, nobody would have
    # seen it, and nobody could see it later.
    if is_new:
        _, secret = store.keys.create("first")
        typer.echo(f"First API key, shown only now: {secret}")
    else:
        typer.echo(f"To make another API key: {create_key_command(settings)}")
    sys.stdout.flush()
    if terminal is not None:
        typer.echo(store_line(settings), err=True)
        if settings.policy == "behaviour":
            typer.echo(BEHAVIOUR_NOTE, err=True)


def local_url(settings: Settings) -> str:
    """Return an address that opens the console from this machine, without a trailing slash."""
    if settings.public_url or settings.host not in EVERY_ADDRESS:
        return settings.base_url
    return f"http://127.0.0.1:{settings.port}"


def _terminal() -> TextIO | None:
    """Return a stream that a person reads, if there is one."""
    return next((stream for stream in (sys.stdout, sys.stderr) if stream.isatty()), None)
