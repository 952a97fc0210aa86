"""`/openapi.json` and `/asyncapi.json`: machine-readable descriptions of this server."""

from functools import cache

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from backchannel.protocol.asyncapi import asyncapi_document
from backchannel.protocol.openapi import openapi_document


async def openapi(request: Request) -> Response:
    """Describe the HTTP endpoints."""
    return _document(_openapi(request.app.state.links.base_url))


async def asyncapi(request: Request) -> Response:
    """Describe the streams."""
    return _document(_asyncapi(request.app.state.links.base_url))


def _document(content: bytes) -> Response:
    return Response(content, headers={"Cache-Control": "no-cache"}, media_type="application/json")


@cache
def _openapi(base_url: str) -> bytes:
    return msgspec.json.encode(openapi_document(base_url))


@cache
def _asyncapi(base_url: str) -> bytes:
    return msgspec.json.encode(asyncapi_document(base_url))
