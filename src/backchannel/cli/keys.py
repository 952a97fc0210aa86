"""`backchannel keys`: make, list and revoke API keys."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backchannel.cli.escape import escaped, table_cell
from backchannel.cli.key_store import opened_store
from backchannel.cli.options import AsJson, DataDir, PolicyChoice, policy_option
from backchannel.config import ENV_PREFIX
from backchannel.store import SCOPES, ApiKey, KeyLimits
from backchannel.store.refusals import InvalidNameError, InvalidScopesError

keys_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Manage API keys and the secret that signs client tokens.",
)

Name = Annotated[
    str, typer.Option("--name", envvar=f"{ENV_PREFIX}NAME", help="A name to recognise the key by.")
]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        envvar=f"{ENV_PREFIX}SCOPE",
        help=f"What the key may do: {', '.join(SCOPES)}. Repeat for several. [default: all]",
        show_default=False,
    ),
]
Rate = Annotated[
    float | None,
    typer.Option(
        "--requests-per-minute",
        envvar=f"{ENV_PREFIX}KEY_REQUESTS_PER_MINUTE",
        min=0.1,
        help="Requests a minute. [default: the server's setting]",
    ),
]
Concurrent = Annotated[
    int | None,
    typer.Option(
        "--concurrent",
        envvar=f"{ENV_PREFIX}KEY_CONCURRENT",
        min=1,
        help="Sessions and uploads at the same time. [default: the server's setting]",
    ),
]
Quota = Annotated[
    float | None,
    typer.Option(
        "--video-minutes-per-month",
        envvar=f"{ENV_PREFIX}KEY_VIDEO_MINUTES_PER_MONTH",
        min=0.1,
        help="Minutes of video in a calendar month. [default: the server's setting]",
    ),
]
NoWords = Annotated[
    bool,
    typer.Option(
        "--no-words",
        envvar=f"{ENV_PREFIX}KEY_NO_WORDS",
        help="Never listen for words in this key's media, whatever the server's setting.",
    ),
]
KeyPolicy = Annotated[PolicyChoice | None, policy_option("KEY_POLICY", "the server's setting")]


_HEADINGS: Final = ("id", "name", "scopes", "created", "last used", "revoked", "policy", "words")


@keys_app.command("create")
def create(
    name: Name = "default",
    scope: Scopes = None,
    requests_per_minute: Rate = None,
    concurrent: Concurrent = None,
    video_minutes_per_month: Quota = None,
    policy: KeyPolicy = None,
    no_words: NoWords = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key and print it. It cannot be shown again."""
    video_s = None if video_minutes_per_month is None else 60 * video_minutes_per_month
    limits = KeyLimits(requests_per_minute, concurrent, video_s)
    if not _is_text(name):
        raise typer.BadParameter("The name has bytes that are not text.", param_hint="--name")
    with opened_store(data_dir, quiet=as_json) as store:
        try:
            key, secret = store.keys.create(
                name,
                scope or SCOPES,
                limits,
                None if policy is None else policy.policy,
                False if no_words else None,
            )
        except InvalidNameError as wrong:
            raise typer.BadParameter(f"A name has 1 to {wrong.max_length} characters.") from None
        except InvalidScopesError:
            raise typer.BadParameter(f"The scopes are {', '.join(SCOPES)}.") from None
    if as_json:
        typer.echo(msgspec.json.encode({"key": secret}))
        return
    made = f"Made key {key.id} ({escaped(key.name)}) for {', '.join(key.scopes)}. It cannot be shown again."
    typer.echo(made, err=True)
    typer.echo(secret)


@keys_app.command("list")
def list_keys(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List all keys, including revoked ones. The keys themselves are not stored."""
    with opened_store(data_dir, quiet=as_json) as store:
        keys = store.keys.list()
    if as_json:
        typer.echo(msgspec.json.encode(keys))
        return
    console = Console()
    if not console.is_terminal:
        for cells in (_HEADINGS, *map(_row, keys)):
            typer.echo("\t".join(cells))
        return
    table = Table(*_HEADINGS, box=None)
    for column in table.columns:
        column.overflow = "fold"
    table.columns[0].no_wrap = table.columns[2].no_wrap = True
    for key in keys:
        table.add_row(*(Text(cell) for cell in _row(key, scopes_by="\n")))
    console.print(table)


@keys_app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="Its id in `keys list`.")],
    data_dir: DataDir = None,
) -> None:
    """Revoke a key: the server refuses it from now on."""
    with opened_store(data_dir) as store:
        if not store.keys.revoke(key_id):
            missing = f"This store has no key with the id {escaped(key_id)}. `keys list` shows them."
            typer.echo(f"backchannel: {missing}", err=True)
            raise typer.Exit(1)
    typer.echo(f"Revoked key {key_id}.", err=True)


@keys_app.command("rotate")
def rotate(
    at_once: Annotated[
        bool,
        typer.Option(
            "--at-once", envvar=f"{ENV_PREFIX}AT_ONCE", help="Also refuse every client token made so far."
        ),
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Sign client tokens with a new secret.

    Tokens made so far stay valid until they expire, within an hour. API keys do not change.
    """
    with opened_store(data_dir) as store:
        store.tokens.rotate(at_once=at_once)
    refused = " Tokens made so far are refused." if at_once else ""
    typer.echo(f"Client tokens are now signed with a new secret.{refused}", err=True)


def _is_text(name: str) -> bool:
    """Whether the name is Unicode; an argument of other bytes arrives as surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _row(key: ApiKey, scopes_by: str = " ") -> tuple[str, ...]:
    return (
        key.id,
        table_cell(key.name),
        scopes_by.join(key.scopes),
        _moment(key.created_at),
        _moment(key.last_used_at),
        _moment(key.revoked_at),
        key.policy or "-",
        "off" if key.words is False else "-",
    )


def _moment(moment: datetime | None) -> str:
    return "-" if moment is None else moment.strftime("%Y-%m-%d %H:%MZ")
