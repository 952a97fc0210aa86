"""`WS /v1/stream/analyze` and `WS /v2/stream/analyze`: who is let in, and how a session begins or goes on."""

from contextlib import AsyncExitStack
from dataclasses import replace
from urllib.parse import parse_qs

import structlog
from starlette.websockets import WebSocket

from backchannel.config import Settings
from backchannel.errors import Problem
from backchannel.protocol import events
from backchannel.protocol.include import Include, include_of_query
from backchannel.protocol.products import MODELS, PICTURE_AND_SOUND, ModelName, model_named
from backchannel.protocol.resume import resume_of_query
from backchannel.server.access.admission import check
from backchannel.server.access.auth import read_offer
from backchannel.server.access.limits import capped
from backchannel.server.services import Services
from backchannel.server.streams.door import UNAUTHORISED, deny, place
from backchannel.server.streams.event_stream import EventStream
from backchannel.server.streams.resuming import resumable
from backchannel.server.streams.speaker import Speaker
from backchannel.store import STREAM_SCOPE

log = structlog.get_logger(__name__)


async def stream_v1(websocket: WebSocket) -> None:
    """Hold a v1 session."""
    await serve(websocket, "v1")


async def stream_v2(websocket: WebSocket) -> None:
    """Hold a v2 session."""
    await serve(websocket, "v2")


async def serve(
    websocket: WebSocket,
    version: events.Version,
    scope: str = STREAM_SCOPE,
    kind: type[EventStream] = EventStream,
    *,
    resumes: bool = True,
) -> None:
    """Admit a client and hold its session.

    Parameters
    ----------
    scope
        What its credential must be for.
    kind
        Holds the session.
    resumes
        Whether the client can resume it.

    Without a good credential it is refused with an HTTP answer. Whatever else is wrong is said after the
    handshake, since a browser cannot read the body of a refused one.
    """
    services: Services = websocket.app.state.services
    session = events.Session(version, services.links, _limits(services.settings), _include(websocket))
    refused: Problem | None = None
    await websocket.receive()
    async with AsyncExitStack() as held:
        try:
            offer = read_offer(websocket.headers.get("authorization"), websocket.scope["subprotocols"])
            principal = await check(websocket, offer, scope)
            settings = capped(services.settings, principal)
            rules = services.rules_for(principal.key)
            session = replace(
                session,
                limits=_limits(settings),
                model=_model(websocket, version),
                policy=rules.policy,
                words=services.listens_to(principal.key, websocket.url.query),
            )
            asked = resume_of_query(websocket.url.query) if resumes else None
            journal = await held.enter_async_context(resumable(services, principal, version, asked))
            kept = None if journal is None else journal.resumed
            place_id = await held.enter_async_context(place(services, principal, resumed=kept is not None))
            if journal is not None:
                await journal.connect(place_id)
            meter = await held.enter_async_context(services.limits.metered(principal))
        except Problem as problem:
            if problem.entry.http_status == UNAUTHORISED:
                await deny(websocket, problem)
                return
            refused = problem
        try:
            await websocket.accept(offer.subprotocol)
        except OSError:
            return
        if refused is not None:
            log.info("stream refused", error_id=refused.error_id)
            await Speaker(websocket, services.settings).break_off(session, refused)
            return
        speaker = Speaker(
            websocket, settings, open_s=kept.open_s if kept else 0.0, outlived=journal is not None
        )
        stream = kind(speaker, session, services, principal.key.id, settings, meter, rules)
        if journal is not None:
            stream.keep(journal, asked.after if asked else 0)
        log.info(
            "stream resumed" if kept else "stream opened",
            path=websocket.url.path,
            key=principal.id,
            token=principal.token_id,
        )
        try:
            await stream.run()
        finally:
            log.info("stream closed", key=principal.id, **stream.summary())


def _include(websocket: WebSocket) -> Include:
    return include_of_query(websocket.url.query)


def _model(websocket: WebSocket, version: events.Version) -> ModelName:
    asked = parse_qs(websocket.url.query).get("model") if version == "v2" else None
    model = model_named(asked[-1]) if asked else PICTURE_AND_SOUND
    if model is None:
        raise Problem("ih4005", f"The parameter `model` is none of {', '.join(MODELS)}.")
    return model


def _limits(settings: Settings) -> events.Limits:
    return events.Limits(
        idle_s=settings.idle_timeout_s,
        max_s=settings.session_max_s,
        drain_s=settings.drain_s,
        max_segment_s=settings.max_segment_s,
        max_message_bytes=settings.max_message_bytes,
    )
