import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from backchannel.client.v0 import ClientError, play, stream_url

PROCESSING = '{"status":"processing","segment":%d,"correlation_id":"x","bytes":5}'
COMPLETED = '{"status":"completed","segment":%d,"correlation_id":"x","mood":"new field"}'
FAILED = (
    '{"status":"error","segment":%d,"correlation_id":"x","error_id":"ih5004","link":"","message":"No.",'
    '"retryable":false}'
)
Handler = Callable[[ServerConnection], Awaitable[None]]


@dataclass(frozen=True)
class Piece:
    data: bytes = b"media"
    duration_s: float = 0.01


@pytest.mark.parametrize(
    ("url", "include", "expected"),
    [
        ("http://here:8000", (), "ws://here:8000/v0/stream/analyze"),
        ("https://here/", (), "wss://here/v0/stream/analyze"),
        ("here:8000", (), "ws://here:8000/v0/stream/analyze"),
        ("ws://here/prefix/v0/stream/analyze", (), "ws://here/prefix/v0/stream/analyze"),
        ("http://[::1]:8000", ("evidence",), "ws://[::1]:8000/v0/stream/analyze?include%5B%5D=evidence"),
        ("http://here/x?a=1", ("b", "c"), "ws://here/x?a=1&include%5B%5D=b&include%5B%5D=c"),
    ],
)
def test_stream_addresses(url: str, include: tuple[str, ...], expected: str) -> None:
    assert stream_url(url, include) == expected


@pytest.mark.parametrize("url", ["", "ftp://here", "http://"])
def test_invalid_addresses(url: str) -> None:
    with pytest.raises(ClientError, match="not the address"):
        stream_url(url)


def messages(handler: Handler, media: Iterator[Piece], refuse: Response | None = None) -> list[str]:
    """Return what `play` yields from a server with this handler."""

    def refused(_connection: ServerConnection, _request: Request) -> Response | None:
        return refuse

    async def scenario() -> list[str]:
        async with asyncio.timeout(20), serve(handler, "127.0.0.1", 0, process_request=refused) as server:
            port = server.sockets[0].getsockname()[1]
            return [text async for text in play(media, f"http://127.0.0.1:{port}", "key")]

    return asyncio.run(scenario())


async def answering(connection: ServerConnection) -> None:
    number = 0
    async for _ in connection:
        number += 1
        await connection.send(PROCESSING % number)
        await connection.send((FAILED if number == 2 else COMPLETED) % number)


def test_all_messages_are_yielded_until_the_last_segment_is_answered() -> None:
    received = messages(answering, iter([Piece(), Piece(), Piece()]))
    assert received == [
        PROCESSING % 1,
        COMPLETED % 1,
        PROCESSING % 2,
        FAILED % 2,
        PROCESSING % 3,
        COMPLETED % 3,
    ]


def test_unknown_messages_are_yielded_too() -> None:
    async def chatty(connection: ServerConnection) -> None:
        await connection.send('{"status":"news"}')
        await answering(connection)

    assert messages(chatty, iter([Piece()]))[0] == '{"status":"news"}'


def test_segments_are_sent_in_real_time() -> None:
    async def scenario() -> float:
        async with serve(answering, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            began_s = asyncio.get_running_loop().time()
            media = iter([Piece(duration_s=0.2), Piece(duration_s=0.1)])
            async for _ in play(media, f"http://127.0.0.1:{port}", "key"):
                pass
            return asyncio.get_running_loop().time() - began_s

    assert 0.3 <= asyncio.run(scenario()) < 3


def test_a_refusal_reports_the_servers_message() -> None:
    body = (
        b'{"error_id":"ih2001","correlation_id":"x","link":"","message":"The key is not known.",'
        b'"retryable":false}'
    )
    for content, expected in ((body, r"The key is not known\. \(ih2001\)"), (b"?", "HTTP status 401")):
        headers = Headers({"Content-Length": str(len(content)), "Connection": "close"})
        refusal = Response(HTTPStatus.UNAUTHORIZED, "Unauthorized", headers, content)
        with pytest.raises(ClientError, match=expected):
            messages(answering, iter([Piece()]), refusal)


def test_an_early_disconnect_is_an_error() -> None:
    async def leaving(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(1013)

    async def leaving_politely(connection: ServerConnection) -> None:
        await connection.recv()

    with pytest.raises(ClientError, match="1013"):
        messages(leaving, iter([Piece()]))
    with pytest.raises(ClientError, match="before it answered every segment"):
        messages(leaving_politely, iter([Piece()]))


def test_an_error_of_the_media_iterator_ends_the_session() -> None:
    def breaking() -> Iterator[Piece]:
        yield Piece()
        raise ValueError("broken film")

    with pytest.raises(ValueError, match="broken film"):
        messages(answering, breaking())


def test_no_server_answers() -> None:
    async def scenario() -> None:
        async for _ in play(iter([Piece()]), "http://127.0.0.1:1", "key"):
            pass

    with pytest.raises(ClientError, match=r"No server answers at 127\.0\.0\.1:1"):
        asyncio.run(scenario())
