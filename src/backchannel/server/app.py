"""The ASGI application: routes, middleware and error handlers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from backchannel.config import Settings
from backchannel.engine.base import Engine
from backchannel.errors import Problem
from backchannel.protocol.errors import ErrorLinks
from backchannel.protocol.paths import REALTIME_OLD_PATH, REALTIME_PATH, STREAM_V0, STREAM_V1, STREAM_V2
from backchannel.server.access.ledger import Ledger, store_down
from backchannel.server.access.limits import Limits
from backchannel.server.access.tokens import exchange_key, mint_token, revoke_token
from backchannel.server.guidance_writer import guidance_writer
from backchannel.server.heartbeat import beating
from backchannel.server.metrics import Metrics
from backchannel.server.pages import specifications
from backchannel.server.pages.console import console_routes
from backchannel.server.pages.documents import document_routes
from backchannel.server.pages.metrics import CountedSessions, metrics_routes
from backchannel.server.request_id import CLIENT_HEADER, HEADER, CorrelationIds
from backchannel.server.responses import json_response, problem_response
from backchannel.server.services import Services
from backchannel.server.shutdown import Shutdown
from backchannel.server.streams.events import stream_v1, stream_v2
from backchannel.server.streams.realtime import stream_realtime
from backchannel.server.streams.v0 import stream_v0
from backchannel.server.uploads.analyze import analyze_upload
from backchannel.server.uploads.job_runner import Jobs
from backchannel.server.uploads.jobs import show_job, submit_upload
from backchannel.server.uploads.receive import HeldUploads, lingering
from backchannel.signals.calibration import read_calibration
from backchannel.store import Store, StoreUnavailableError
from backchannel.values import Rules

log = structlog.get_logger(__name__)

_FROM_BROWSERS = Middleware(
    CORSMiddleware,
    # Any page may send requests. Access depends on the credential, which browsers never send on their own.
    # The origins that a client token allows are checked together with the token.
    allow_origins=["*"],
    allow_methods=["GET", "POST"],
    allow_headers=["Authorization", "Content-Type", CLIENT_HEADER, "X-Interhuman-SDK"],
    expose_headers=[HEADER, "Retry-After"],
    max_age=3600,
)


def make_app(settings: Settings, store: Store, engine: Engine, shutdown: Shutdown | None = None) -> ASGIApp:
    """Build the application.

    Parameters
    ----------
    settings
        The configuration.
    store
        The key store. The caller opens and closes it.
    engine
        The analysis engine. The application starts and closes it.
    shutdown
        Announces the shutdown of the server before connections are closed.

    Returns
    -------
    ASGIApp
    """
    links = ErrorLinks(settings.base_url)
    ledger = Ledger(store)
    jobs = Jobs(store, ledger, engine, settings.jobs_per_key)
    metrics = Metrics(engine, ledger, store)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await engine.start()
        try:
            async with beating(store, ledger, settings.resume_s), jobs.working():
                yield
        finally:
            await engine.close()

    app = Starlette(
        routes=_routes(settings),
        middleware=[_FROM_BROWSERS],
        exception_handlers={
            HTTPException: _http_exception,
            Problem: _refused,
            ClientDisconnect: _abandoned,
            StoreUnavailableError: _store_down,
            Exception: _internal_error,
        },
        lifespan=lifespan,
    )
    app.state.links = links
    app.state.services = Services(
        settings,
        store,
        engine,
        Limits(store, settings, ledger),
        ledger,
        links,
        HeldUploads(settings.uploads_held),
        shutdown or Shutdown(),
        jobs,
        Rules() if settings.weights is None else read_calibration(settings.weights),
        metrics,
        writer=guidance_writer(settings),
    )
    return CorrelationIds(CountedSessions(app, metrics))


def _routes(settings: Settings) -> list[BaseRoute]:
    return [
        *console_routes(settings),
        *document_routes(),
        *metrics_routes(settings),
        Route("/openapi.json", specifications.openapi),
        Route("/asyncapi.json", specifications.asyncapi),
        Route("/healthz", _healthz),
        Route("/readyz", _readyz),
        Route("/v0/upload/analyze", analyze_upload, methods=["POST"]),
        Route("/v1/upload/analyze", analyze_upload, methods=["POST"]),
        Route("/v1/client_tokens", mint_token, methods=["POST"]),
        Route("/v1/client_tokens/revoke", revoke_token, methods=["POST"]),
        Route("/v1/auth", exchange_key, methods=["POST"]),
        Route("/v2/upload/analyze", submit_upload, methods=["POST"]),
        Route("/v2/upload/jobs/{job_id}", show_job),
        WebSocketRoute(STREAM_V0, stream_v0),
        Route(STREAM_V0, _upgrade_needed),
        WebSocketRoute(STREAM_V1, stream_v1),
        Route(STREAM_V1, _upgrade_needed),
        WebSocketRoute(STREAM_V2, stream_v2),
        Route(STREAM_V2, _upgrade_needed),
        *(WebSocketRoute(path, stream_realtime) for path in (REALTIME_PATH, REALTIME_OLD_PATH)),
        *(Route(path, _upgrade_needed) for path in (REALTIME_PATH, REALTIME_OLD_PATH)),
        WebSocketRoute("/{path:path}", _no_stream_here),
    ]


async def _healthz(_request: Request) -> Response:
    return json_response({"status": "ok"})


async def _readyz(request: Request) -> Response:
    services: Services = request.app.state.services
    engine = services.engine
    status = "ready" if engine.ready else "failed" if engine.failed else "starting"
    if services.shutdown.begun:
        status = "stopping"
    elif status == "ready" and services.ledger.down:
        status = "store down"
    return json_response({"status": status}, 200 if status == "ready" else 503)


async def _upgrade_needed(request: Request) -> Response:
    problem = Problem("ih4005", "This address accepts only WebSocket connections. Use a WebSocket client.")
    response = problem_response(request, problem, HTTPStatus.UPGRADE_REQUIRED)
    response.headers["Upgrade"] = "websocket"
    return response


async def _no_stream_here(websocket: WebSocket) -> None:
    problem = Problem("ih4005", f"There is no stream at this address. Try {STREAM_V2}.")
    await websocket.receive()
    await websocket.send_denial_response(problem_response(websocket, problem, HTTPStatus.NOT_FOUND))


async def _http_exception(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    if status == HTTPStatus.NOT_FOUND:
        problem = Problem("ih4005", "There is nothing at this address. Check the path.")
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        problem = Problem("ih4005", "This address does not support this HTTP method. Check the method.")
    else:
        problem = Problem("ih4005", f"The server cannot handle this request: {HTTPStatus(status).phrase}.")
    response = problem_response(request, problem, status)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


async def _refused(request: Request, problem: Exception) -> Response:
    if not isinstance(problem, Problem):
        raise problem
    log.info("request refused", error_id=problem.error_id, path=request.url.path)
    answer = problem_response(request, problem)
    return lingering(request, answer) if request.method == "POST" else answer


async def _abandoned(request: Request, _gone: Exception) -> Response:
    log.info("request abandoned", path=request.url.path)
    return Response(status_code=400)  # The client is gone, so nobody reads this.


async def _store_down(request: Request, error: Exception) -> Response:
    services: Services = request.app.state.services
    if isinstance(error, StoreUnavailableError):
        services.ledger.failed(error)
    return await _refused(request, store_down())


async def _internal_error(request: Request, _error: Exception) -> Response:
    return problem_response(
        request, Problem("ih1001", "The request failed because of an error in the server. Try again.")
    )
