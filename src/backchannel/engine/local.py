"""The worker processes on this machine: some for live segments, others for long segments and for files.

A segment of a minute takes as long as twelve of the usual ones, a file of half an hour takes minutes, and no
usual segment must wait behind either. So segments longer than `LONGEST_QUICK_S`, and files, have workers of
their own, which start when the first one comes and stand back (`nice`) wherever a quick worker wants the
processor. Then a session waits for a worker at most as long as the sessions before it take for one segment of
that length each, whatever others send. Cutting long media into slices would keep each segment waiting for a
slice, and keeping a worker free of long ones needs a second worker.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

import structlog

from backchannel.config import Settings
from backchannel.engine.base import File, OnBegun
from backchannel.engine.jobs import LiveJob, SegmentJob
from backchannel.engine.load_shedding import Pace, Thresholds
from backchannel.engine.pool import Pool
from backchannel.engine.process import (
    AnalysisFailedError,
    Deadlines,
    MediaTooLongError,
    Wear,
    WorkerLostError,
    WorkerProcess,
    start_worker,
)
from backchannel.errors import Problem
from backchannel.values import MediaLimits, Progress, Segment, SegmentResult

ANALYSIS_MODULE: Final = "backchannel.engine.analysis"
SLOW_NICENESS: Final = 10
LONGEST_QUICK_S: Final = 10.0
"""A longer segment is not for the quick workers (judgement: twice the usual length)."""
MAX_LOSSES: Final = 2
"""A worker may be lost by no fault of its media, so that is tried once more; twice is no chance."""

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)


class LocalEngine:
    """Three pools of warm workers: for segments, for long ones, and for files.

    Parameters
    ----------
    settings
        Numbers of workers and their limits.
    module
        Module that does the work; a test may put its own in place.
    thresholds
        When pictures are looked at less often.
    """

    def __init__(
        self, settings: Settings, module: str = ANALYSIS_MODULE, thresholds: Thresholds | None = None
    ) -> None:
        self._settings = settings
        wear = Wear(settings.worker_segments, settings.worker_rss_bytes)
        start = partial(start_worker, module, settings.worker_memory_bytes, settings.worker_start_s, wear)
        start_slow = partial(start, niceness=SLOW_NICENESS)
        self._pool = Pool(settings.workers, start)
        self._slow_pool = Pool(settings.file_workers, start_slow)
        self._file_pool = Pool(settings.file_workers, start_slow)
        self._runs: set[asyncio.Task[Any]] = set()
        self._pace = Pace(
            settings.workers,
            settings.overload_wait_s,
            lambda: asyncio.get_running_loop().time(),
            lambda: self.waiting_s,
            thresholds,
        )

    @property
    def ready(self) -> bool:
        """Whether at least one worker for segments is warm."""
        return self._pool.ready

    @property
    def failed(self) -> bool:
        """Whether no worker for segments runs and each one's last start went wrong."""
        return self._pool.failed

    @property
    def overloaded(self) -> bool:
        """Whether segments wait too long for a worker although as little is looked at as may be."""
        return self._pace.overloaded

    @property
    def waiting_s(self) -> float:
        """How long the segment that waits longest has waited for a worker, s."""
        return self._pool.waiting_s

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the warm workers for segments."""
        return self._pool.pids

    @property
    def slow_pids(self) -> tuple[int, ...]:
        """Process ids of the warm workers for long segments."""
        return self._slow_pool.pids

    @property
    def file_pids(self) -> tuple[int, ...]:
        """Process ids of the warm workers for files."""
        return self._file_pool.pids

    async def start(self) -> None:
        """Begin to start the workers for segments; returns at once."""
        self._pool.start()

    async def close(self) -> None:
        """End every worker. What is being analysed is lost."""
        for run in self._runs:
            run.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)
        for pool in (self._pool, self._slow_pool, self._file_pool):
            await pool.close()

    async def analyze(
        self, state: bytes, segment: Segment, limits: MediaLimits
    ) -> tuple[bytes, SegmentResult]:
        """Analyse one segment; see `engine.base.Engine.analyze`.

        When the caller is cancelled while it waits, nothing is analysed. When it is cancelled later, the
        worker finishes unheard: that is sooner over than starting another one.
        """

        def call(worker: WorkerProcess, longest_s: float) -> Awaitable[tuple[bytes, SegmentResult]]:
            return worker.analyze(SegmentJob(state, segment, self._paced(limits), longest_s), self._deadlines)

        return await self._live(call, len(segment.data))

    async def follow(
        self, state: bytes, segment: Segment, limits: MediaLimits, left_out: Sequence[Segment] = ()
    ) -> tuple[bytes, Progress]:
        """Follow a live session; see `engine.base.Engine.follow`. Cancelled, it goes on like `analyze`."""

        def call(worker: WorkerProcess, longest_s: float) -> Awaitable[tuple[bytes, Progress]]:
            job = LiveJob(state, segment, self._paced(limits), longest_s, tuple(left_out))
            return worker.follow(job, self._deadlines)

        return await self._live(call, len(segment.data))

    async def inspect_file(self, file: File) -> float:
        """Open a file; see `engine.base.Engine.inspect_file`. Workers for segments can spare that moment."""
        found: list[float] = []

        async def begun(duration_s: float) -> None:
            found.append(duration_s)

        async def inspect(worker: WorkerProcess, _longest_s: float) -> float:
            await worker.analyze_file(file, self._deadlines, begun, inspect_only=True)
            return found[-1]

        return await self._live(inspect, len(file.data))

    async def analyze_file(self, file: File, on_begun: OnBegun) -> tuple[SegmentResult, ...]:
        """Analyse a file; see `engine.base.Engine.analyze_file`."""
        self._file_pool.start()
        settings = self._settings
        deadlines = Deadlines(settings.file_wall_min_s, settings.file_wall_min_s, settings.file_wall_factor)

        for _ in range(MAX_LOSSES):
            worker = await self._file_pool.acquire()
            try:
                return await worker.analyze_file(file, deadlines, on_begun)
            except WorkerLostError as loss:
                log.warning("worker lost", pid=worker.pid, hung=loss.hung, bytes=len(file.data))
                if loss.hung:
                    break  # a file may take hours until then: not twice
            except AnalysisFailedError as fault:
                _log_fault(fault, len(file.data))
                break
            finally:
                self._file_pool.hand_out(worker)
        raise _our_fault()

    @property
    def _deadlines(self) -> Deadlines:
        settings = self._settings
        return Deadlines(settings.wall_min_s, settings.wall_min_s, settings.wall_factor)

    def _paced(self, limits: MediaLimits) -> MediaLimits:
        """Have as much looked at as the load allows; and by two cores, where no other worker wants one."""
        alone = self._pace.busy <= 1 < self._settings.workers
        return replace(limits, analysis_rate_hz=self._pace.rate_hz, spare_core=alone)

    async def _live(
        self, call: Callable[[WorkerProcess, float], Awaitable[Answer]], size_bytes: int
    ) -> Answer:
        """Have a segment analysed, and once more elsewhere when its worker is lost.

        Begins among the quick workers. What is too long for them, and what hung one of them, goes on among
        those for long segments, where it is in nobody's way.
        """
        pool, longest_s, losses = self._pool, LONGEST_QUICK_S, 0
        while losses < MAX_LOSSES:
            worker = await self._turn(pool)
            try:
                return await self._unheard(pool, worker, partial(call, worker, longest_s))
            except MediaTooLongError:
                pool, longest_s = self._slow_pool, math.inf
            except WorkerLostError as loss:
                log.warning("worker lost", pid=worker.pid, hung=loss.hung, bytes=size_bytes)
                losses += 1
                if loss.hung:
                    pool, longest_s = self._slow_pool, math.inf
            except AnalysisFailedError as fault:
                _log_fault(fault, size_bytes)
                break
            if pool is self._slow_pool:
                pool.start()
        raise _our_fault()

    async def _turn(self, pool: Pool) -> WorkerProcess:
        """Wait for a worker, and note how long that took if it is a quick one."""
        asked_s = asyncio.get_running_loop().time()
        worker = await pool.acquire()
        if pool is self._pool:
            self._pace.waited(pool.since_warm_s(asked_s))
        return worker

    async def _unheard(
        self, pool: Pool, worker: WorkerProcess, work: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Let a worker finish, even if the caller is cancelled, and hand it out again."""

        async def finished() -> Answer:
            if pool is self._pool:
                self._pace.begin(worker)
            try:
                return await work()
            finally:
                if pool is self._pool:
                    self._pace.end(worker)
                pool.hand_out(worker)

        run = asyncio.create_task(finished())
        self._runs.add(run)
        run.add_done_callback(self._forget)
        return await asyncio.shield(run)

    def _forget(self, run: asyncio.Task[Any]) -> None:
        self._runs.discard(run)
        if not run.cancelled():
            run.exception()  # a run whose caller has gone would complain that nobody asked


def _log_fault(fault: AnalysisFailedError, size_bytes: int) -> None:
    # No traceback: the exception's text may hold media.
    log.error("analysis failed", kind=fault.kind, place=fault.place, bytes=size_bytes)


def _our_fault() -> Problem:
    return Problem("ih1001", "The media could not be analysed because of a fault of the server.")
