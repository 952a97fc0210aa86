"""Admission of a stream, after that of the request: a free place, and an engine with time for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from starlette.websockets import WebSocket

from backchannel.errors import Problem
from backchannel.media.stream.container import detect_container
from backchannel.server.access.auth import Principal
from backchannel.server.access.limits import FULL_RETRY_AFTER_S
from backchannel.server.responses import problem_response
from backchannel.server.services import Services
from backchannel.server.shutdown import stopping
from backchannel.values import Segment

UNAUTHORISED: Final = 401

log = structlog.get_logger(__name__)


@asynccontextmanager
async def place(services: Services, principal: Principal, *, resumed: bool = False) -> AsyncIterator[str]:
    """Hold a place for one stream; yields its id.

    Parameters
    ----------
    resumed
        The stream was there before; only newcomers are refused because of the load.

    Raises
    ------
    Problem
        ``ih1003`` when nothing can be analysed, when there is too much to analyse already, when the
        server is stopping, or while the store is down; ``ih3002`` when the key has no place left.
    """
    if services.engine.failed:
        raise Problem("ih1003", "The server cannot analyse anything at the moment.", retry_after_s=30.0)
    if services.shutdown.begun:
        raise stopping()
    if services.engine.overloaded and not resumed:
        raise Problem(
            "ih1003",
            "The server has more to analyse than it can at the moment, and takes on no new stream. Try again "
            "later, or on another server.",
            retry_after_s=FULL_RETRY_AFTER_S,
        )
    with services.limits.stream():
        with services.ledger.guarded():
            place_id = await services.limits.take_place(principal)
        try:
            yield place_id
        finally:
            await services.limits.give_back(place_id)


async def deny(websocket: WebSocket, problem: Problem) -> None:
    """Refuse a client with an HTTP answer, before any frame."""
    log.info("stream refused", error_id=problem.error_id)
    with suppress(OSError):  # it may be gone already
        await websocket.send_denial_response(problem_response(websocket, problem))


def check_container(segment: Segment) -> None:
    """Refuse a file that is made for sound alone.

    Raises
    ------
    Problem
        ``ih5004``.
    """
    kind = None if segment.continuous else detect_container(segment.data)
    if kind is not None and kind.is_sound_file:
        raise Problem(
            "ih5004",
            f"The segment is a {kind} file. Send mp4, avi, mov, mkv, mpeg-ts, mpeg-2-ts or webm.",
        )
