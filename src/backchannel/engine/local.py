"""The worker processes on this machine: some for live segments, others for files.

A file of half an hour takes minutes, and a live segment must not wait behind it. So files have workers of
their own, which start with the first file and stand back (`nice`) wherever a live segment wants the
processor. Cutting files into slices for the live workers would keep each segment waiting for a slice, and
with one worker there would be no place to keep free.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar

import structlog

from backchannel.config import Settings
from backchannel.engine.base import File, OnBegun
from backchannel.engine.frames import LiveJob, SegmentJob
from backchannel.engine.pool import Pool
from backchannel.engine.process import (
    AnalysisFailedError,
    Deadlines,
    WorkerLostError,
    WorkerProcess,
    start_worker,
)
from backchannel.errors import Problem
from backchannel.model import MediaLimits, Progress, Segment, SegmentResult

ANALYSIS_MODULE: Final = "backchannel.engine.analysis"
FILE_NICENESS: Final = 10

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)


class LocalEngine:
    """Two pools of warm workers, one for segments and one for files.

    Parameters
    ----------
    settings
        Numbers of workers and their limits.
    module
        Module that does the work; a test may put its own in place.
    """

    def __init__(self, settings: Settings, module: str = ANALYSIS_MODULE) -> None:
        self._settings = settings
        start = partial(start_worker, module, settings.worker_memory_bytes, settings.worker_start_s)
        self._pool = Pool(settings.workers, start)
        self._file_pool = Pool(settings.file_workers, partial(start, niceness=FILE_NICENESS))
        self._runs: set[asyncio.Task[Any]] = set()

    @property
    def ready(self) -> bool:
        """Whether at least one worker for segments is warm."""
        return self._pool.ready

    @property
    def failed(self) -> bool:
        """Whether no worker for segments runs and each one's last start went wrong."""
        return self._pool.failed

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the warm workers for segments."""
        return self._pool.pids

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
        await self._pool.close()
        await self._file_pool.close()

    async def analyze(
        self, state: bytes, segment: Segment, limits: MediaLimits
    ) -> tuple[bytes, SegmentResult]:
        """Analyse one segment; see `engine.base.Engine.analyze`.

        When the caller is cancelled meanwhile, the worker finishes unheard: that is sooner over than
        starting another one.
        """
        job = SegmentJob(state, segment, limits)
        return await self._live(lambda worker: worker.analyze(job, self._deadlines), len(segment.data))

    async def follow(self, state: bytes, segment: Segment, limits: MediaLimits) -> tuple[bytes, Progress]:
        """Follow a live session; see `engine.base.Engine.follow`. Cancelled, it goes on like `analyze`."""
        job = LiveJob(state, segment, limits)
        return await self._live(lambda worker: worker.follow(job, self._deadlines), len(segment.data))

    async def inspect_file(self, file: File) -> float:
        """Open a file; see `engine.base.Engine.inspect_file`. Workers for segments can spare that moment."""
        found: list[float] = []

        async def begun(duration_s: float) -> None:
            found.append(duration_s)

        async def inspect(worker: WorkerProcess) -> float:
            await worker.analyze_file(file, self._deadlines, begun, inspect_only=True)
            return found[-1]

        return await self._live(inspect, len(file.data))

    async def analyze_file(self, file: File, on_begun: OnBegun) -> tuple[SegmentResult, ...]:
        """Analyse a file; see `engine.base.Engine.analyze_file`."""
        self._file_pool.start()
        settings = self._settings
        deadlines = Deadlines(settings.file_wall_min_s, settings.file_wall_min_s, settings.file_wall_factor)

        async def attempt(worker: WorkerProcess) -> tuple[SegmentResult, ...]:
            try:
                return await worker.analyze_file(file, deadlines, on_begun)
            finally:
                self._file_pool.hand_out(worker)

        return await _twice(self._file_pool, attempt, len(file.data))

    @property
    def _deadlines(self) -> Deadlines:
        settings = self._settings
        return Deadlines(settings.wall_min_s, settings.wall_min_s, settings.wall_factor)

    async def _live(self, call: Callable[[WorkerProcess], Awaitable[Answer]], size_bytes: int) -> Answer:
        async def finished(worker: WorkerProcess) -> Answer:
            try:
                return await call(worker)
            finally:
                self._pool.hand_out(worker)

        async def attempt(worker: WorkerProcess) -> Answer:
            run = asyncio.create_task(finished(worker))
            self._runs.add(run)
            run.add_done_callback(self._forget)
            return await asyncio.shield(run)

        return await _twice(self._pool, attempt, size_bytes)

    def _forget(self, run: asyncio.Task[Any]) -> None:
        self._runs.discard(run)
        if not run.cancelled():
            run.exception()  # a run whose caller has gone would complain that nobody asked


async def _twice(
    pool: Pool, attempt: Callable[[WorkerProcess], Awaitable[Answer]], size_bytes: int
) -> Answer:
    """Try once more when a worker dies: it may not have been the media's fault."""
    for _ in range(2):
        worker = await pool.acquire()
        try:
            return await attempt(worker)
        except WorkerLostError as loss:
            log.warning("worker lost", pid=worker.pid, hung=loss.hung, bytes=size_bytes)
            if loss.hung:
                break
        except AnalysisFailedError as fault:
            # No traceback: the exception's text may hold media.
            log.error("analysis failed", kind=fault.kind, place=fault.place, bytes=size_bytes)  # noqa: TRY400
            break
    raise Problem("ih1001", "The media could not be analysed because of a fault of the server.")
