"""Plays a file to a v2 stream and follows what it tells."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.live import Live

from backchannel.cli.hearing import Hearing, closing_lines, lines_of, panel
from backchannel.client.events import EventClient, Received, Reconnected
from backchannel.client.v0 import TimedMedia

SHOWN_TO_PEOPLE = ("conversation_quality_overall", "evidence")
"""Evidence brings with it from what each piece was measured, which the display tells."""
MIN_LAST_S = 0.25
"""A shorter rest of the file goes with the piece before it, s."""


async def follow_events(
    file: Path, url: str, key: str, segment_s: float, include: Sequence[str] | None, *, as_json: bool
) -> bool:
    """Play a file, print events as they come, and return whether anything was analysed.

    Raises
    ------
    backchannel.client.v0.ClientError
        The server cannot be reached, refused, or was given up.
    backchannel.errors.Problem
        The file cannot be played.
    """
    # Imported here, since it loads the decoders, which other commands do not need.
    from backchannel.client.cut import cut_file  # noqa: PLC0415

    flags = include or (() if as_json else SHOWN_TO_PEOPLE)
    printed = Console(highlight=False)
    hearing, sent_s = Hearing(), 0.0
    with _display(printed, quiet=as_json) as show:

        def sent(until_s: float) -> None:
            nonlocal sent_s
            sent_s = until_s
            show(hearing, sent_s)

        async with EventClient(url, key, include=flags) as client:
            async for event in _play(client, cut_file(file, segment_s, MIN_LAST_S), sent):
                hearing = hearing.after(event)
                _print(printed, event, as_json=as_json)
                show(hearing, sent_s)
    if not as_json:
        for line in closing_lines(hearing):
            printed.print(line, soft_wrap=True)
    return hearing.answers > 0 or not hearing.refusals


@contextmanager
def _display(printed: Console, *, quiet: bool) -> Iterator[Callable[[Hearing, float], None]]:
    """Keep a line at the bottom of the terminal, if there is one; it is gone in the end, however it ends."""
    watched = printed if printed.is_terminal else Console(stderr=True)
    if quiet or not watched.is_terminal:
        yield lambda _hearing, _sent_s: None
        return
    with Live(console=watched, transient=True, auto_refresh=False) as live:
        yield lambda hearing, sent_s: live.update(panel(hearing, sent_s), refresh=True)


def _print(printed: Console, event: Received | Reconnected, *, as_json: bool) -> None:
    if not as_json:
        for line in lines_of(event):
            printed.print(line, soft_wrap=True)
    elif isinstance(event, Received):
        typer.echo(msgspec.json.encode(event))
    else:
        typer.echo(f"Connected again ({event.reason}); a new session.", err=True)


async def _play(
    client: EventClient, media: Iterator[TimedMedia], sent: Callable[[float], None]
) -> AsyncIterator[Received | Reconnected]:
    """Send each piece when a live recorder would have finished it; yield every event as it comes."""
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
        # Also when the file cannot be played on: the session ends in good order, and then the fault is told.
        await client.finish()
