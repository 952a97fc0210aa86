"""The shell around a session of v1, v2 or realtime: its socket, its queue and its clock.

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
from dataclasses import replace
from typing import Any, Final, cast

import structlog
from starlette.websockets import WebSocketDisconnect

from backchannel.config import Settings
from backchannel.engine.base import Piece
from backchannel.errors import Problem
from backchannel.media.stream.batch import Taken
from backchannel.protocol import events
from backchannel.protocol.event_messages import EndReason, Message
from backchannel.protocol.event_phases import Phase
from backchannel.protocol.products import reported_by
from backchannel.protocol.talk import Talk
from backchannel.server.access.limits import over_budget
from backchannel.server.access.meter import Meter
from backchannel.server.log import describe
from backchannel.server.services import Services
from backchannel.server.streams.backlog import Backlog, Waiting, parts
from backchannel.server.streams.connection import NORMAL_CLOSURE, POLICY_VIOLATION, SERVICE_RESTART
from backchannel.server.streams.door import check_container
from backchannel.server.streams.event_keeper import EventKeeper
from backchannel.server.streams.intake import Intake
from backchannel.server.streams.journal import Journal, SupersededError
from backchannel.server.streams.speaker import Speaker
from backchannel.server.streams.summary import summary_message
from backchannel.summary.so_far import StorySoFar
from backchannel.updates import Changes
from backchannel.values import Rules, Segment

TICK_S: Final = 0.5
QUICK_BYTES: Final = 64 * 1024
QUICK_MESSAGES: Final = 256

log = structlog.get_logger(__name__)


class EventStream:
    """One session of events: its socket, its queue and its clock.

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
        connection: Speaker,
        session: Talk,
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
        self._said: list[Message] = []  # about what is answered for; said with what follows
        self._keeper: EventKeeper | None = None
        # A client may ask for a summary until the end, so this is collected in any case. It is small.
        self._story = StorySoFar()

    def keep(self, journal: Journal, after: int) -> None:
        """Let the client resume the session, or go on with the one that it resumes.

        Parameters
        ----------
        after
            Number of the last message that the client has read.
        """
        self._keeper = keeper = EventKeeper(journal, self._connection, after)
        self._session, self._intake = keeper.resumed(self._session.line), keeper.intake
        self._story = StorySoFar(from_s=self._intake.reached_s)
        journal.held.give_way = self._give_way

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
            with self._shutdown.attend(self._shut_down):
                await self._talk()
        except* WebSocketDisconnect:
            pass  # what was still waiting goes with its session
        except* SupersededError:
            await self._connection.close(POLICY_VIOLATION)
        except* Problem as problems:
            # What it may use is used up, or its credential has been revoked.
            for problem in problems.exceptions[:1]:
                await self._break_off(cast("Problem", problem))
        except* Exception as faults:
            for fault in faults.exceptions:
                log.error("stream failed", **describe(fault))  # noqa: TRY400 -- a traceback may hold media
            await self._break_off(Problem("ih1001", "The session ended because of a fault of the server."))

    async def _talk(self) -> None:
        if await self._begin():
            return
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(self._read_all())
            answering = tasks.create_task(self._answer_all())
            await self._draining.wait()
            if self._suspended:
                reading.cancel()
            try:
                async with asyncio.timeout(self._finish_s):
                    await answering
            except TimeoutError:
                await self._answer_for_the_rest()
            reading.cancel()  # or it would take our own goodbye for the client's
            if self._suspended:
                await self._connection.close(SERVICE_RESTART)
            else:
                self._session, (*last, ended) = self._session.end()
                await self._say((*last, *self._summary(), ended))
                await self._connection.close(NORMAL_CLOSURE)

    def _summary(self) -> tuple[Message, ...]:
        """Return the session in plain words, if its client asked for it and anything was analysed."""
        if not isinstance(self._session, events.Session) or not self._session.include.summary:
            return ()
        summary = summary_message(self._story, reported_by(self._session.model))
        return () if summary is None else (summary,)

    async def _begin(self) -> bool:
        """Greet the client; returns whether the session has ended already."""
        if self._keeper is None:
            self._session, ready = self._session.open()
            await self._connection.say(ready)
            return False
        self._session, ready = self._session.open(self._keeper.resume)
        await self._keeper.begin(ready, self._now)
        return self._keeper.ended

    @property
    def _suspended(self) -> bool:
        """Whether the session goes on later, in another connection."""
        return self._keeper is not None and self._keeper.suspended

    @property
    def _finish_s(self) -> float:
        """How long what was accepted may still take, s."""
        if self._keeper is not None and self._connection.lost:
            return self._keeper.kept_s
        return self._settings.drain_s

    def _shut_down(self) -> None:
        """End soon, since the server is stopping."""
        if self._session.phase not in {Phase.READY, Phase.STREAMING}:
            return
        if self._keeper is None:
            self._session = self._session.shut_down()
        else:
            self._keeper.suspended = True
        self._drain()

    def _give_way(self) -> None:
        """Finish what is being analysed, since the session goes on in another connection."""
        if self._keeper is not None:
            self._keeper.suspended = True
        self._backlog.drop()
        self._drain()

    async def _break_off(self, problem: Problem) -> None:
        if self._keeper is not None:
            await self._keeper.forget()
        await self._connection.break_off(self._session, problem)

    # --- reading -----------------------------------------------------------------------------------

    async def _read_all(self) -> None:
        try:
            await self._read()
        except WebSocketDisconnect as gone:
            if self._keeper is None or not await self._keeper.outlives(gone.code):
                raise
            self._keeper.suspended = self._session.phase is not Phase.DRAINING
            self._drain()

    async def _read(self) -> None:
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
        number: int | None = None
        if self._keeper is not None and self._keeper.reads_again:
            number = self._keeper.next_again()
        else:
            self._session, number, said = self._session.media(len(data))
            if said and (self._keeper is None or self._session.phase is not Phase.STREAMING):
                await self._say(said)
            elif said and self._keeper is not None:
                # Its turn comes after what is before it, or it could be answered twice.
                number, data = self._keeper.refuse_later(self._session.received, said), b""
        if number is not None:
            self._backlog.put(Waiting(number, data, len(data), self._connection.now()))
            if self._backlog.full:
                self._hurry.set()

    async def _take_text(self, text: str) -> None:
        self._session, said = self._session.text(text)
        if self._session.phase is Phase.DRAINING and self._keeper is not None:
            said = self._keeper.close_once(said)
        await self._say(said)
        if self._session.phase is Phase.DRAINING:
            self._drain()

    async def _look_at_the_clock(self) -> None:
        if self._session.phase is Phase.DRAINING:
            self._connection.keep_alive()
        elif self._connection.is_over:
            await self._end_for(self._connection.overtime(), "max_duration")
        elif not self._backlog.empty:
            self._connection.keep_alive()  # we are the ones who are late, not the client
        elif self._connection.is_idle:
            await self._end_for(self._connection.silence(), "idle_timeout")

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
            if not (batch := self._take_waiting()):
                continue  # it was dropped meanwhile
            self._began_s = self._connection.now()
            await self._answer(batch)
            self._connection.keep_alive()
            for waiting in batch:
                self._backlog.done(waiting)
        if not self._suspended:
            await self._finish()

    async def _finish(self) -> None:
        """Analyse what only the end shows to be whole, and end every signal."""
        _, rest = self._intake.end()
        if rest is not None:
            rest = self._selected(rest)
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
        if self._keeper is not None:
            left = await self._read_again(left)
        for part in parts(left, () if self._keeper is None else self._keeper.refused):
            if self._keeper is not None and part[0].number in self._keeper.refused:
                self._said += self._keeper.refused.pop(part[0].number)
                self._intake = self._intake.answered(1, self._intake.stream, self._intake.odd_byte)
            else:
                await self._answer_part(part)
        if self._said or (self._keeper is not None and self._keeper.is_behind(self._intake)):
            await self._say(())
        if self._keeper is not None:
            await self._keeper.acknowledge()
        log.debug(
            "media followed",
            messages=len(batch),
            bytes=size_bytes,
            waited_s=round(self._began_s - batch[0].arrived_s, 3),
            took_s=round(self._connection.now() - self._began_s, 3),
        )

    async def _answer_part(self, batch: Sequence[Waiting]) -> None:
        left = list(batch)
        for taken, odd_byte in await self._pieces(batch):
            about = left[: taken.count]
            del left[: taken.count]
            if taken.problem is not None:
                self._refuse(about[0].number, taken.problem)
            elif taken.segment is not None:
                segment = self._selected(taken.segment)
                if self._is_late(about[-1]) and (left or not self._backlog.taken):
                    self._leave_out(segment, taken.count)
                else:
                    await self._follow(segment, about[0].number, taken.count)
            # Together with what was said about it: nothing is awaited in between.
            self._intake = self._intake.answered(taken.count, taken.after, odd_byte)
            if taken.segment is not None:
                await self._say(())

    def _selected(self, segment: Segment) -> Segment:
        """Have only what the session wants measured."""
        return replace(segment, sound_only=self._session.sound_only, picture_only=self._session.picture_only)

    async def _pieces(self, batch: Sequence[Waiting]) -> list[tuple[Taken, bytes]]:
        """Make segments of messages; what is late, and may be left out, is not joined with what is not.

        Returns each with the byte that it leaves for the next.
        """
        late = sum(self._is_late(waiting) for waiting in batch[:-1])
        intake, pieces = self._intake, []
        for part in (batch[:late], batch[late:]):
            if part:
                intake, taken = await self._segments(intake, part)
                pieces += [(one, intake.odd_byte) for one in taken]
        return pieces

    def _is_late(self, waiting: Waiting) -> bool:
        """Whether media has waited for too long, and because of all sessions rather than of its own."""
        waited_s = self._connection.now() - waiting.arrived_s
        return waited_s > self._settings.overload_wait_s and self._engine.overloaded

    def _leave_out(self, segment: Segment, messages: int) -> None:
        """Let media be. What is answered for next brings its time with it."""
        log.info("media left out", messages=messages, bytes=len(segment.data))
        self._intake = self._intake.skip(segment)

    async def _segments(self, intake: Intake, batch: Sequence[Waiting]) -> tuple[Intake, list[Taken]]:
        chunks, audio_format = [waiting.data for waiting in batch], self._session.audio_format
        if sum(map(len, chunks)) <= QUICK_BYTES and len(chunks) <= QUICK_MESSAGES:
            return intake.take(chunks, audio_format)
        # A megabyte, or thousands of messages, can take tens of ms, and every session shares this loop.
        return await asyncio.to_thread(intake.take, chunks, audio_format)

    async def _read_again(self, batch: Sequence[Waiting]) -> list[Waiting]:
        """Read messages that were answered for before the connection was lost; returns the new ones."""
        through = self._intake.through
        old = [waiting for waiting in batch if waiting.number <= through]
        if old:
            last = old[-1].number == through
            chunks = [one.data for one in old if 0 < one.size_bytes <= self._settings.max_message_bytes]
            self._intake = await asyncio.to_thread(self._intake.read_again, chunks, last=last)
        return list(batch[len(old) :])

    async def _follow(self, segment: Segment | None, number: int, count: int, *, ends: bool = False) -> bool:
        """Have a piece analysed, and note what to say of it; returns whether that could be done."""
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
                given=self._session.said.waiting if self._session.said else None,
            )
            analysis, changes = await self._engine.follow(self._intake.analysis, piece)
        except Problem as problem:
            self._refuse(number, over_budget(problem, left_s, longest_s))
            return False
        self._intake, video_s = self._intake.analysed(analysis, changes)
        self._meter.analysed(video_s)
        await self._note(changes)
        return True

    async def _note(self, changes: Changes) -> None:
        """Note what to say of a piece that was analysed."""
        self._story = self._story.after(changes)
        self._session, said = self._session.progress(changes)
        self._said += said

    async def _answer_for_the_rest(self) -> None:
        """Say from which message on media was accepted and not analysed, because that took too long."""
        log.warning("drain cut short")
        if (number := self._backlog.oldest) is not None and not self._suspended:
            limit = f"{self._settings.drain_s:g} s"
            self._refuse(
                number, Problem("ih1003", f"The analysis took longer than {limit} after the session closed.")
            )

    def _refuse(self, number: int, problem: Problem) -> None:
        log.info("media refused", segment=number, error_id=problem.error_id)
        self._session, said = self._session.refuse(number, problem)
        self._said += said

    # --- sending -----------------------------------------------------------------------------------

    async def _say(self, messages: Sequence[Message]) -> None:
        """Send messages, after those about what was answered for before."""
        said, self._said = (*self._said, *messages), []
        if self._keeper is None:
            await self._connection.say(said)
        else:
            await self._keeper.say(said, self._now)

    def _now(self) -> tuple[events.Session, Intake]:
        return self._session.line, self._intake
