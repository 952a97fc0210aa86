"""Plays a file to a v2 stream and prints its events."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.live import Live

from backchannel.cli.escape import escaped
from backchannel.cli.stream_display import (
    StreamStatus,
    closing_lines,
    lines_of_event,
    reconnection,
    status_line,
)
from backchannel.client.events import EventClient, Received, Reconnected
from backchannel.client.v0 import TimedMedia

SHOWN_TO_PEOPLE = ("conversation_quality_overall", "evidence", "summary")
"""With evidence the server also reports its progress, which the status line shows."""
MIN_LAST_S = 0.25
"""A last piece shorter than this is joined to the one before it, s."""


async def follow_events(
    file: Path, url: str, key: str, segment_s: float, include: Sequence[str] | None, *, as_json: bool
) -> bool:
    """Play a file, print events as they arrive, and return whether anything was analysed.

    Raises
    ------
    backchannel.client.v0.ClientError
        The server cannot be reached, refused the stream, or stayed away after a lost connection.
    backchannel.errors.Problem
        The file cannot be played.
    """
    # Imported here because it loads the decoders, which other commands do not need.
    from backchannel.client.cut import cut_file  # noqa: PLC0415

    flags = include or (() if as_json else SHOWN_TO_PEOPLE)
    printed = Console(highlight=False)
    status, sent_s = StreamStatus(), 0.0
    with _display(printed, quiet=as_json) as show:

        def sent(until_s: float) -> None:
            nonlocal sent_s
            sent_s = until_s
            show(status, sent_s)

        async with EventClient(url, key, include=flags) as client:
            async for event in _play(client, cut_file(file, segment_s, MIN_LAST_S), sent):
                status = status.after(event)
                _print(printed, event, as_json=as_json)
                show(status, sent_s)
    if not as_json:
        for line in closing_lines(status):
            printed.print(line, soft_wrap=True)
    return status.answers > 0 or not status.refusals


@contextmanager
def _display(printed: Console, *, quiet: bool) -> Iterator[Callable[[StreamStatus, float], None]]:
    """Keep a status line at the bottom of the terminal, if there is one; it is removed however this ends."""
    watched = printed if printed.is_terminal else Console(stderr=True)
    if quiet or not watched.is_terminal:
        yield lambda _status, _sent_s: None
        return
    with Live(console=watched, transient=True, auto_refresh=False) as live:
        yield lambda status, sent_s: live.update(status_line(status, sent_s), refresh=True)


def _print(printed: Console, event: Received | Reconnected, *, as_json: bool) -> None:
    if not as_json:
        for line in lines_of_event(event):
            printed.print(line, soft_wrap=True)
    elif isinstance(event, Received):
        typer.echo(msgspec.json.encode(event))
    else:
        typer.echo(escaped(reconnection(event)), err=True)


async def _play(
    client: EventClient, media: Iterator[TimedMedia], sent: Callable[[float], None]
) -> AsyncIterator[Received | Reconnected]:
    """Send each piece when a live recorder would have finished it; yield every event as it arrives."""
    sending = asyncio.create_task(_send_all(client, media, sent))
    try:
        async for event in client:
            yield event
        await sending
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _send_all(client: EventClient, media: Iterator[TimedMedia], sent: Callable[[float], None]) -> None:
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    recorded_s = 0.0
    try:
        while (piece := await asyncio.to_thread(next, media, None)) is not None:
            recorded_s += piece.duration_s
            await asyncio.sleep(begun_s + recorded_s - loop.time())
            await client.send(piece.data)
            sent(recorded_s)
    finally:
        # Also after a fault in the file: the session ends properly before the fault is reported.
        await client.finish()
