"""`backchannel stream`: play a file to a server as if it were live."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.status import Status

from backchannel.cli.files import require_media_file
from backchannel.cli.options import AsJson, IncludeFlags, SegmentSeconds
from backchannel.cli.show import progress, show_message
from backchannel.client import play
from backchannel.config import ENV_PREFIX
from backchannel.protocol import v0

SHOWN_TO_PEOPLE = ("conversation_quality_overall",)

Url = Annotated[str, typer.Option("--url", envvar=f"{ENV_PREFIX}URL", help="The server.")]
Key = Annotated[
    str,
    typer.Option("--key", envvar=f"{ENV_PREFIX}KEY", help="API key; see `keys create`.", show_default=False),
]


def stream(
    file: Annotated[Path, typer.Argument(help="A video, or a sound recording.", show_default=False)],
    key: Key,
    url: Url = "http://127.0.0.1:8000",
    segment: SegmentSeconds = 5.0,
    include: IncludeFlags = None,
    as_json: AsJson = False,
) -> None:
    """Send a file in segments, each when a camera would have finished it, and print the answers."""
    flags = include or (() if as_json else SHOWN_TO_PEOPLE)
    failed = asyncio.run(_stream(require_media_file(file), url, key, segment, flags, as_json))
    if failed:
        raise typer.Exit(1)


async def _stream(
    file: Path, url: str, key: str, segment_s: float, include: Sequence[str], as_json: bool
) -> bool:
    """Return whether every segment failed."""
    # Imported here, since it loads the decoders, which other commands do not need.
    from backchannel.media.cut import cut_file  # noqa: PLC0415

    console = Console(highlight=False)
    completed = False
    with progress(console, "Recording", quiet=as_json) as status:
        async for text in play(cut_file(file, segment_s), url, key, include):
            if as_json:
                typer.echo(text)
            message = _decoded(text)
            if message is None:
                continue
            completed = completed or isinstance(message, v0.Completed)
            if not as_json:
                show_message(console, message)
            _progress(status, message)
    return not completed


def _decoded(text: str) -> v0.Message | None:
    try:
        return v0.decode(text)
    except msgspec.MsgspecError:
        return None  # a newer server may say things that we do not know


def _progress(status: Status, message: v0.Message) -> None:
    match message:
        case v0.Processing():
            status.update(f"Sent segment {message.segment} ({message.bytes / 2**20:.1f} MB); recording")
        case v0.Completed():
            status.update(f"Segment {message.segment} is answered; recording")
