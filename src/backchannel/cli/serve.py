"""`backchannel serve`: run the server."""

from typing import Annotated

import typer

from backchannel.cli.options import DataDir
from backchannel.config import ENV_PREFIX, Settings, load_settings
from backchannel.store import Store, open_store

Host = Annotated[
    str | None,
    typer.Option("--host", envvar=f"{ENV_PREFIX}HOST", help="Address to listen on. [default: 127.0.0.1]"),
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port", envvar=f"{ENV_PREFIX}PORT", min=0, max=65535, help="0 takes a free one. [default: 8000]"
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        envvar=f"{ENV_PREFIX}WORKERS",
        min=1,
        help="Analysing processes. [default: one a core]",
    ),
]
LogLevel = Annotated[
    str | None,
    typer.Option(
        "--log-level",
        envvar=f"{ENV_PREFIX}LOG_LEVEL",
        help="debug, info, warning or error. [default: info]",
    ),
]


def serve(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    workers: Workers = None,
    log_level: LogLevel = None,
) -> None:
    """Serve until Ctrl-C. Every other setting is an environment variable, see the documentation."""
    # Imported here, so that the other commands start without the web server.
    from backchannel.server.log import configure_logging  # noqa: PLC0415
    from backchannel.server.run import serve as run_server  # noqa: PLC0415

    settings = load_settings(host=host, port=port, data_dir=data_dir, workers=workers, log_level=log_level)
    configure_logging(settings.log_level)
    with open_store(settings.data_dir, url=settings.store_url) as store:
        _offer_first_key(store, settings)
        run_server(settings, store)


def _offer_first_key(store: Store, settings: Settings) -> None:
    """Without a key nobody could connect, so the first start of a data directory makes one."""
    if not store.keys.is_empty():
        return
    _, secret = store.keys.create("first")
    typer.echo(f"First API key of {settings.data_dir}, shown only now:\n\n    {secret}\n")
