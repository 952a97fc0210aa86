"""`WS /v0/stream/analyze`: moves bytes between one socket, the protocol and the engine.

Two tasks share a session. One reads: it numbers each message, says `processing` and queues the media; when
the queue is full it stops reading, and TCP holds the client back. The other answers, one segment after the
other, since each needs the state that the one before it left.
"""

import asyncio
import math
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from backchannel.config import Settings
from backchannel.engine.base import Engine
from backchannel.errors import Problem
from backchannel.media.container import detect_container
from backchannel.media.continuity import StreamState, continue_stream
from backchannel.model import Segment, SegmentResult
from backchannel.protocol import v0
from backchannel.protocol.include import include_of_query
from backchannel.server.auth import Offer, authorise, read_offer
from backchannel.server.log import describe
from backchannel.server.responses import problem_response
from backchannel.server.services import Services
from backchannel.store import STREAM_SCOPE, ApiKey, StoreError

NORMAL_CLOSURE: Final = 1000
ABNORMAL_CLOSURE: Final = 1006
INTERNAL_ERROR: Final = 1011
SMALLEST_HEADER_BYTES: Final = 32
QUICK_BYTES: Final = 64 * 1024

log = structlog.get_logger(__name__)


async def stream_v0(websocket: WebSocket) -> None:
    """Admit a client and hold its session; or refuse it with an HTTP answer, before any frame."""
    services: Services = websocket.app.state.services
    # ASGI has the client's wish to connect read first, whatever the answer.
    await websocket.receive()
    with ExitStack() as held:
        try:
            offer, key = await _admit(websocket, services)
            held.enter_context(services.sessions.one_more(key.id))
        except Problem as problem:
            log.info("stream refused", error_id=problem.error_id)
            with suppress(OSError):  # it may be gone already
                await websocket.send_denial_response(problem_response(websocket, problem))
            return
        try:
            await websocket.accept(offer.subprotocol)
        except OSError:
            return
        await _hold(websocket, services, key)


async def _admit(websocket: WebSocket, services: Services) -> tuple[Offer, ApiKey]:
    offer = read_offer(websocket.headers.get("authorization"), websocket.scope["subprotocols"])
    try:
        key = await authorise(services.store, offer.credential, STREAM_SCOPE)
    except StoreError as error:
        log.error("store failed", **describe(error))  # noqa: TRY400 -- one line is enough
        raise Problem("ih1001", "The API key could not be checked: a fault of the server.") from None
    if services.engine.failed:
        raise Problem("ih1003", "The server cannot analyse anything at the moment.", retry_after_s=30.0)
    return offer, key


async def _hold(websocket: WebSocket, services: Services, key: ApiKey) -> None:
    session = v0.Session(
        correlation_id=websocket.state.correlation_id,
        include=include_of_query(websocket.url.query),
        links=services.links,
        max_message_bytes=services.settings.max_message_bytes,
    )
    conversation = Conversation(websocket, session, services.engine, services.settings)
    log.info("stream opened", key=key.id)
    try:
        await conversation.run()
    finally:
        log.info("stream closed", key=key.id, **conversation.summary())


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A numbered segment in the queue: its media, or why there is none to analyse."""

    arrival: v0.Arrival
    data: bytes
    arrived_s: float


class Conversation:
    """The shell around one `v0.Session`: its socket, its queue and its clock.

    Parameters
    ----------
    websocket
        An accepted connection.
    session
        The protocol's state.
    engine
        Where segments are analysed.
    settings
        Limits.
    """

    def __init__(self, websocket: WebSocket, session: v0.Session, engine: Engine, settings: Settings) -> None:
        self._websocket = websocket
        self._session = session
        self._engine = engine
        self._settings = settings
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._queued_bytes = 0
        self._received_bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._stream = StreamState()
        self._analysis = b""
        self._opened_s = self._now()
        self._active_s = self._opened_s

    def summary(self) -> Mapping[str, Any]:
        """Return what the log may know of the session."""
        return {
            "segments": self._session.received,
            "unanswered": self._session.pending,
            "bytes": self._received_bytes,
            "seconds": round(self._now() - self._opened_s, 3),
        }

    async def run(self) -> None:
        """Talk until the client goes or the session's time is over."""
        try:
            async with asyncio.TaskGroup() as tasks:
                answering = tasks.create_task(self._answer_all())
                farewell = await self._read_all()
                answering.cancel()
            if farewell is not None:
                self._session, error = self._session.end(farewell)
                await self._send(error)
                await self._websocket.close(NORMAL_CLOSURE)
        except* WebSocketDisconnect:
            pass  # what was still waiting goes with its session
        except* Exception as faults:
            for fault in faults.exceptions:
                log.error("stream failed", **describe(fault))  # noqa: TRY400 -- a traceback may hold media
            await self._break_off()

    # --- reading -----------------------------------------------------------------------------------

    async def _read_all(self) -> Problem | None:
        """Read until the client goes (None) or the session's time is over (why)."""
        while True:
            try:
                async with asyncio.timeout_at(min(self._idle_at_s(), self._over_at_s())):
                    await self._room.wait()
                    message = await self._websocket.receive()
            except TimeoutError:
                if (farewell := await self._time_over()) is not None:
                    return farewell
                continue
            if message["type"] == "websocket.disconnect":
                return None
            self._active_s = self._now()
            await self._take(message)

    async def _take(self, message: Mapping[str, Any]) -> None:
        data: bytes | None = message.get("bytes")
        if data is None:
            self._session, error = self._session.text(len(message.get("text") or ""))
            log.debug("text refused", error_id=error.error_id)
            await self._send(error)
            return
        self._received_bytes += len(data)
        self._session, arrival = self._session.media(len(data))
        # What will not be analysed is let go of now, not when its turn comes.
        kept = b"" if arrival.problem else data
        self._queued_bytes += len(kept)
        self._make_room()
        # Before the queue has it: nothing may be said of a segment before `processing`.
        await self._send(arrival.message)
        self._queue.put_nowait(_Waiting(arrival, kept, self._now()))

    def _make_room(self) -> None:
        full = (
            self._session.pending >= self._settings.queue_segments
            or self._queued_bytes >= self._settings.queue_bytes
        )
        (self._room.clear if full else self._room.set)()

    # --- answering ---------------------------------------------------------------------------------

    async def _answer_all(self) -> None:
        while True:
            waiting = await self._queue.get()
            await self._answer(waiting)
            self._queued_bytes -= len(waiting.data)
            self._active_s = self._now()
            self._make_room()
            self._queue.task_done()

    async def _answer(self, waiting: _Waiting) -> None:
        number = waiting.arrival.number
        began_s = self._now()
        outcome = "completed"
        messages: tuple[v0.Message, ...]
        try:
            result = await self._analyze(waiting)
            self._session, messages = self._session.answer(number, result)
        except Problem as problem:
            outcome = problem.error_id
            self._session, error = self._session.refuse(number, problem)
            messages = (error,)
        for message in messages:
            await self._send(message)
        log.info(
            "segment answered",
            segment=number,
            outcome=outcome,
            bytes=waiting.arrival.message.bytes,
            waited_s=round(began_s - waiting.arrived_s, 3),
            took_s=round(self._now() - began_s, 3),
        )

    async def _analyze(self, waiting: _Waiting) -> SegmentResult | None:
        """Analyse a segment; None when it held no media yet. A problem leaves the analysis as it was."""
        if waiting.arrival.problem is not None:
            raise waiting.arrival.problem
        if len(waiting.data) <= QUICK_BYTES:
            stream, segment = continue_stream(self._stream, waiting.data)
        else:
            # Some containers take tens of milliseconds a megabyte, and every session shares this loop.
            stream, segment = await asyncio.to_thread(continue_stream, self._stream, waiting.data)
        if segment is None:
            _check_header(stream, waiting.data)
        else:
            _check_container(segment)
        self._stream = stream
        if segment is None:
            return None
        limits = self._settings.segment_limits
        self._analysis, result = await self._engine.analyze(self._analysis, segment, limits)
        return result

    # --- time --------------------------------------------------------------------------------------

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _idle_at_s(self) -> float:
        return self._active_s + self._settings.idle_timeout_s

    def _over_at_s(self) -> float:
        return self._opened_s + self._settings.session_max_s

    async def _time_over(self) -> Problem | None:
        """Say why the session ends now, or None when it does not."""
        if self._now() >= self._over_at_s():
            self._session = self._session.drain()
            try:
                async with asyncio.timeout(self._settings.drain_s):
                    await self._queue.join()
            except TimeoutError:
                log.warning("drain cut short", unanswered=self._session.pending)
            limit = _minutes(self._settings.session_max_s)
            return Problem("ih6004", f"A session lasts at most {limit}; this one is over. Open a new one.")
        if self._session.pending:
            # We are the ones who are late, not the client.
            self._active_s = self._now()
            return None
        if self._now() < self._idle_at_s():
            return None
        limit = _minutes(self._settings.idle_timeout_s)
        return Problem("ih6003", f"No media came for {limit}, so the session is closed. Open a new one.")

    # --- sending -----------------------------------------------------------------------------------

    async def _send(self, message: v0.Message) -> None:
        try:
            async with asyncio.timeout(self._settings.send_timeout_s):
                await self._websocket.send_text(v0.encode(message))
        except TimeoutError:
            # It sends and never reads; without this its session would never end.
            log.warning("client does not read")
            raise WebSocketDisconnect(ABNORMAL_CLOSURE) from None

    async def _break_off(self) -> None:
        problem = Problem("ih1001", "The session ended because of a fault of the server.")
        try:
            if self._session.phase is not v0.Phase.ENDED:
                self._session, error = self._session.end(problem)
                await self._send(error)
            await self._websocket.close(INTERNAL_ERROR)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the socket is gone too


def _check_header(stream: StreamState, data: bytes) -> None:
    # The beginning of a header is set aside until the rest comes; but on v0 a message is a whole segment,
    # and a few bytes that only might begin one are not worth the wait.
    if stream.stream is None and len(data) < SMALLEST_HEADER_BYTES:
        raise Problem("ih5004", f"The {len(data)} bytes are too few to be media. Send one whole segment.")


def _check_container(segment: Segment) -> None:
    kind = None if segment.continuous else detect_container(segment.data)
    if kind is not None and kind.is_sound_file:
        raise Problem(
            "ih5004",
            f"The segment is a {kind} file. Send mp4, avi, mov, mkv, mpeg-ts, mpeg-2-ts or webm.",
        )


def _minutes(time_s: float) -> str:
    minutes, rest = divmod(time_s, 60)
    return f"{minutes:g} minutes" if minutes and math.isclose(rest, 0) else f"{time_s:g} seconds"
