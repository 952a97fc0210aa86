"""`WS /v0/stream/analyze`: moves bytes between one socket, the protocol and the engine.

Two tasks share a session. One reads: it numbers each message, says `processing` and queues the media; when
the queue is full it stops reading, and TCP holds the client back. The other answers, one segment after the
other, since each needs the state that the one before it left.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Final

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from backchannel.engine.base import Piece
from backchannel.errors import Problem
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.protocol import v0
from backchannel.protocol.include import include_of_query
from backchannel.protocol.resume import resume_of_query
from backchannel.server.access.admission import check
from backchannel.server.access.auth import Principal, read_offer
from backchannel.server.access.limits import capped, over_budget
from backchannel.server.access.meter import Meter
from backchannel.server.log import describe
from backchannel.server.services import Services
from backchannel.server.shutdown import stopping
from backchannel.server.streams.backlog import Backlog, Waiting
from backchannel.server.streams.connection import (
    INTERNAL_ERROR,
    NORMAL_CLOSURE,
    POLICY_VIOLATION,
    SERVICE_RESTART,
    Connection,
)
from backchannel.server.streams.door import check_container, deny, place
from backchannel.server.streams.intake import Intake
from backchannel.server.streams.journal import Journal, SupersededError
from backchannel.server.streams.resuming import resumable
from backchannel.server.streams.segment_keeper import SegmentKeeper
from backchannel.store import STREAM_SCOPE
from backchannel.values import Segment, SegmentResult

SMALLEST_HEADER_BYTES: Final = 32
QUICK_BYTES: Final = 64 * 1024

log = structlog.get_logger(__name__)


async def stream_v0(websocket: WebSocket) -> None:
    """Admit a client and hold its session; or refuse it with an HTTP answer, before any frame."""
    services: Services = websocket.app.state.services
    # ASGI has the client's wish to connect read first, whatever the answer.
    await websocket.receive()
    async with AsyncExitStack() as held:
        try:
            offer = read_offer(websocket.headers.get("authorization"), websocket.scope["subprotocols"])
            principal = await check(websocket, offer, STREAM_SCOPE)
            asked = resume_of_query(websocket.url.query)
            journal = await held.enter_async_context(resumable(services, principal, "v0", asked))
            resumed = journal is not None and journal.resumed is not None
            place_id = await held.enter_async_context(place(services, principal, resumed=resumed))
            if journal is not None:
                await journal.connect(place_id)
            meter = await held.enter_async_context(services.limits.metered(principal))
        except Problem as problem:
            await deny(websocket, problem)
            return
        session = v0.Session(
            correlation_id=websocket.state.correlation_id,
            include=include_of_query(websocket.url.query),
            links=services.links,
            max_message_bytes=services.settings.max_message_bytes,
        )
        stream = SegmentStream(websocket, session, services, principal, meter)
        if journal is not None:
            stream.keep(journal, asked.after if asked else 0)
        try:
            await websocket.accept(offer.subprotocol, stream.headers())
        except OSError:
            return
        log.info("stream resumed" if resumed else "stream opened", key=principal.id, token=principal.token_id)
        try:
            await stream.run()
        finally:
            log.info("stream closed", key=principal.id, **stream.summary())


class SegmentStream:
    """The shell around one `v0.Session`: its socket, its queue and its clock.

    Parameters
    ----------
    websocket
        An accepted connection.
    session
        The protocol's state.
    services
        Where segments are analysed.
    principal
        Whose session it is.
    meter
        Counts what it uses.
    """

    def __init__(
        self,
        websocket: WebSocket,
        session: v0.Session,
        services: Services,
        principal: Principal,
        meter: Meter,
    ) -> None:
        settings = capped(services.settings, principal)
        self._websocket = websocket
        self._connection = Connection(websocket, settings)
        self._keeper: SegmentKeeper | None = None
        self._backlog = Backlog(settings)
        self._session = session
        self._engine = services.engine
        self._meter = meter
        self._settings = settings
        self._rules = services.rules_for(principal.key)
        self._words = services.listens_to(principal.key, websocket.url.query)
        self._owner = principal.key.id
        self._shutdown = services.shutdown
        self._stopping = False
        self._received_bytes = 0
        self._intake = Intake()

    def keep(self, journal: Journal, after: int) -> None:
        """Let the client resume the session, or go on with the one that it resumes.

        Parameters
        ----------
        after
            Number of the last message that the client has read.
        """
        open_s = 0.0 if journal.resumed is None else journal.resumed.open_s
        self._connection = Connection(self._websocket, self._settings, open_s=open_s, outlived=True)
        self._keeper = SegmentKeeper(journal, self._connection, after)
        self._session, self._intake = self._keeper.resumed(self._session), self._keeper.intake
        journal.held.give_way = self._give_way

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers of the handshake's answer that say how to resume the session."""
        return [] if self._keeper is None else self._keeper.headers()

    def summary(self) -> Mapping[str, Any]:
        """Return what the log may know of the session."""
        return {
            "segments": self._session.received,
            "unanswered": self._session.pending,
            "bytes": self._received_bytes,
            "seconds": round(self._connection.open_s, 3),
        }

    async def run(self) -> None:
        """Talk until the client goes or the session's time is over."""
        try:
            with self._shutdown.attend(self._shut_down):
                if self._keeper is not None:
                    await self._keeper.begin(self._now)
                async with asyncio.TaskGroup() as tasks:
                    answering = tasks.create_task(self._answer_all())
                    ending = await self._read_all()
                    answering.cancel()
                await self._end(ending)
        except* WebSocketDisconnect:
            pass  # what was still waiting goes with its session
        except* SupersededError:
            await self._connection.close(POLICY_VIOLATION)
        except* Exception as faults:
            for fault in faults.exceptions:
                log.error("stream failed", **describe(fault))  # noqa: TRY400 -- a traceback may hold media
            await self._break_off()

    async def _end(self, ending: Problem) -> None:
        if self._keeper is not None:
            if self._stopping or self._connection.lost:
                await self._connection.close(SERVICE_RESTART)
                return
            await self._keeper.forget()
        await self._refuse_the_rest(ending)
        self._session, error = self._session.end(ending)
        await self._send(error)
        await self._connection.close(ending.entry.close_code or NORMAL_CLOSURE)

    def _shut_down(self) -> None:
        """End soon, since the server is stopping."""
        self._stopping = True
        self._connection.stop_receiving()

    def _give_way(self) -> None:
        """Finish what is being analysed, since the session goes on in another connection."""
        self._backlog.drop()
        self._shut_down()

    # --- reading -----------------------------------------------------------------------------------

    async def _read_all(self) -> Problem:
        """Read until the session's time is over; returns why."""
        try:
            return await self._read()
        except WebSocketDisconnect as gone:
            if self._keeper is None or not await self._keeper.outlives(gone.code):
                raise
            # What was accepted is answered; the client gets it when it resumes the session.
            await self._drain(self._keeper.kept_s)
            return stopping()

    async def _read(self) -> Problem:
        while True:
            message = await self._connection.receive(self._backlog.room)
            if message is not None:
                try:
                    await self._meter.charge(len(message.get("bytes") or b""))
                except Problem as spent:
                    return spent
                await self._take(message)
            elif (ending := await self._time_over()) is not None:
                return ending

    async def _take(self, message: Mapping[str, Any]) -> None:
        data: bytes | None = message.get("bytes")
        if data is None:
            self._session, errors = self._session.text(message.get("text") or "")
            if errors:
                log.debug("text refused", error_id=errors[0].error_id)
                await self._say(errors)
            return
        self._received_bytes += len(data)
        if self._keeper is not None and self._keeper.reads_again:
            number = self._keeper.next_again()
            self._backlog.put(Waiting(number, data, len(data), self._connection.now()))
            return
        self._session, arrival = self._session.media(len(data))
        # Before the queue has it: nothing may be said of a segment before `processing`.
        await self._send(arrival.message)
        # What will not be analysed is let go of now, not when its turn comes.
        kept = b"" if arrival.problem else data
        self._backlog.put(Waiting(arrival.number, kept, len(data), self._connection.now(), arrival.problem))

    # --- answering ---------------------------------------------------------------------------------

    async def _answer_all(self) -> None:
        while await self._backlog.wait():
            waiting = self._backlog.take()
            if waiting is not None:
                if waiting.number <= self._intake.through:
                    await self._read_again(waiting)
                else:
                    await self._answer(waiting)
                self._connection.keep_alive()
                self._backlog.done(waiting)

    async def _answer(self, waiting: Waiting) -> None:
        began_s = self._connection.now()
        outcome = "completed"
        messages: tuple[v0.Result | v0.Completed | v0.Error, ...]
        intake, stream, result = self._intake, self._intake.stream, None
        try:
            stream, segment = await self._segment(waiting)
            if segment is not None:
                intake, result = await self._analyze(segment)
            self._session, messages = self._session.answer(waiting.number, result)
        except Problem as problem:
            outcome = problem.error_id
            self._session, error = self._session.refuse(waiting.number, problem)
            messages = (error,)
        # Together with the session: nothing is awaited in between.
        self._intake = intake.answered(1, stream)
        await self._say(messages)
        log.info(
            "segment answered",
            segment=waiting.number,
            outcome=outcome,
            bytes=waiting.size_bytes,
            waited_s=round(began_s - waiting.arrived_s, 3),
            took_s=round(self._connection.now() - began_s, 3),
        )

    async def _read_again(self, waiting: Waiting) -> None:
        """Read a segment that was answered for before the connection was lost."""
        last = waiting.number == self._intake.through
        chunks = [waiting.data] if 0 < waiting.size_bytes <= self._settings.max_message_bytes else []
        self._intake = await asyncio.to_thread(self._intake.read_again, chunks, last=last)

    async def _segment(self, waiting: Waiting) -> tuple[StreamState, Segment | None]:
        """Return the stream after a message, and its media; None when it held none yet."""
        if waiting.problem is not None:
            raise waiting.problem
        if len(waiting.data) <= QUICK_BYTES:
            stream, segment = continue_stream(self._intake.stream, waiting.data)
        else:
            # Some containers take tens of milliseconds a megabyte, and every session shares this loop.
            stream, segment = await asyncio.to_thread(continue_stream, self._intake.stream, waiting.data)
        if segment is None:
            _check_header(stream, waiting.data)
        else:
            check_container(segment)
        return stream, segment

    async def _analyze(self, segment: Segment) -> tuple[Intake, SegmentResult]:
        """Analyse a segment; returns the intake after it. A problem leaves it as it was."""
        limits = self._settings.segment_limits
        left_s = await self._meter.left_s()
        if left_s is not None:
            limits = replace(limits, max_duration_s=min(limits.max_duration_s, left_s))
        try:
            piece = Piece(
                segment,
                limits,
                closes_window=True,
                owner=self._owner,
                rules=self._rules,
                words=self._words,
                given=self._session.said.waiting if self._session.said else None,
            )
            analysis, changes = await self._engine.follow(self._intake.analysis, piece)
        except Problem as problem:
            raise over_budget(problem, left_s, self._settings.max_segment_s) from None
        intake, _ = self._intake.analysed(analysis, changes)
        result = changes.results[-1]
        self._meter.analysed(result.span.duration_s)
        return intake, result

    # --- time --------------------------------------------------------------------------------------

    async def _time_over(self) -> Problem | None:
        """Say why the session ends now, or None when it does not."""
        if self._stopping or self._connection.is_over:
            await self._drain(self._settings.drain_s)
            return stopping() if self._stopping else self._connection.overtime()
        if not self._backlog.empty:
            # We are the ones who are late, not the client.
            self._connection.keep_alive()
            return None
        return self._connection.silence() if self._connection.is_idle else None

    async def _drain(self, limit_s: float) -> None:
        """Answer what was accepted, and accept no more."""
        if self._session.phase is v0.Phase.OPEN:
            self._session = self._session.drain()
        try:
            async with asyncio.timeout(limit_s):
                await self._backlog.join()
        except TimeoutError:
            log.warning("drain cut short", unanswered=self._session.pending)

    async def _refuse_the_rest(self, ending: Problem) -> None:
        """Answer for the segments that were accepted and will not be analysed: what ends the session."""
        while self._session.pending:
            self._session, error = self._session.refuse(self._session.answered + 1, ending)
            await self._send(error)

    # --- sending -----------------------------------------------------------------------------------

    async def _say(self, messages: Sequence[v0.Result | v0.Completed | v0.Error]) -> None:
        """Send messages; with numbers and kept, if the session can be resumed."""
        if self._keeper is not None:
            self._count_errors(messages)
            await self._keeper.say(messages, self._now)
            return
        for message in messages:
            await self._send(message)

    def _now(self) -> tuple[v0.Session, Intake]:
        return self._session, self._intake

    async def _send(self, message: v0.Message) -> None:
        self._count_errors((message,))
        await self._connection.send(v0.encode(message))

    def _count_errors(self, messages: Sequence[v0.Message]) -> None:
        for message in messages:
            if isinstance(message, v0.Error):
                self._connection.count_error(message.error_id)

    async def _break_off(self) -> None:
        problem = Problem("ih1001", "The session ended because of a fault of the server.")
        if self._keeper is not None:
            await self._keeper.forget()
        try:
            if self._session.phase is not v0.Phase.ENDED:
                self._session, error = self._session.end(problem)
                await self._send(error)
            await self._connection.close(INTERNAL_ERROR)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the socket is gone too


def _check_header(stream: StreamState, data: bytes) -> None:
    # The beginning of a header is set aside until the rest comes; but on v0 a message is a whole segment,
    # and a few bytes that only might begin one are not worth the wait.
    if stream.stream is None and len(data) < SMALLEST_HEADER_BYTES:
        raise Problem("ih5004", f"The {len(data)} bytes are too few to be media. Send one whole segment.")
