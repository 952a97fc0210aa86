"""A small v0 client: sends segments to a server in real time and yields its messages."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from backchannel.protocol import v0
from backchannel.protocol.errors import ErrorBody

STREAM_PATH: Final = "/v0/stream/analyze"


class ClientError(Exception):
    """The server cannot be reached, refused, or disconnected. The message is one plain sentence."""


class RefusedError(ClientError):
    """The server refused. A new attempt would fail too."""


class TimedMedia(Protocol):
    """A segment with its duration."""

    @property
    def data(self) -> bytes:
        """A complete file."""
        ...

    @property
    def duration_s(self) -> float:
        """Its duration, s."""
        ...


def stream_url(url: str, include: Sequence[str] = (), path: str = STREAM_PATH) -> str:
    """Return the WebSocket address of a stream.

    Parameters
    ----------
    url
        Address of the server: http, https, ws, wss or no scheme, with or without the stream's path.
    include
        Flags of `include[]`.
    path
        Path of the stream if `url` has none.

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
    flags = urlencode([("include[]", flag) for flag in include])
    if given_path not in {"", "/"}:
        path = given_path
    return urlunsplit((schemes[scheme], host, path, "&".join(filter(None, (query, flags))), ""))


@asynccontextmanager
async def open_stream(
    url: str, key: str, include: Sequence[str] = (), path: str = STREAM_PATH
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
    address = stream_url(url, include, path)
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
        raise RefusedError(_reason(refusal.response.status_code, refusal.response.body)) from None
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI, EOFError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise ClientError(
            f"No server answers at {urlsplit(address).netloc} ({why}). "
            "Start one with `backchannel serve`, or check the address."
        ) from None
    async with connection:
        yield connection


async def play(
    media: Iterator[TimedMedia], url: str, key: str, include: Sequence[str] = ()
) -> AsyncIterator[str]:
    """Send segments in real time, as a live recorder would, and yield every message of the server.

    Parameters
    ----------
    media
        Segments in order. The iterator runs in a thread, so it may take time to make a segment.
    url, key, include
        See `open_stream`.

    Yields
    ------
    str
        Messages as the server sent them. The last one answers the last segment.

    Raises
    ------
    ClientError
        If the server cannot be reached, refuses, or disconnects before it answered every segment.

    See Also
    --------
    backchannel.client.cut.cut_file : Makes segments from a file.
    backchannel.client.events.EventClient : Sends chunks to a v2 stream.

    Examples
    --------
    `url` is the address of a server, `key` an API key, and `segments` an iterator such as that of `cut_file`:

    >>> async def follow():
    ...     return [v0.decode(text) async for text in play(segments, url, key)]
    >>> [type(message).__name__ for message in asyncio.run(follow())]
    ['Processing', 'Result', 'Completed']
    """
    tally = _Tally()
    async with open_stream(url, key, include) as connection:
        sending = asyncio.create_task(_send_all(connection, media, tally))
        try:
            async for text in connection:
                yield str(text)
                tally.answered += _answers(str(text))
                if tally.complete:
                    return
        except ConnectionClosed as closed:
            raise ClientError(
                f"The server ended the connection ({_close_reason(closed)}). Try again."
            ) from None
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
    if tally.fault is not None:
        raise tally.fault
    if not tally.complete:
        raise ClientError("The server ended the session before it answered every segment. Try again.")


@dataclass(slots=True)
class _Tally:
    """State shared by the sending and the receiving task.

    Attributes
    ----------
    answered
        The number of segments with their last message.
    total
        The number of segments. None until the last one is sent.
    fault
        The exception that stopped the media iterator, if any.
    """

    answered: int = 0
    total: int | None = None
    fault: Exception | None = None

    @property
    def complete(self) -> bool:
        return self.total is not None and self.answered >= self.total


async def _send_all(connection: ClientConnection, media: Iterator[TimedMedia], tally: _Tally) -> None:
    """Send every segment on time. Close the connection if no more answers can come."""
    loop = asyncio.get_running_loop()
    count, recorded_s = 0, loop.time()
    try:
        while (segment := await asyncio.to_thread(next, media, None)) is not None:
            recorded_s += segment.duration_s
            await asyncio.sleep(recorded_s - loop.time())
            await connection.send(segment.data)
            count += 1
        tally.total = count
    except ConnectionClosed:
        return  # The receiving task sees it too.
    except Exception as fault:
        tally.fault = fault
    if tally.complete or tally.fault is not None:
        await connection.close()


def _answers(text: str) -> bool:
    """Whether this message is the last one about a segment."""
    try:
        message = v0.decode(text)
    except msgspec.MsgspecError:
        return False
    return isinstance(message, v0.Completed) or (
        isinstance(message, v0.Error) and message.segment is not None
    )


def _reason(status: int, body: bytes | bytearray | None) -> str:
    try:
        error = msgspec.json.decode(body or b"", type=ErrorBody)
    except msgspec.MsgspecError:
        return f"The server refused with HTTP status {status}."
    return f"{error.message} ({error.error_id})"


def _close_reason(closed: ConnectionClosed) -> str:
    return f"close code {closed.rcvd.code}" if closed.rcvd is not None else "without a close code"


def _is_here(address: str) -> bool:
    """Whether the server is on this machine, which no proxy can reach."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
