"""A small v0 client: plays segments to a server at the pace of life and hands back what it says."""

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
    """The server cannot be reached, refused, or left. The message is one plain sentence."""


class RefusedError(ClientError):
    """The server would not have us; asking again changes nothing."""


class TimedMedia(Protocol):
    """A segment and how long it plays."""

    @property
    def data(self) -> bytes:
        """A complete file."""
        ...

    @property
    def duration_s(self) -> float:
        """Its length, s."""
        ...


def stream_url(url: str, include: Sequence[str] = (), path: str = STREAM_PATH) -> str:
    """Make the WebSocket address from a server's address, of whatever scheme, with or without the path.

    Raises
    ------
    ClientError
        It is no address.
    """
    scheme, host, given_path, query, _ = urlsplit(url if "://" in url else f"ws://{url}")
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    if scheme not in schemes or not host:
        raise ClientError(f"{url} is not the address of a server; try http://127.0.0.1:8000.")
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
        The server.
    key
        API key.
    include
        Flags of `include[]`.
    path
        Where the stream is, if `url` does not say.

    Raises
    ------
    RefusedError
        The server refused.
    ClientError
        The server cannot be reached.
    """
    address = stream_url(url, include, path)
    try:
        connection = await connect(
            address,
            additional_headers={"Authorization": f"Bearer {key}"},
            compression=None,
            max_size=None,
            # A server that holds us back does not read our pings either.
            ping_timeout=None,
            proxy=None if _is_here(address) else True,
        )
    except InvalidStatus as refusal:
        raise RefusedError(_reason(refusal.response.status_code, refusal.response.body)) from None
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI, EOFError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise ClientError(f"No server answers at {urlsplit(address).netloc} ({why}).") from None
    async with connection:
        yield connection


async def play(
    media: Iterator[TimedMedia], url: str, key: str, include: Sequence[str] = ()
) -> AsyncIterator[str]:
    """Send each segment when a live recorder would have finished it; yield every message as it comes.

    Parameters
    ----------
    media
        Segments, in order. Taken from it in a thread, so that making one may take its time.
    url, key, include
        See `open_stream`.

    Yields
    ------
    str
        Messages as the server wrote them; the last one answers the last segment.

    Raises
    ------
    ClientError
        The server cannot be reached, refused, or left before everything was answered.
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
            raise ClientError(f"The server ended the connection ({_close_reason(closed)}).") from None
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
    if tally.fault is not None:
        raise tally.fault
    if not tally.complete:
        raise ClientError("The server ended the session before everything was answered.")


@dataclass(slots=True)
class _Tally:
    """What sending and listening tell each other.

    Attributes
    ----------
    answered
        Segments that had their last message.
    total
        How many segments there were; None until the last one is sent.
    fault
        Why there are no more segments, if that was not the end of them.
    """

    answered: int = 0
    total: int | None = None
    fault: Exception | None = None

    @property
    def complete(self) -> bool:
        return self.total is not None and self.answered >= self.total


async def _send_all(connection: ClientConnection, media: Iterator[TimedMedia], tally: _Tally) -> None:
    """Send everything in its time. Closes the connection itself if nothing is left to listen for."""
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
        return  # whoever listens has seen it too
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
    return f"close code {closed.rcvd.code}" if closed.rcvd is not None else "without a word"


def _is_here(address: str) -> bool:
    """Whether the server is on this machine, where no proxy could find it."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
