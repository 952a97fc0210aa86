"""`POST /v1/client_tokens` and its neighbours: tokens that may be given to a browser."""

import asyncio
from typing import Final, TypeVar

import structlog
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from backchannel.errors import Problem
from backchannel.protocol.tokens import (
    DEFAULT_CONCURRENT,
    MAX_EXPIRES_S,
    STREAM,
    UPLOAD,
    ExchangeRequest,
    MintRequest,
    RevokeRequest,
    TokenBody,
    clamp_expires,
    read_body,
    read_origins,
    read_scopes,
)
from backchannel.server.access.admission import admit_key
from backchannel.server.access.refusals import problem_of
from backchannel.server.body import read_whole
from backchannel.server.responses import json_response
from backchannel.server.services import Services
from backchannel.store import ApiKey, Caps
from backchannel.store.refusals import Refusal

MAX_BODY_BYTES: Final = 64 * 1024

Body = TypeVar("Body")

log = structlog.get_logger(__name__)


async def mint_token(request: Request) -> Response:
    """Make a client token."""
    asked = await _body(request, MintRequest)
    key = await admit_key(request, asked.api_key)
    scopes = read_scopes(asked.scopes, key.scopes)
    caps = Caps(
        max_duration_s=asked.max_duration_seconds,
        max_bytes=asked.max_bytes,
        max_concurrent=asked.max_concurrent or DEFAULT_CONCURRENT,
        max_video_s=asked.max_video_seconds,
        allowed_origins=read_origins(asked.allowed_origins),
    )
    return await _mint(request, key, scopes, clamp_expires(asked.expires_in), caps)


async def exchange_key(request: Request) -> Response:
    """Make a token that may do what its key may, for an hour; older clients ask for one."""
    asked = await _body(request, ExchangeRequest)
    key = await admit_key(request, asked.key_secret)
    if asked.key_id != key.id:
        raise Problem("ih2001", "The key_secret is not that of this key_id.")
    scopes = read_scopes(asked.scopes or (UPLOAD, STREAM), key.scopes)
    return await _mint(request, key, scopes, MAX_EXPIRES_S, Caps())


async def revoke_token(request: Request) -> Response:
    """Refuse a client token from now on. One that has expired is refused already, which is as good."""
    services: Services = request.app.state.services
    asked = await _body(request, RevokeRequest)
    key = await admit_key(request, asked.api_key)
    if not asked.token:
        raise Problem("ih4005", "The parameter token is missing. Send the client token to be revoked.")
    try:
        await asyncio.to_thread(services.store.tokens.revoke, key.id, asked.token)
    except Refusal as refusal:
        raise problem_of(refusal) from None
    log.info("client token revoked", key=key.id)
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


async def _mint(
    request: Request, key: ApiKey, scopes: tuple[str, ...], expires_s: int, caps: Caps
) -> Response:
    services: Services = request.app.state.services
    token, credential = await asyncio.to_thread(services.store.tokens.mint, key.id, scopes, expires_s, caps)
    log.info("client token made", key=key.id, token=token.id, expires_s=expires_s)
    return json_response(
        TokenBody(
            access_token=credential,
            expires_in=expires_s,
            scope=" ".join(scopes),
            max_duration_seconds=_or_unset(caps.max_duration_s),
            max_bytes=_or_unset(caps.max_bytes),
            max_concurrent=_or_unset(caps.max_concurrent),
            max_video_seconds=_or_unset(caps.max_video_s),
            allowed_origins=caps.allowed_origins or UNSET,
        )
    )


async def _body(request: Request, kind: type[Body]) -> Body:
    return read_body(await read_whole(request, MAX_BODY_BYTES), kind)


def _or_unset(value: int | None) -> int | UnsetType:
    return UNSET if value is None else value
