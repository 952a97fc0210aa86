"""`WS /v1/stream/analyze` and `WS /v2/stream/analyze`: the shell around `protocol.events`.

As on v0 one task reads and another answers. Here the one that answers takes everything that waits at once,
and not more often than every `TICK_S`, since each analysis has its price and recorders may send many small
chunks; a client that sends at the pace of life is answered at least every second of its media.

When there is more than can be done, the line of waiting media gets full and the socket is not read. (To shed
media instead, skip it in `_take_waiting` and say so with `events.Session.shed`.)
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from backchannel.errors import Problem
from backchannel.media.batch import Taken, take_chunks
from backchannel.media.continuity import StreamState, end_stream
from backchannel.media.pcm import take_samples
from backchannel.model import Segment
from backchannel.protocol import events
from backchannel.protocol.event_messages import Data, EndReason, encode
from backchannel.protocol.include import include_of_query
from backchannel.protocol.models import MODELS, PICTURE_AND_SOUND, ModelName, model_named
from backchannel.server.admission import check
from backchannel.server.auth import read_offer
from backchannel.server.log import describe
from backchannel.server.services import Services
from backchannel.server.stream_door import UNAUTHORISED, check_container, deny, place
from backchannel.server.stream_line import INTERNAL_ERROR, NORMAL_CLOSURE, Backlog, Line, Waiting
from backchannel.store import STREAM_SCOPE

TICK_S: Final = 0.5
QUICK_BYTES: Final = 64 * 1024

log = structlog.get_logger(__name__)


async def stream_v1(websocket: WebSocket) -> None:
    """Hold a v1 session."""
    await _serve(websocket, "v1")


async def stream_v2(websocket: WebSocket) -> None:
    """Hold a v2 session."""
    await _serve(websocket, "v2")


async def _serve(websocket: WebSocket, version: events.Version) -> None:
    """Admit a client and hold its session.

    Without a good credential it is refused with an HTTP answer. Whatever else is wrong is said after the
    handshake, since a browser cannot read the body of a refused one.
    """
    services: Services = websocket.app.state.services
    await websocket.receive()
    async with AsyncExitStack() as held:
        refused: Problem | None = None
        conversation = _conversation(websocket, services, version)
        try:
            offer = read_offer(websocket.headers.get("authorization"), websocket.scope["subprotocols"])
            principal = await check(websocket, offer, STREAM_SCOPE)
            conversation.choose_model()
            await held.enter_async_context(place(services, principal))
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
            await conversation.break_off(refused)
            return
        log.info("stream opened", version=version, key=principal.id)
        held.enter_context(services.farewell.attend(conversation.shut_down))
        try:
            await conversation.run()
        finally:
            log.info("stream closed", key=principal.id, **conversation.summary())


def _conversation(websocket: WebSocket, services: Services, version: events.Version) -> "Conversation":
    settings = services.settings
    limits = events.Limits(
        idle_s=settings.idle_timeout_s,
        max_s=settings.session_max_s,
        drain_s=settings.drain_s,
        max_segment_s=settings.max_segment_s,
        max_message_bytes=settings.max_message_bytes,
    )
    include = include_of_query(websocket.url.query)
    return Conversation(websocket, events.Session(version, services.links, limits, include), services)


class Conversation:
    """One v1 or v2 session: its socket, its queue and its clock.

    Parameters
    ----------
    websocket
        A connection, accepted before `run`.
    session
        The protocol's state.
    services
        The engine and the limits.
    """

    def __init__(self, websocket: WebSocket, session: events.Session, services: Services) -> None:
        self._websocket = websocket
        self._correlation_id: str = websocket.state.correlation_id
        self._session = session
        self._engine = services.engine
        self._settings = services.settings
        self._line = Line(websocket, services.settings)
        self._backlog = Backlog(services.settings, small_counts_less=True)
        self._draining = asyncio.Event()
        self._hurry = asyncio.Event()
        self._received_bytes = 0
        self._began_s = -TICK_S
        self._stream = StreamState()
        self._odd_byte = b""
        self._analysis = b""

    def choose_model(self) -> None:
        """Take the model that the address names.

        Raises
        ------
        Problem
            ``ih4005`` when there is none of that name.
        """
        if self._session.version == "v2":
            asked = parse_qs(self._websocket.url.query).get("model")
            model: ModelName | None = model_named(asked[-1]) if asked else PICTURE_AND_SOUND
            if model is None:
                raise Problem("ih4005", f"The parameter `model` is none of {', '.join(MODELS)}.")
            self._session = replace(self._session, model=model)

    def summary(self) -> Mapping[str, Any]:
        """Return what the log may know of the session."""
        return {
            "messages": self._session.received,
            "bytes": self._received_bytes,
            "seconds": round(self._line.open_s, 3),
        }

    async def run(self) -> None:
        """Talk until the client goes or the session has ended."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._session, ready = self._session.open()
                await self._say(ready)
                reading = tasks.create_task(self._read_all())
                answering = tasks.create_task(self._answer_all())
                await self._draining.wait()
                try:
                    async with asyncio.timeout(self._settings.drain_s):
                        await answering
                except TimeoutError:
                    log.warning("drain cut short")
                self._session, last = self._session.end()
                await self._say(last)
                await self._line.close(NORMAL_CLOSURE)
                reading.cancel()
        except* WebSocketDisconnect:
            pass  # what was still waiting goes with its session
        except* Exception as faults:
            for fault in faults.exceptions:
                log.error("stream failed", **describe(fault))  # noqa: TRY400 -- a traceback may hold media
            problem = Problem("ih1001", "The session ended because of a fault of the server.")
            await self.break_off(problem)

    def shut_down(self) -> None:
        """End soon, since the server is stopping."""
        if self._session.phase in {events.Phase.READY, events.Phase.STREAMING}:
            self._session = self._session.shut_down()
            self._drain()

    async def break_off(self, problem: Problem) -> None:
        """Say why, and close."""
        try:
            if self._session.phase is not events.Phase.ENDED:
                self._session, last = self._session.break_off(problem)
                await self._say(last)
            await self._line.close(problem.entry.close_code or INTERNAL_ERROR)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the socket is gone too

    # --- reading -----------------------------------------------------------------------------------

    async def _read_all(self) -> None:
        while True:
            message = await self._line.receive(self._backlog.room)
            if message is None:
                await self._look_at_the_clock()
            elif (data := message.get("bytes")) is not None:
                await self._take_media(data)
            else:
                await self._take_text(message.get("text") or "")

    async def _take_media(self, data: bytes) -> None:
        self._received_bytes += len(data)
        self._session, number, said = self._session.media(len(data))
        await self._say(said)
        if number is not None:
            self._backlog.put(Waiting(number, data, len(data), self._line.now()))
            if self._backlog.full:
                self._hurry.set()

    async def _take_text(self, text: str) -> None:
        self._session, said = self._session.text(text)
        await self._say(said)
        if self._session.phase is events.Phase.DRAINING:
            self._drain()

    async def _look_at_the_clock(self) -> None:
        if self._session.phase is events.Phase.DRAINING:
            self._line.keep_alive()
        elif self._line.is_over:
            await self._end_for(self._line.overtime(), "max_duration")
        elif not self._backlog.empty:
            self._line.keep_alive()  # we are the ones who are late, not the client
        elif self._line.is_idle:
            await self._end_for(self._line.silence(), "idle_timeout")

    async def _end_for(self, problem: Problem, reason: EndReason) -> None:
        self._session, said = self._session.time_over(problem, reason)
        await self._say(said)
        self._drain()

    def _drain(self) -> None:
        self._draining.set()
        self._hurry.set()
        self._backlog.close()

    # --- answering ---------------------------------------------------------------------------------

    async def _answer_all(self) -> None:
        """Answer for what waits until the line is closed and empty."""
        while await self._backlog.wait():
            await self._let_more_come()
            batch = self._take_waiting()
            self._began_s = self._line.now()
            await self._answer(batch)
            self._line.keep_alive()
            for waiting in batch:
                self._backlog.done(waiting)
        self._stream, rest = end_stream(self._stream)
        if rest is not None:
            await self._follow(rest, self._session.received, 1)

    async def _let_more_come(self) -> None:
        try:
            async with asyncio.timeout_at(self._began_s + TICK_S):
                await self._hurry.wait()
        except TimeoutError:
            return
        if not self._draining.is_set():
            self._hurry.clear()

    def _take_waiting(self) -> list[Waiting]:
        batch: list[Waiting] = []
        while (waiting := self._backlog.take()) is not None:
            batch.append(waiting)
        return batch

    async def _answer(self, batch: Sequence[Waiting]) -> None:
        numbers = [waiting.number for waiting in batch]
        for taken in await self._segments(batch):
            about, numbers = numbers[: taken.count], numbers[taken.count :]
            if taken.problem is not None:
                await self._refuse(about[0], taken.problem)
            elif taken.segment is not None:
                await self._follow(taken.segment, about[0], taken.count)
        log.debug(
            "media followed",
            messages=len(batch),
            bytes=sum(waiting.size_bytes for waiting in batch),
            waited_s=round(self._began_s - batch[0].arrived_s, 3),
            took_s=round(self._line.now() - self._began_s, 3),
        )

    async def _segments(self, batch: Sequence[Waiting]) -> list[Taken]:
        chunks = [waiting.data for waiting in batch]
        if self._session.audio_format is not None:
            rate_hz = self._session.audio_format.sample_rate
            self._odd_byte, segment = take_samples(self._odd_byte, b"".join(chunks), rate_hz)
            return [Taken(len(chunks), segment)]
        if sum(map(len, chunks)) <= QUICK_BYTES:
            self._stream, taken = take_chunks(self._stream, chunks)
        else:
            # Some containers take tens of milliseconds a megabyte, and every session shares this loop.
            self._stream, taken = await asyncio.to_thread(take_chunks, self._stream, chunks)
        return taken

    async def _follow(self, segment: Segment, number: int, count: int) -> None:
        limits = self._settings.segment_limits
        limits = replace(limits, min_duration_s=0.0, max_duration_s=count * limits.max_duration_s)
        try:
            if self._session.audio_format is None:
                check_container(segment)
            segment = replace(segment, sound_only=self._session.sound_only)
            self._analysis, progress = await self._engine.follow(self._analysis, segment, limits)
        except Problem as problem:
            await self._refuse(number, problem)
            return
        self._session, said = self._session.progress(progress)
        await self._say(said)

    async def _refuse(self, number: int, problem: Problem) -> None:
        log.info("media refused", segment=number, error_id=problem.error_id)
        self._session, said = self._session.refuse(number, problem)
        await self._say(said)

    # --- sending -----------------------------------------------------------------------------------

    async def _say(self, messages: Sequence[Data]) -> None:
        for message in messages:
            await self._line.send(encode(message, self._correlation_id, datetime.now(UTC)))
