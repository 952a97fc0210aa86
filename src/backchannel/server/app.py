"""The application: which address leads to whom."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from backchannel.config import Settings
from backchannel.engine.base import Engine
from backchannel.errors import Problem
from backchannel.protocol.errors import ErrorLinks
from backchannel.server import pages
from backchannel.server.correlation import Correlated
from backchannel.server.farewell import Farewell
from backchannel.server.jobs import Jobs
from backchannel.server.limits import Limits
from backchannel.server.responses import json_response, problem_response
from backchannel.server.services import Services
from backchannel.server.stream_events import stream_v1, stream_v2
from backchannel.server.stream_v0 import stream_v0
from backchannel.server.upload import analyze_upload
from backchannel.server.upload_body import HeldUploads
from backchannel.server.upload_jobs import show_job, submit_upload
from backchannel.store import KeyStore

STREAM_V0, STREAM_V1, STREAM_V2 = (f"/{version}/stream/analyze" for version in ("v0", "v1", "v2"))


def make_app(
    settings: Settings, store: KeyStore, engine: Engine, farewell: Farewell | None = None
) -> ASGIApp:
    """Put the application together. It starts and closes the engine; the store stays its caller's.

    Parameters
    ----------
    farewell
        Told by whoever stops the server, before its connections are closed.
    """
    links = ErrorLinks(settings.base_url)
    jobs = Jobs(store, engine, settings.jobs_per_key)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await engine.start()
        try:
            async with jobs.working():
                yield
        finally:
            await engine.close()

    app = Starlette(
        routes=[
            Route("/", pages.index),
            Route("/docs/errors", pages.errors),
            Route("/healthz", _healthz),
            Route("/readyz", _readyz),
            Route("/v0/upload/analyze", analyze_upload, methods=["POST"]),
            Route("/v1/upload/analyze", analyze_upload, methods=["POST"]),
            Route("/v2/upload/analyze", submit_upload, methods=["POST"]),
            Route("/v2/upload/jobs/{job_id}", show_job),
            WebSocketRoute(STREAM_V0, stream_v0),
            Route(STREAM_V0, _upgrade_needed),
            WebSocketRoute(STREAM_V1, stream_v1),
            Route(STREAM_V1, _upgrade_needed),
            WebSocketRoute(STREAM_V2, stream_v2),
            Route(STREAM_V2, _upgrade_needed),
            WebSocketRoute("/{path:path}", _no_stream_here),
        ],
        exception_handlers={HTTPException: _http_exception, Exception: _internal_error},
        lifespan=lifespan,
    )
    app.state.links = links
    app.state.services = Services(
        settings,
        store,
        engine,
        Limits(store, settings),
        links,
        HeldUploads(settings.uploads_held),
        farewell or Farewell(),
        jobs,
    )
    return Correlated(app)


async def _healthz(_request: Request) -> Response:
    return json_response({"status": "ok"})


async def _readyz(request: Request) -> Response:
    engine: Engine = request.app.state.services.engine
    status = "ready" if engine.ready else "failed" if engine.failed else "starting"
    return json_response({"status": status}, 200 if engine.ready else 503)


async def _upgrade_needed(request: Request) -> Response:
    problem = Problem("ih4005", "This address speaks WebSocket only. Open it with a WebSocket client.")
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
        problem = Problem("ih4005", "There is nothing at this address. Check its path.")
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        problem = Problem("ih4005", "This address does not take that HTTP method.")
    else:
        problem = Problem("ih4005", f"The request cannot be served: {HTTPStatus(status).phrase}.")
    response = problem_response(request, problem, status)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


async def _internal_error(request: Request, _error: Exception) -> Response:
    return problem_response(
        request, Problem("ih1001", "The request failed because of a fault of the server.")
    )
