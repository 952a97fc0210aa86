"""`backchannel stream`: stream a file to a server in real time."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.status import Status

from backchannel.cli.files import require_media_file
from backchannel.cli.follow import follow_events
from backchannel.cli.options import AsJson, IncludeFlags, SegmentSeconds
from backchannel.cli.show import progress, show_message
from backchannel.client.v0 import play
from backchannel.config import ENV_PREFIX, SettingsError
from backchannel.protocol import v0

SHOWN_TO_PEOPLE = ("conversation_quality_overall",)
MIN_V0_SEGMENT_S = 3.0
"""The published minimum of v0 (wire contract, section 2)."""


class Protocol(StrEnum):
    """Versions of the stream protocol."""

    V2 = "v2"
    V0 = "v0"


DEFAULT_SEGMENT_S = {Protocol.V2: 1.0, Protocol.V0: 5.0}

Url = Annotated[str, typer.Option("--url", envvar=f"{ENV_PREFIX}URL", help="Address of the server.")]
Key = Annotated[
    str,
    typer.Option(
        "--key",
        envvar=f"{ENV_PREFIX}KEY",
        help="API key; make one with `backchannel keys create`.",
        show_default=False,
    ),
]
ProtocolName = Annotated[
    Protocol,
    typer.Option(
        "--protocol",
        envvar=f"{ENV_PREFIX}PROTOCOL",
        help="v2 reports events as they happen; v0 answers segment by segment.",
    ),
]


def stream(
    file: Annotated[Path, typer.Argument(help="A video or sound file.", show_default=False)],
    key: Key,
    url: Url = "http://127.0.0.1:8000",
    protocol: ProtocolName = Protocol.V2,
    segment: SegmentSeconds = None,
    include: IncludeFlags = None,
    as_json: AsJson = False,
) -> None:
    """Stream a file to a server in real time, as a camera would.

    Prints events as they arrive. The exit code is 1 if nothing could be analysed.
    """
    segment_s = segment or DEFAULT_SEGMENT_S[protocol]
    if protocol is Protocol.V0 and segment_s < MIN_V0_SEGMENT_S:
        raise SettingsError(f"--segment {segment_s:g} is too short. v0 takes segments of 3 s or longer.")
    media = require_media_file(file)
    if protocol is Protocol.V2:
        answered = asyncio.run(follow_events(media, url, key, segment_s, include, as_json=as_json))
    else:
        flags = include or (() if as_json else SHOWN_TO_PEOPLE)
        answered = asyncio.run(_stream_v0(media, url, key, segment_s, flags, as_json))
    if not answered:
        raise typer.Exit(1)


async def _stream_v0(
    file: Path, url: str, key: str, segment_s: float, include: Sequence[str], as_json: bool
) -> bool:
    """Return whether any segment was answered."""
    # Imported here because it loads the decoders, which other commands do not need.
    from backchannel.client.cut import cut_file  # noqa: PLC0415

    console = Console(highlight=False)
    completed = False
    with progress(console, "Streaming", quiet=as_json) as status:
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
    return completed


def _decoded(text: str) -> v0.Message | None:
    try:
        return v0.decode(text)
    except msgspec.MsgspecError:
        return None  # a newer server may send messages that we do not know


def _progress(status: Status, message: v0.Message) -> None:
    match message:
        case v0.Processing():
            status.update(f"Sent segment {message.segment} ({message.bytes / 2**20:.1f} MB)")
        case v0.Completed():
            status.update(f"Segment {message.segment} is answered")
