"""JSON responses, and problems as HTTP responses."""

import math

import msgspec
from starlette.requests import HTTPConnection
from starlette.responses import Response

from backchannel.errors import Problem
from backchannel.protocol.errors import ErrorLinks, error_body


def json_response(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON response that no cache keeps."""
    return Response(
        msgspec.json.encode(body),
        status,
        {"Cache-Control": "no-store", **(headers or {})},
        media_type="application/json",
    )


def problem_response(connection: HTTPConnection, problem: Problem, status: int | None = None) -> Response:
    """Return the response for a problem with a request or a WebSocket handshake.

    Parameters
    ----------
    connection
        The request or the handshake.
    problem
        The problem.
    status
        HTTP status, if different from that of the catalogue.
    """
    status = problem.entry.http_status if status is None else status
    links: ErrorLinks = connection.app.state.links
    connection.app.state.services.metrics.refused(problem.error_id)
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(math.ceil(problem.retry_after_s))
    return json_response(error_body(problem, connection.state.correlation_id, links), status, headers)
