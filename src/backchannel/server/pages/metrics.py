"""`GET /metrics` for Prometheus, and the count of open sessions."""

from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backchannel.config import Settings
from backchannel.server.metrics import ENDPOINTS, Metrics
from backchannel.server.services import Services


def metrics_routes(settings: Settings) -> list[Route]:
    """Route of the metrics, if they are on."""
    return [Route("/metrics", _show)] if settings.metrics == "on" else []


async def _show(request: Request) -> Response:
    services: Services = request.app.state.services
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    body = encode(services.metrics.registry)
    return Response(body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})


class CountedSessions:
    """Middleware that counts live sessions by endpoint, from the accepted handshake to the end.

    Parameters
    ----------
    app
        The application.
    metrics
        Where they are counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        endpoint = ENDPOINTS.get(scope.get("path", "")) if scope["type"] == "websocket" else None
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        accepted = False

        async def counted(message: Message) -> None:
            nonlocal accepted
            await send(message)
            if message["type"] == "websocket.accept":
                accepted = True
                self._metrics.opened(endpoint)

        try:
            await self._app(scope, receive, counted)
        finally:
            if accepted:
                self._metrics.closed(endpoint)
