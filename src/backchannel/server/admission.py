"""The door: every request and every handshake passes it."""

import structlog
from starlette.requests import HTTPConnection

from backchannel.errors import Problem
from backchannel.server.auth import Offer, Principal, authorise, read_offer
from backchannel.server.log import describe
from backchannel.server.services import Services
from backchannel.store import StoreError

log = structlog.get_logger(__name__)


async def admit(connection: HTTPConnection, scope: str) -> Principal:
    """Return who is asking.

    Raises
    ------
    Problem
        Whatever `auth.read_offer` and `check` raise.
    """
    return await check(connection, read_offer(connection.headers.get("authorization")), scope)


async def check(connection: HTTPConnection, offer: Offer, scope: str) -> Principal:
    """Return whom an offered credential stands for.

    Raises
    ------
    Problem
        Whatever `auth.authorise` raises; ``ih3001`` when it asks too often; ``ih1001`` when the store fails.
    """
    services: Services = connection.app.state.services
    origin = connection.headers.get("origin")
    try:
        principal = await authorise(services.store, offer.credential, scope, origin=origin)
    except StoreError as error:
        log.error("store failed", **describe(error))  # noqa: TRY400 -- one line is enough
        raise Problem("ih1001", "The API key could not be checked: a fault of the server.") from None
    services.limits.admit(principal)
    return principal
