"""Reads a request's body whole, up to a size and within a time."""

import asyncio

from starlette.requests import Request

from backchannel.errors import Problem


async def read_whole(request: Request, max_bytes: int) -> bytes:
    """Return the body.

    Raises
    ------
    Problem
        ``ih4003`` when it is larger, ``ih6003`` when it stalls.
    """
    data = bytearray()
    try:
        async with asyncio.timeout(request.app.state.services.settings.upload_idle_s):
            async for piece in request.stream():
                data += piece
                if len(data) > max_bytes:
                    break
    except TimeoutError:
        raise Problem("ih6003", "The request stalled before all of it had come. Send it again.") from None
    if len(data) > max_bytes:
        raise Problem("ih4003", f"The body has more than {max_bytes} bytes.")
    request.state.body_read = True
    return bytes(data)
