"""`backchannel keys`: make, list and revoke API keys."""

from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from backchannel.cli.options import AsJson, DataDir
from backchannel.config import ENV_PREFIX, load_settings
from backchannel.store import SCOPES, ApiKey, KeyLimits, Store, open_store
from backchannel.store.refusals import InvalidNameError, InvalidScopesError

keys_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make, list and revoke API keys.")

Name = Annotated[str, typer.Option("--name", envvar=f"{ENV_PREFIX}NAME", help="What you call the key.")]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        envvar=f"{ENV_PREFIX}SCOPE",
        help=f"What it may do, once for each: {', '.join(SCOPES)}. Everything by default.",
        show_default=False,
    ),
]
Rate = Annotated[
    float | None,
    typer.Option(
        "--requests-per-minute",
        envvar=f"{ENV_PREFIX}KEY_REQUESTS_PER_MINUTE",
        min=0.1,
        help="Requests it may make. [default: as the server's settings say]",
    ),
]
Concurrent = Annotated[
    int | None,
    typer.Option(
        "--concurrent",
        envvar=f"{ENV_PREFIX}KEY_CONCURRENT",
        min=1,
        help="Sessions and uploads it may have at once. [default: as the server's settings say]",
    ),
]
Quota = Annotated[
    float | None,
    typer.Option(
        "--video-minutes-per-month",
        envvar=f"{ENV_PREFIX}KEY_VIDEO_MINUTES_PER_MONTH",
        min=0.1,
        help="Video it may have analysed in a month. [default: as the server's settings say]",
    ),
]


@keys_app.command("create")
def create(
    name: Name = "default",
    scope: Scopes = None,
    requests_per_minute: Rate = None,
    concurrent: Concurrent = None,
    video_minutes_per_month: Quota = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown once and cannot be shown again."""
    video_s = None if video_minutes_per_month is None else 60 * video_minutes_per_month
    limits = KeyLimits(requests_per_minute, concurrent, video_s)
    with _open(data_dir) as store:
        try:
            key, secret = store.keys.create(name, scope or SCOPES, limits)
        except InvalidNameError as wrong:
            raise typer.BadParameter(f"A name has 1 to {wrong.max_length} characters.") from None
        except InvalidScopesError:
            raise typer.BadParameter(f"The scopes are {' and '.join(SCOPES)}.") from None
    if as_json:
        typer.echo(msgspec.json.encode({"key": secret}))
        return
    typer.echo(f"Key {key.id} ({key.name}) for {', '.join(key.scopes)}; it is shown only now:", err=True)
    typer.echo(secret)


@keys_app.command("list")
def list_keys(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the keys, the revoked ones too. The keys themselves are not kept and not shown."""
    with _open(data_dir) as store:
        keys = store.keys.list()
    if as_json:
        typer.echo(msgspec.json.encode(keys))
        return
    console = Console()
    if not console.is_terminal:
        for key in keys:
            typer.echo("\t".join(_row(key)))
        return
    table = Table("id", "name", "scopes", "created", "last used", "revoked", box=None)
    table.columns[2].overflow = "fold"
    for key in keys:
        table.add_row(*_row(key))
    console.print(table)


@keys_app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `keys list` shows it.")],
    data_dir: DataDir = None,
) -> None:
    """Refuse a key from now on."""
    with _open(data_dir) as store:
        if not store.keys.revoke(key_id):
            typer.echo(f"backchannel: there is no key with the id {key_id}.", err=True)
            raise typer.Exit(1)
    typer.echo(f"Key {key_id} is revoked.", err=True)


@keys_app.command("rotate")
def rotate(
    at_once: Annotated[
        bool,
        typer.Option(
            "--at-once", envvar=f"{ENV_PREFIX}AT_ONCE", help="Refuse every client token made so far."
        ),
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Sign client tokens with a new key. Those made so far stay good until they expire, within the hour."""
    with _open(data_dir) as store:
        store.tokens.rotate(at_once=at_once)
    typer.echo("Client tokens are signed with a new key from now on.", err=True)


def _open(data_dir: DataDir) -> Store:
    settings = load_settings(data_dir=data_dir)
    return open_store(settings.data_dir, url=settings.store_url)


def _row(key: ApiKey) -> tuple[str, ...]:
    return (
        key.id,
        key.name,
        " ".join(key.scopes),
        _moment(key.created_at),
        _moment(key.last_used_at),
        _moment(key.revoked_at),
    )


def _moment(moment: datetime | None) -> str:
    return "-" if moment is None else moment.strftime("%Y-%m-%d %H:%MZ")
