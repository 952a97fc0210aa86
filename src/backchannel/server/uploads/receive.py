"""Takes an upload off its connection: bounded in memory, in number and in time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from backchannel.config import Settings
from backchannel.errors import Problem
from backchannel.protocol.multipart import Form, FormReader, check_length

LINGER_S: Final = 5.0
LINGER_BYTES: Final = 64 * 1024 * 1024


class HeldUploads:
    """Counts the uploads whose bytes this process holds.

    Parameters
    ----------
    limit
        How many it may hold at once; each is up to `max_message_bytes` of memory.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0

    def take(self) -> None:
        """Take a place; to be given back with `give_back`.

        Raises
        ------
        Problem
            ``ih1002`` when there is none.
        """
        if self._held >= self._limit:
            raise Problem(
                "ih1002",
                f"The server holds {self._held} uploads that wait to be analysed, as many as it may. "
                "Send this one again later.",
                retry_after_s=10.0,
            )
        self._held += 1

    def give_back(self) -> None:
        """Give a place back."""
        self._held -= 1

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Hold a place for as long as the block lasts."""
        self.take()
        try:
            yield
        finally:
            self.give_back()


async def receive_form(request: Request, settings: Settings) -> Form:
    """Read a form as it comes.

    Raises
    ------
    Problem
        ``ih4001``, ``ih4003``, ``ih4005``, or ``ih6003`` when the client stalls.
    ClientDisconnect
        It has gone.
    """
    max_file_bytes = settings.max_message_bytes
    check_length(request.headers.get("content-length"), max_file_bytes)
    reader = FormReader(request.headers.get("content-type"), max_file_bytes, request.url.query)
    over_at_s = asyncio.get_running_loop().time() + settings.upload_receive_s
    pieces = request.stream()
    while True:
        idle_at_s = asyncio.get_running_loop().time() + settings.upload_idle_s
        try:
            async with asyncio.timeout_at(min(idle_at_s, over_at_s)):
                piece = await anext(pieces, None)
        except TimeoutError:
            raise Problem("ih6003", "The upload stalled before all of it had come. Send it again.") from None
        if piece is None:
            request.state.body_read = True
            return reader.finish()
        reader.feed(piece)


class LingeringResponse(Response):
    """An answer to a request whose body was not read to its end.

    A connection that closes while the client is still sending is reset, and then the client may never see the
    answer. So the server discards the rest of the body for a while before it closes.
    """

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.body, answer.status_code)
        self.raw_headers = [*answer.raw_headers, (b"connection", b"close")]

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then wait until the client has sent the rest, or gives up, or too much comes."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                await _throw_away(receive)
        await send({"type": "http.response.body", "body": b""})


def lingering(request: Request, answer: Response) -> Response:
    """Answer so that it arrives, whether or not the request was read to its end."""
    return answer if getattr(request.state, "body_read", False) else LingeringResponse(answer)


async def _throw_away(receive: Receive) -> None:
    thrown = 0
    while thrown < LINGER_BYTES:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
        thrown += len(message.get("body", b""))


async def gone(request: Request) -> None:
    """Wait until the client of a request that was read to its end has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
