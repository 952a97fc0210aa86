"""`WS /v1/stream/analyze` and `WS /v2/stream/analyze`: the shell around `protocol.events`.

As on v0 one task reads and another answers. Here the one that answers takes everything that waits at once,
and not more often than every `TICK_S`, since each analysis has its price and recorders may send many small
chunks; a client that sends at the pace of life is answered at least every second of its media.

When its line of waiting media is full the socket is not read, as on v0. But when the whole server has more to
do than it can, what has waited for too long is left out: it is read, so that the stream can continue after
it, and its time passes, but it is not analysed. The client gets `coverage.dropped`, and later media is
analysed in time, which matters most in a live session.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, cast
from urllib.parse import parse_qs

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from backchannel.config import Settings
from backchannel.engine.base import Piece
from backchannel.errors import Problem
from backchannel.media.stream.batch import Taken
from backchannel.protocol import events
from backchannel.protocol.event_messages import Data, EndReason, encode
from backchannel.protocol.include import Include, include_of_query
from backchannel.protocol.products import MODELS, PICTURE_AND_SOUND, ModelName, model_named, reported_by
from backchannel.server.access.admission import check
from backchannel.server.access.auth import read_offer
from backchannel.server.access.limits import capped, over_budget
from backchannel.server.access.meter import Meter
from backchannel.server.log import describe
from backchannel.server.services import Services
from backchannel.server.streams.backlog import Backlog, Waiting
from backchannel.server.streams.connection import INTERNAL_ERROR, NORMAL_CLOSURE, Connection
from backchannel.server.streams.door import UNAUTHORISED, check_container, deny, place
from backchannel.server.streams.intake import Intake
from backchannel.server.streams.summary import summary_message
from backchannel.store import STREAM_SCOPE
from backchannel.summary.so_far import StorySoFar
from backchannel.values import Rules, Segment

TICK_S: Final = 0.5
QUICK_BYTES: Final = 64 * 1024
QUICK_MESSAGES: Final = 256

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
    session = events.Session(version, services.links, _limits(services.settings), _include(websocket))
    refused: Problem | None = None
    await websocket.receive()
    async with AsyncExitStack() as held:
        try:
            offer = read_offer(websocket.headers.get("authorization"), websocket.scope["subprotocols"])
            principal = await check(websocket, offer, STREAM_SCOPE)
            settings = capped(services.settings, principal)
            rules = services.rules_for(principal.key)
            session = replace(
                session,
                limits=_limits(settings),
                model=_model(websocket, version),
                policy=rules.policy,
                words=services.listens_to(websocket.url.query),
            )
            await held.enter_async_context(place(services, principal))
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
            await _Speaker(websocket, services.settings).break_off(session, refused)
            return
        speaker = _Speaker(websocket, settings)
        stream = EventStream(speaker, session, services, principal.key.id, settings, meter, rules)
        log.info("stream opened", version=version, key=principal.id, token=principal.token_id)
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


class _Speaker(Connection):
    """A line on which events are said.

    Parameters
    ----------
    websocket
        An accepted connection.
    settings
        Limits.
    """

    def __init__(self, websocket: WebSocket, settings: Settings) -> None:
        super().__init__(websocket, settings)
        self._correlation_id: str = websocket.state.correlation_id

    async def say(self, messages: Sequence[Data]) -> None:
        """Send messages."""
        for message in messages:
            await self.send(encode(message, self._correlation_id, datetime.now(UTC)))

    async def break_off(self, session: events.Session, problem: Problem) -> None:
        """Say why a session is broken off, and close."""
        try:
            if session.phase is not events.Phase.ENDED:
                await self.say(session.break_off(problem)[1])
            await self.close(problem.entry.close_code or INTERNAL_ERROR)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the socket is gone too


class EventStream:
    """One v1 or v2 session: its socket, its queue and its clock.

    Parameters
    ----------
    connection
        Its socket.
    session
        The protocol's state.
    services
        Where media is analysed.
    owner
        The key that it belongs to.
    settings
        Limits, those of the client token among them.
    meter
        Counts what the session uses.
    rules
        How its media is interpreted.
    """

    def __init__(
        self,
        connection: _Speaker,
        session: events.Session,
        services: Services,
        owner: str,
        settings: Settings,
        meter: Meter,
        rules: Rules,
    ) -> None:
        self._owner = owner
        self._connection = connection
        self._session = session
        self._engine = services.engine
        self._meter = meter
        self._settings = settings
        self._rules = rules
        self._backlog = Backlog(settings, small_counts_less=True)
        self._shutdown = services.shutdown
        self._draining = asyncio.Event()
        self._hurry = asyncio.Event()
        self._received_bytes = 0
        self._began_s = -TICK_S
        self._intake = Intake()
        # A client may ask for a summary until the end, so this is collected in any case. It is small.
        self._story = StorySoFar()

    def summary(self) -> Mapping[str, Any]:
        """Return what the log may know of the session."""
        return {
            "messages": self._session.received,
            "bytes": self._received_bytes,
            "seconds": round(self._connection.open_s, 3),
        }

    async def run(self) -> None:
        """Talk until the client goes or the session has ended."""
        try:
            self._session, ready = self._session.open()
            with self._shutdown.attend(self._shut_down):
                await self._talk(ready)
        except* WebSocketDisconnect:
            pass  # what was still waiting goes with its session
        except* Problem as problems:
            # What it may use is used up, or its credential has been revoked.
            for problem in problems.exceptions[:1]:
                await self._connection.break_off(self._session, cast("Problem", problem))
        except* Exception as faults:
            for fault in faults.exceptions:
                log.error("stream failed", **describe(fault))  # noqa: TRY400 -- a traceback may hold media
            problem = Problem("ih1001", "The session ended because of a fault of the server.")
            await self._connection.break_off(self._session, problem)

    async def _talk(self, ready: Sequence[Data]) -> None:
        async with asyncio.TaskGroup() as tasks:
            await self._connection.say(ready)
            reading = tasks.create_task(self._read_all())
            answering = tasks.create_task(self._answer_all())
            await self._draining.wait()
            try:
                async with asyncio.timeout(self._settings.drain_s):
                    await answering
            except TimeoutError:
                await self._answer_for_the_rest()
            summary = summary_message(self._story, reported_by(self._session.model))
            self._session, last = self._session.end(summary)
            await self._connection.say(last)
            await self._connection.close(NORMAL_CLOSURE)
            reading.cancel()

    def _shut_down(self) -> None:
        """End soon, since the server is stopping."""
        if self._session.phase in {events.Phase.READY, events.Phase.STREAMING}:
            self._session = self._session.shut_down()
            self._drain()

    # --- reading -----------------------------------------------------------------------------------

    async def _read_all(self) -> None:
        while True:
            message = await self._connection.receive(self._backlog.room)
            if message is None:
                await self._look_at_the_clock()
            elif (data := message.get("bytes")) is not None:
                await self._take_media(data)
            else:
                await self._take_text(message.get("text") or "")

    async def _take_media(self, data: bytes) -> None:
        self._received_bytes += len(data)
        self._session, number, said = self._session.media(len(data))
        await self._connection.say(said)
        if number is not None:
            self._backlog.put(Waiting(number, data, len(data), self._connection.now()))
            if self._backlog.full:
                self._hurry.set()

    async def _take_text(self, text: str) -> None:
        self._session, said = self._session.text(text)
        await self._connection.say(said)
        if self._session.phase is events.Phase.DRAINING:
            self._drain()

    async def _look_at_the_clock(self) -> None:
        if self._session.phase is events.Phase.DRAINING:
            self._connection.keep_alive()
        elif self._connection.is_over:
            await self._end_for(self._connection.overtime(), "max_duration")
        elif not self._backlog.empty:
            self._connection.keep_alive()  # we are the ones who are late, not the client
        elif self._connection.is_idle:
            await self._end_for(self._connection.silence(), "idle_timeout")

    async def _end_for(self, problem: Problem, reason: EndReason) -> None:
        self._session, said = self._session.time_over(problem, reason)
        await self._connection.say(said)
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
            self._began_s = self._connection.now()
            await self._answer(batch)
            self._connection.keep_alive()
            for waiting in batch:
                self._backlog.done(waiting)
        self._intake, rest = self._intake.end()
        if rest is not None:
            rest = replace(rest, sound_only=self._session.sound_only)
        ended = rest is not None and await self._follow(rest, self._session.received, 1, ends=True)
        if not ended and self._intake.analysis.conversation:
            await self._follow(None, self._session.received, 1, ends=True)

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
        size_bytes = sum(waiting.size_bytes for waiting in batch)
        await self._meter.charge(size_bytes)
        left = list(batch)
        for taken in await self._pieces(batch):
            about = left[: taken.count]
            del left[: taken.count]
            if taken.problem is not None:
                await self._refuse(about[0].number, taken.problem)
            elif taken.segment is not None:
                segment = replace(taken.segment, sound_only=self._session.sound_only)
                if self._is_late(about[-1]) and (left or not self._backlog.taken):
                    self._leave_out(segment, taken.count)
                else:
                    await self._follow(segment, about[0].number, taken.count)
        log.debug(
            "media followed",
            messages=len(batch),
            bytes=size_bytes,
            waited_s=round(self._began_s - batch[0].arrived_s, 3),
            took_s=round(self._connection.now() - self._began_s, 3),
        )

    async def _pieces(self, batch: Sequence[Waiting]) -> list[Taken]:
        """Make segments of messages; what is late, and may be left out, is not joined with what is not."""
        late = sum(self._is_late(waiting) for waiting in batch[:-1])
        return [
            taken for part in (batch[:late], batch[late:]) if part for taken in await self._segments(part)
        ]

    def _is_late(self, waiting: Waiting) -> bool:
        """Whether media has waited for too long, and because of all sessions rather than of its own."""
        waited_s = self._connection.now() - waiting.arrived_s
        return waited_s > self._settings.overload_wait_s and self._engine.overloaded

    def _leave_out(self, segment: Segment, messages: int) -> None:
        """Let media be. What is answered for next brings its time with it."""
        log.info("media left out", messages=messages, bytes=len(segment.data))
        self._intake = self._intake.skip(segment)

    async def _segments(self, batch: Sequence[Waiting]) -> list[Taken]:
        chunks, audio_format = [waiting.data for waiting in batch], self._session.audio_format
        if sum(map(len, chunks)) <= QUICK_BYTES and len(chunks) <= QUICK_MESSAGES:
            self._intake, taken = self._intake.take(chunks, audio_format)
        else:
            # A megabyte, or thousands of messages, can take tens of ms, and every session shares this loop.
            self._intake, taken = await asyncio.to_thread(self._intake.take, chunks, audio_format)
        return taken

    async def _follow(self, segment: Segment | None, number: int, count: int, *, ends: bool = False) -> bool:
        """Have a piece analysed, and say what it changed; returns whether that could be done."""
        longest_s = count * self._settings.max_segment_s
        left_s = None if segment is None else await self._meter.left_s()
        max_s = longest_s if left_s is None else min(longest_s, left_s)
        limits = replace(self._settings.segment_limits, min_duration_s=0.0, max_duration_s=max_s)
        try:
            if segment is not None and self._session.audio_format is None:
                check_container(segment)
            skipped = self._intake.skipped
            piece = Piece(
                segment,
                limits,
                skipped=skipped,
                ends=ends,
                owner=self._owner,
                rules=self._rules,
                words=self._session.words,
            )
            analysis, changes = await self._engine.follow(self._intake.analysis, piece)
        except Problem as problem:
            await self._refuse(number, over_budget(problem, left_s, longest_s))
            return False
        self._intake, video_s = self._intake.analysed(analysis, changes)
        self._meter.analysed(video_s)
        self._story = self._story.after(changes)
        self._session, said = self._session.progress(changes)
        await self._connection.say(said)
        return True

    async def _answer_for_the_rest(self) -> None:
        """Say from which message on media was accepted and not analysed, because that took too long."""
        log.warning("drain cut short")
        if (number := self._backlog.oldest) is not None:
            limit = f"{self._settings.drain_s:g} s"
            await self._refuse(
                number, Problem("ih1003", f"The analysis took longer than {limit} after the session closed.")
            )

    async def _refuse(self, number: int, problem: Problem) -> None:
        log.info("media refused", segment=number, error_id=problem.error_id)
        self._session, said = self._session.refuse(number, problem)
        await self._connection.say(said)
