"""A small v0 client: sends segments to a server in real time and yields its messages."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

from backchannel.client.player import ClientError, Player, RefusedError, TimedMedia
from backchannel.protocol.errors import ErrorBody
from backchannel.protocol.paths import STREAM_V0

RETRY_AFTER_S: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)
"""Pauses before each attempt to reconnect. After the last one the client gives up."""

__all__ = ["ClientError", "RefusedError", "TimedMedia", "open_stream", "play", "stream_url"]


def stream_url(
    url: str, include: Sequence[str] = (), path: str = STREAM_V0, resume: Sequence[tuple[str, str]] = ()
) -> str:
    """Return the WebSocket address of a stream.

    Parameters
    ----------
    url
        Address of the server: http, https, ws, wss or no scheme, with or without the stream's path.
    include
        Flags of `include[]`.
    path
        Path of the stream if `url` has none.
    resume
        Further parameters, for a session that can be resumed.

    Raises
    ------
    ClientError
        If `url` is not an address.

    Examples
    --------
    >>> stream_url("https://host", include=["evidence"])
    'wss://host/v0/stream/analyze?include%5B%5D=evidence'
    """
    scheme, host, given_path, query, _ = urlsplit(url if "://" in url else f"ws://{url}")
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    if scheme not in schemes or not host:
        raise ClientError(f"{url} is not the address of a server. Try http://127.0.0.1:8000.")
    flags = urlencode([*(("include[]", flag) for flag in include), *resume])
    if given_path not in {"", "/"}:
        path = given_path
    return urlunsplit((schemes[scheme], host, path, "&".join(filter(None, (query, flags))), ""))


@asynccontextmanager
async def open_stream(
    url: str,
    key: str,
    include: Sequence[str] = (),
    path: str = STREAM_V0,
    resume: Sequence[tuple[str, str]] = (),
) -> AsyncIterator[ClientConnection]:
    """Open a session.

    Parameters
    ----------
    url
        Address of the server.
    key
        API key or client token.
    include
        Flags of `include[]`.
    path
        Path of the stream if `url` has none.
    resume
        See `stream_url`.

    Yields
    ------
    ClientConnection
        The open connection.

    Raises
    ------
    RefusedError
        If the server refuses.
    ClientError
        If the server cannot be reached.

    See Also
    --------
    play : Also sends segments and waits for their answers.
    """
    address = stream_url(url, include, path, resume)
    try:
        connection = await connect(
            address,
            additional_headers={"Authorization": f"Bearer {key}"},
            compression=None,
            max_size=None,
            # A server that applies back-pressure does not read pings either.
            ping_timeout=None,
            proxy=None if _is_here(address) else True,
        )
    except InvalidStatus as refusal:
        status, body = refusal.response.status_code, refusal.response.body
        # Above 500, a server or a proxy is on its way up or down.
        kind = ClientError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else RefusedError
        raise kind(_reason(status, body)) from None
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI, EOFError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise ClientError(
            f"No server answers at {urlsplit(address).netloc} ({why}). "
            "Start one with `backchannel serve`, or check the address."
        ) from None
    async with connection:
        yield connection


async def play(
    media: Iterator[TimedMedia],
    url: str,
    key: str,
    include: Sequence[str] = (),
    retry_after_s: Sequence[float] = RETRY_AFTER_S,
) -> AsyncIterator[str]:
    """Send segments in real time, as a live recorder would, and yield every message of the server.

    After a lost connection it reconnects, resumes the session, and sends again what the server does not have.

    Parameters
    ----------
    media
        Segments in order. The iterator runs in a thread, so it may take time to make a segment.
    url, key, include
        See `open_stream`.
    retry_after_s
        Pauses before each attempt to reconnect, s. Empty means never.

    Yields
    ------
    str
        Messages as the server sent them, each once. The last one answers the last segment.

    Raises
    ------
    ClientError
        If the server cannot be reached, refuses, or stays away before it answered every segment.

    See Also
    --------
    backchannel.client.cut.cut_file : Makes segments from a file.
    backchannel.client.events.EventClient : Sends chunks to a v2 stream.

    Examples
    --------
    `url` is the address of a server, `key` an API key, and `segments` an iterator such as that of `cut_file`:

    >>> from backchannel.protocol import v0
    >>> async def follow():
    ...     return [v0.decode(text) async for text in play(segments, url, key)]
    >>> [type(message).__name__ for message in asyncio.run(follow())]
    ['Processing', 'Result', 'Completed']
    """
    player = Player(media)
    pauses, begun = iter(retry_after_s), False
    try:
        while not player.complete:
            try:
                async with open_stream(url, key, include, resume=player.query) as connection:
                    begun = True
                    async for text in player.follow(connection):
                        yield text
                        pauses = iter(retry_after_s)
            except RefusedError:
                raise
            except ClientError:
                if not begun:
                    raise
            if not player.complete:
                await asyncio.sleep(player.pause_s(pauses))
    finally:
        await player.stop()


def _reason(status: int, body: bytes | bytearray | None) -> str:
    try:
        error = msgspec.json.decode(body or b"", type=ErrorBody)
    except msgspec.MsgspecError:
        return f"The server refused with HTTP status {status}."
    return f"{error.message} ({error.error_id})"


def _is_here(address: str) -> bool:
    """Whether the server is on this machine, which no proxy can reach."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
