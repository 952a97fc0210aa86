"""Read the whole body of a request, with limits on its size and on the time."""

import asyncio

from starlette.requests import Request

from backchannel.errors import Problem


async def read_whole(request: Request, max_bytes: int) -> bytes:
    """Return the body of a request.

    Parameters
    ----------
    request
        The request.
    max_bytes
        Largest body, inclusive.

    Raises
    ------
    Problem
        ``ih4003`` if the body is too large, ``ih6003`` if the client stops sending.
    """
    data = bytearray()
    try:
        async with asyncio.timeout(request.app.state.services.settings.upload_idle_s):
            async for piece in request.stream():
                data += piece
                if len(data) > max_bytes:
                    break
    except TimeoutError:
        raise Problem("ih6003", "The request stalled before it was complete. Send it again.") from None
    if len(data) > max_bytes:
        raise Problem("ih4003", f"The body is too large. The limit is {max_bytes} bytes.")
    request.state.body_read = True
    return bytes(data)
