"""Who is let in to a stream: the credential, the scope, a place, an engine that works."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import structlog
from starlette.websockets import WebSocket

from backchannel.errors import Problem
from backchannel.media.container import detect_container
from backchannel.model import Segment
from backchannel.server.auth import Offer, authorise
from backchannel.server.log import describe
from backchannel.server.responses import problem_response
from backchannel.server.services import Services
from backchannel.store import STREAM_SCOPE, ApiKey, StoreError

UNAUTHORISED: Final = 401

log = structlog.get_logger(__name__)


async def check_key(services: Services, offer: Offer) -> ApiKey:
    """Return the key that was offered.

    Raises
    ------
    Problem
        It is not known, or has not the scope; ``ih1001`` when the store fails.
    """
    try:
        return await authorise(services.store, offer.credential, STREAM_SCOPE)
    except StoreError as error:
        log.error("store failed", **describe(error))  # noqa: TRY400 -- one line is enough
        raise Problem("ih1001", "The API key could not be checked: a fault of the server.") from None


@contextmanager
def place(services: Services, key: ApiKey) -> Iterator[None]:
    """Hold a place for one stream.

    Raises
    ------
    Problem
        ``ih1003`` when nothing can be analysed, ``ih3002`` when the key has no place left.
    """
    if services.engine.failed:
        raise Problem("ih1003", "The server cannot analyse anything at the moment.", retry_after_s=30.0)
    with services.sessions.one_more(key.id):
        yield


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
