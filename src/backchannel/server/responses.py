"""Problems as HTTP answers."""

import math

import msgspec
from starlette.requests import HTTPConnection
from starlette.responses import Response

from backchannel.errors import Problem
from backchannel.protocol.errors import ErrorLinks, error_body


def json_response(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with JSON that nobody keeps."""
    return Response(
        msgspec.json.encode(body),
        status,
        {"Cache-Control": "no-store", **(headers or {})},
        media_type="application/json",
    )


def problem_response(connection: HTTPConnection, problem: Problem, status: int | None = None) -> Response:
    """Answer a request, or a WebSocket handshake, with a problem.

    Parameters
    ----------
    connection
        What is answered.
    problem
        What was wrong.
    status
        Instead of the catalogue's.
    """
    status = problem.entry.http_status if status is None else status
    links: ErrorLinks = connection.app.state.links
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(math.ceil(problem.retry_after_s))
    return json_response(error_body(problem, connection.state.correlation_id, links), status, headers)
