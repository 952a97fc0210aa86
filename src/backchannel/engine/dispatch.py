"""Decide which worker does which job, when and for how long, and what happens if a worker is lost.

A piece of a minute takes as long as twelve pieces of 5 s, and a file of half an hour takes minutes. No short
piece must wait behind them. So pieces longer than `LONGEST_QUICK_S`, and files, have their own workers, which
start with the first such job and run at lower priority (`nice`) than the quick workers. Then a session waits
for a worker at most as long as the sessions before it take for one piece of that length each, whatever others
send. The alternatives are worse: with slices of long media each piece would wait for a slice, and a worker
reserved for short pieces needs a second worker.

This package knows jobs, replies and time. A carrier brings jobs to workers.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import msgspec
import structlog

from backchannel.config import Settings
from backchannel.engine.base import Carrier, File, OnBegun, Piece, Worker, WorkerLostError
from backchannel.engine.deadlines import Deadlines, HungError, run_in_time
from backchannel.engine.jobs import (
    Failed,
    FileDone,
    FileJob,
    Job,
    LiveState,
    PieceDone,
    PieceJob,
    Refused,
    Reply,
    TooLong,
)
from backchannel.engine.load_shedding import LoadShedding, Thresholds
from backchannel.engine.losses import Losses
from backchannel.engine.observer import JobKind, Observer, Unobserved
from backchannel.engine.pool import Pool, Wear
from backchannel.errors import Problem
from backchannel.updates import Changes
from backchannel.values import Phrase, Segment, SegmentResult, Span

SLOW_NICENESS: Final = 10
LONGEST_QUICK_S: Final = 10.0
"""A longer piece is not for the quick workers (judgement: twice the usual 5 s)."""
MOST_STREAMS_KNOWN: Final = 1024
"""Number of streams to remember the worker that holds their decoder."""

log = structlog.get_logger(__name__)


class Dispatcher:
    """Three pools of warm workers: for pieces, for long pieces, and for files. An `engine.base.Engine`.

    Parameters
    ----------
    settings
        Numbers of workers and their limits.
    carrier
        Starts the workers.
    thresholds
        When the analysis rate changes.
    """

    def __init__(self, settings: Settings, carrier: Carrier, thresholds: Thresholds | None = None) -> None:
        self._settings = settings
        wear = Wear(settings.worker_segments, settings.worker_rss_bytes)
        start_slow = partial(carrier.start, niceness=SLOW_NICENESS)
        self._pool = Pool(settings.workers, partial(carrier.start, niceness=0), wear)
        self._slow_pool = Pool(settings.file_workers, start_slow, wear)
        self._file_pool = Pool(settings.file_workers, start_slow, wear)
        self._runs: set[asyncio.Task[Reply]] = set()
        self._holders: OrderedDict[bytes, Worker] = OrderedDict()
        self._observer: Observer = Unobserved()
        self._load = LoadShedding(
            settings.workers,
            settings.overload_wait_s,
            lambda: asyncio.get_running_loop().time(),
            lambda: self.waiting_s,
            thresholds,
        )

    @property
    def ready(self) -> bool:
        """Whether at least one worker for pieces is warm."""
        return self._pool.ready

    @property
    def failed(self) -> bool:
        """Whether no worker for pieces runs, and in each place several starts in a row have failed."""
        return self._pool.failed

    @property
    def overloaded(self) -> bool:
        """Whether pieces wait too long for a worker even at the lowest analysis rate."""
        return self._load.overloaded

    @property
    def waiting_s(self) -> float:
        """Longest time that a piece has waited for a worker so far, s."""
        return self._pool.waiting_s

    @property
    def worker_ids(self) -> tuple[int, ...]:
        """Ids of the warm workers for pieces."""
        return self._pool.ids

    @property
    def slow_worker_ids(self) -> tuple[int, ...]:
        """Ids of the warm workers for long pieces."""
        return self._slow_pool.ids

    @property
    def file_worker_ids(self) -> tuple[int, ...]:
        """Ids of the warm workers for files."""
        return self._file_pool.ids

    @property
    def waiting(self) -> int:
        """Number of pieces that wait for a worker."""
        return self._pool.waiting + self._slow_pool.waiting

    def watch(self, observer: Observer) -> None:
        """Tell an observer of the work from now on, instead of the one before."""
        self._observer = observer

    async def start(self) -> None:
        """Begin to start the workers for pieces; returns at once."""
        self._pool.start()

    async def close(self) -> None:
        """End every worker. Running jobs are lost."""
        for run in self._runs:
            run.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)
        for pool in (self._pool, self._slow_pool, self._file_pool):
            await pool.close()

    # --- jobs --------------------------------------------------------------------------------------

    async def follow(self, state: LiveState, piece: Piece) -> tuple[LiveState, Changes]:
        """Analyse the next piece of a session; see `engine.base.Engine.follow`.

        When the caller is cancelled while it waits, nothing is analysed. When it is cancelled later, the
        worker finishes and the result is dropped, which is quicker than starting another worker.
        """
        job = PieceJob(
            state,
            piece.segment,
            piece.limits,
            LONGEST_QUICK_S,
            piece.closes_window,
            piece.skipped,
            piece.ends,
            piece.rules,
            piece.words,
            piece.given,
        )
        reply = await self._live(job, piece.owner)
        if isinstance(reply, PieceDone):
            heard = reply.changes.phrases if piece.given is None else ()
            self._note("live", reply.changes.results, heard, reply.changes.dropped)
            return reply.state, reply.changes
        raise _our_fault()

    async def inspect_file(self, file: File) -> float:
        """Open a file; see `engine.base.Engine.inspect_file`. Workers for pieces do it, as it is quick."""
        found: list[float] = []

        async def begun(duration_s: float) -> None:
            found.append(duration_s)

        await self._live(_file_job(file, inspect_only=True), file.owner, begun)
        return found[-1]

    async def analyze_file(self, file: File, on_begun: OnBegun) -> tuple[SegmentResult, ...]:
        """Analyse a file; see `engine.base.Engine.analyze_file`."""
        self._file_pool.start()
        settings = self._settings
        deadlines = Deadlines(settings.file_wall_min_s, settings.file_wall_min_s, settings.file_wall_factor)
        job = _file_job(file, inspect_only=False)
        losses = Losses()
        while not losses.enough:
            worker = await self._turn(self._file_pool, job, file.owner)
            try:
                reply = await self._run(worker, job, deadlines, on_begun)
            except WorkerLostError as lost:
                self._lose(worker, job, hung=False)
                losses.count(lost)
                continue
            except HungError:
                self._lose(worker, job, hung=True)
                break  # a file may take hours until then, so it is not tried again
            finally:
                self._file_pool.hand_out(worker)
            reply = _unless_refused(reply, job)
            if isinstance(reply, FileDone):
                heard = [phrase for result in reply.results for phrase in result.transcript]
                self._note("file", reply.results, heard if file.given is None else ())
                return reply.results
            break
        raise _our_fault()

    async def _live(self, job: Job, owner: str, on_begun: OnBegun | None = None) -> Reply:
        """Do a job soon, and again on another worker if the first one is lost.

        It begins with the quick workers. A job that is too long for them, or hung one of them, moves to the
        workers for long pieces, where it does not block others.
        """
        pool, losses = self._pool, Losses()
        while not losses.enough:
            worker = await self._turn(pool, job, owner)
            try:
                reply = await self._unheard(pool, worker, job, on_begun)
            except WorkerLostError as lost:
                self._lose(worker, job, hung=False)
                losses.count(lost)
                continue
            except HungError:
                self._lose(worker, job, hung=True)
                losses.died += 1
            else:
                if not isinstance(reply, TooLong):
                    self._remember(worker, job)
                    return _unless_refused(reply, job)
            pool, job = self._slow_pool, msgspec.structs.replace(job, longest_s=math.inf)
            pool.start()
        raise _our_fault()

    # --- workers -----------------------------------------------------------------------------------

    async def _turn(self, pool: Pool, job: Job, owner: str) -> Worker:
        """Wait for a worker, and note how long that took if it is a quick one."""
        asked_s = asyncio.get_running_loop().time()
        segment = job.segment
        holder = self._holders.pop(segment.continues, None) if segment and segment.continues else None
        worker = await pool.acquire(owner, holder)
        self._observer.waited(_kind(job), asyncio.get_running_loop().time() - asked_s)
        if pool is self._pool:
            self._load.waited(pool.since_warm_s(asked_s))
        return worker

    def _remember(self, worker: Worker, job: Job) -> None:
        """Remember which worker holds the decoder of a running stream."""
        if job.segment is not None and job.segment.reaches:
            self._holders[job.segment.reaches] = worker
            if len(self._holders) > MOST_STREAMS_KNOWN:
                self._holders.popitem(last=False)

    async def _unheard(self, pool: Pool, worker: Worker, job: Job, on_begun: OnBegun | None) -> Reply:
        """Let a worker finish, even if the caller is cancelled, and hand it out again."""
        settings = self._settings
        deadlines = Deadlines(settings.wall_min_s, settings.wall_min_s, settings.wall_factor)
        job = self._under_load(job)

        async def finished() -> Reply:
            exhausted = False
            if pool is self._pool:
                self._load.begin(worker)
            try:
                reply = await self._run(worker, job, deadlines, on_begun)
                exhausted = isinstance(reply, Failed) and reply.kind == MemoryError.__name__
                return reply
            finally:
                if pool is self._pool:
                    self._load.end(worker)
                pool.hand_out(worker, exhausted=exhausted)

        return await self._kept(finished())

    async def _kept(self, work: Coroutine[Any, Any, Reply]) -> Reply:
        run = asyncio.create_task(work)
        self._runs.add(run)
        run.add_done_callback(self._forget)
        return await asyncio.shield(run)

    def _forget(self, run: asyncio.Task[Reply]) -> None:
        self._runs.discard(run)
        if not run.cancelled():
            run.exception()  # or asyncio logs an exception that nobody retrieved

    def _under_load(self, job: Job) -> Job:
        """Set the analysis rate by the load, and use a second core if no other worker needs it."""
        alone = self._load.busy <= 1 < self._settings.workers
        limits = replace(job.limits, analysis_rate_hz=self._load.rate_hz, spare_core=alone)
        return msgspec.structs.replace(job, limits=limits)

    # --- what it tells -----------------------------------------------------------------------------

    async def _run(self, worker: Worker, job: Job, deadlines: Deadlines, on_begun: OnBegun | None) -> Reply:
        began_s = asyncio.get_running_loop().time()
        reply = await run_in_time(worker, job, deadlines, on_begun)
        self._observer.worked(_kind(job), asyncio.get_running_loop().time() - began_s)
        return reply

    def _note(
        self,
        kind: JobKind,
        results: Sequence[SegmentResult],
        phrases: Sequence[Phrase],
        dropped: Sequence[Span] = (),
    ) -> None:
        words = sum(len(phrase.words) for phrase in phrases if phrase.final)
        media_s = sum(result.span.duration_s for result in results)
        self._observer.analysed(kind, media_s, sum(gap.duration_s for gap in dropped), words)

    def _lose(self, worker: Worker, job: Job, *, hung: bool) -> None:
        log.warning("worker lost", worker=worker.id, hung=hung, bytes=_size_bytes(job))
        self._observer.lost(hung=hung)


def _file_job(file: File, *, inspect_only: bool) -> FileJob:
    segment = Segment(bytes(file.data), sound_only=file.sound_only)
    return FileJob(
        segment,
        file.limits,
        math.inf,
        file.needs_picture,
        file.needs_sound,
        inspect_only,
        file.rules,
        file.words,
        file.given,
    )


def _unless_refused(reply: Reply, job: Job) -> Reply:
    if isinstance(reply, Refused):
        raise Problem(reply.error_id, reply.message, reply.retry_after_s)
    if isinstance(reply, Failed):
        # No traceback: the exception's text may hold media.
        log.error("analysis failed", kind=reply.kind, place=reply.place, bytes=_size_bytes(job))
        raise _our_fault()
    return reply


def _kind(job: Job) -> JobKind:
    return "file" if isinstance(job, FileJob) else "live"


def _size_bytes(job: Job) -> int:
    return 0 if job.segment is None else len(job.segment.data)


def _our_fault() -> Problem:
    return Problem("ih1001", "The media could not be analysed because of a fault of the server.")
