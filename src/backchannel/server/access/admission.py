"""Admission: checks the credential of every request and every handshake."""

import asyncio
from urllib.parse import urlsplit

import structlog
from starlette.requests import HTTPConnection

from backchannel.errors import Problem
from backchannel.server.access.auth import Offer, Principal, authorise, read_offer
from backchannel.server.log import describe
from backchannel.server.services import Services
from backchannel.store import ApiKey, StoreError

log = structlog.get_logger(__name__)


async def admit(connection: HTTPConnection, scope: str) -> Principal:
    """Return who is asking.

    Raises
    ------
    Problem
        Whatever `auth.read_offer` and `check` raise.
    """
    return await check(connection, read_offer(connection.headers.get("authorization")), scope)


async def admit_key(connection: HTTPConnection, credential: str) -> ApiKey:
    """Return the API key that came in a body, where a client token will not do.

    Raises
    ------
    Problem
        ``ih2001``, ``ih2002`` or ``ih3001``; ``ih1003`` while the store is down.
    """
    services: Services = connection.app.state.services
    services.ledger.check()
    if not credential:
        raise Problem("ih2002", "The body has no API key. Send it as `api_key`, from your own server.")
    try:
        with services.ledger.guarded():
            key = await asyncio.to_thread(services.store.keys.verify, credential)
    except StoreError as error:
        raise _store_failed(error) from None
    if key is None:
        raise Problem("ih2001", "The API key is not known here. It may be mistyped or revoked.")
    services.limits.admit(Principal(key))
    return key


async def check(connection: HTTPConnection, offer: Offer, scope: str) -> Principal:
    """Return the principal of an offered credential.

    Raises
    ------
    Problem
        Whatever `auth.authorise` raises; ``ih3001`` when it asks too often; ``ih1003`` while the store
        is down.
    """
    services: Services = connection.app.state.services
    origin = _origin(connection, services.settings.public_url)
    services.ledger.check()
    try:
        with services.ledger.guarded():
            principal = await authorise(services.store, offer.credential, scope, origin=origin)
    except StoreError as error:
        raise _store_failed(error) from None
    services.limits.admit(principal)
    return principal


def _origin(connection: HTTPConnection, public_url: str) -> str | None:
    """Return the origin of the page that asks; None if unknown.

    In a GET to its own server, a browser leaves the origin out and says instead that it is the same.
    """
    headers = connection.headers
    if "origin" in headers or headers.get("sec-fetch-site") != "same-origin":
        return headers.get("origin")
    # A proxy may have ended TLS. Then only the public address has the scheme that the browser uses.
    scheme = urlsplit(public_url).scheme or connection.url.scheme
    return f"{scheme}://{headers.get('host', '')}"


def _store_failed(error: StoreError) -> Problem:
    log.error("store failed", **describe(error))
    return Problem("ih1001", "The credential could not be checked: a fault of the server.")
