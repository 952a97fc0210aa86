"""The correlation id: created for each request, and present in every response and log line."""

import re
import uuid
from typing import Any, Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backchannel.server.log import describe

HEADER: Final = "X-Correlation-ID"
CLIENT_HEADER: Final = "X-Client-Request-Id"
MAX_CLIENT_ID_LENGTH: Final = 128

_STARTS: Final = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})

log = structlog.get_logger(__name__)


class CorrelationIds:
    """The outermost middleware: gives every request an id, and logs uncaught exceptions.

    Parameters
    ----------
    app
        The application. It finds the id in ``scope["state"]["correlation_id"]``.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        correlation_id = str(uuid.uuid4())
        scope.setdefault("state", {})["correlation_id"] = correlation_id

        async def send_with_id(message: Message) -> None:
            if message["type"] in _STARTS:
                message.setdefault("headers", [])
                MutableHeaders(scope=message)[HEADER] = correlation_id
            await send(message)

        with structlog.contextvars.bound_contextvars(**_ids(scope, correlation_id)):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception as error:
                # No traceback, because its text may contain client data. Starlette already answered with 500.
                log.error("request failed", **describe(error))  # noqa: TRY400


def clean_client_id(raw: str) -> str:
    """Return a client's own id, shortened and without characters that could disturb a log.

    Examples
    --------
    >>> clean_client_id("order 7")
    'order?7'
    """
    return re.sub(r"[^A-Za-z0-9._:/+=@-]", "?", raw[:MAX_CLIENT_ID_LENGTH])


def _ids(scope: Scope, correlation_id: str) -> dict[str, Any]:
    given = Headers(scope=scope).get(CLIENT_HEADER)
    ids = {"correlation_id": correlation_id}
    return ids if not given else ids | {"client_request_id": clean_client_id(given)}
