"""The pool of worker processes on this machine."""

import asyncio
from collections import deque
from typing import Final

import structlog

from backchannel.config import Settings
from backchannel.engine.frames import Job
from backchannel.engine.process import (
    AnalysisFailedError,
    WorkerLostError,
    WorkerProcess,
    WorkerUnfitError,
    start_worker,
)
from backchannel.errors import Problem
from backchannel.model import MediaLimits, Segment, SegmentResult

ANALYSIS_MODULE: Final = "backchannel.engine.analysis"
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0

log = structlog.get_logger(__name__)


class LocalEngine:
    """Keeps `workers` warm processes, replaces those that die, and hands them out in the order asked.

    Parameters
    ----------
    settings
        Number of workers and their limits.
    module
        Module that does the work; a test may put its own in place.
    """

    def __init__(self, settings: Settings, module: str = ANALYSIS_MODULE) -> None:
        self._settings = settings
        self._module = module
        self._workers: set[WorkerProcess] = set()
        self._idle: deque[WorkerProcess] = deque()
        self._waiting: deque[asyncio.Future[WorkerProcess]] = deque()
        self._keepers: list[asyncio.Task[None]] = []
        self._runs: set[asyncio.Task[tuple[bytes, SegmentResult]]] = set()
        self._unfit = 0

    @property
    def ready(self) -> bool:
        """Whether at least one worker is warm."""
        return bool(self._workers)

    @property
    def failed(self) -> bool:
        """Whether no worker runs and each one's last start went wrong."""
        return not self._workers and self._unfit >= self._settings.workers

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the warm workers."""
        return tuple(worker.pid for worker in self._workers)

    async def start(self) -> None:
        """Begin to start the workers; returns at once."""
        self._keepers = [asyncio.create_task(self._keep_one()) for _ in range(self._settings.workers)]

    async def close(self) -> None:
        """End every worker. What is being analysed is lost."""
        tasks = [*self._keepers, *self._runs]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for worker in tuple(self._workers):
            await worker.kill()
        self._workers.clear()
        for waiter in self._waiting:
            waiter.cancel()

    async def analyze(
        self, state: bytes, segment: Segment, limits: MediaLimits
    ) -> tuple[bytes, SegmentResult]:
        """Analyse one segment; see `engine.base.Engine.analyze`.

        When the caller is cancelled meanwhile, the worker finishes unheard: that is sooner over than
        starting another one.
        """
        job = Job(state, segment, limits)
        for _ in range(2):
            worker = await self._acquire()
            run = asyncio.create_task(self._run(worker, job))
            self._runs.add(run)
            run.add_done_callback(self._forget)
            try:
                return await asyncio.shield(run)
            except WorkerLostError as loss:
                log.warning("worker lost", pid=worker.pid, hung=loss.hung, bytes=len(segment.data))
                if loss.hung:
                    break
            except AnalysisFailedError as fault:
                # No traceback: the exception's text may hold media.
                log.error("analysis failed", kind=fault.kind, place=fault.place, bytes=len(segment.data))  # noqa: TRY400
                break
        raise Problem("ih1001", "This segment could not be analysed because of a fault of the server.")

    async def _run(self, worker: WorkerProcess, job: Job) -> tuple[bytes, SegmentResult]:
        try:
            return await worker.run(job, self._settings.wall_min_s, self._deadline_s)
        finally:
            self._hand_out(worker)

    def _forget(self, run: asyncio.Task[tuple[bytes, SegmentResult]]) -> None:
        self._runs.discard(run)
        if not run.cancelled():
            run.exception()  # a run whose caller has gone would complain that nobody asked

    def _deadline_s(self, duration_s: float) -> float:
        return max(self._settings.wall_min_s, self._settings.wall_factor * duration_s)

    # --- whose turn it is --------------------------------------------------------------------------

    async def _acquire(self) -> WorkerProcess:
        if self.failed:
            raise _no_backend()
        while self._idle:
            worker = self._idle.popleft()
            if worker.alive:
                return worker
        turn: asyncio.Future[WorkerProcess] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._hand_out(turn.result())
            raise

    def _hand_out(self, worker: WorkerProcess) -> None:
        if not worker.alive:
            return
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(worker)
                return
        self._idle.append(worker)

    # --- keeping workers alive ---------------------------------------------------------------------

    async def _keep_one(self) -> None:
        """Keep one place filled for as long as the engine runs."""
        pause_s = FIRST_PAUSE_S
        fit = True
        while True:
            try:
                worker = await start_worker(
                    self._module, self._settings.worker_memory_bytes, self._settings.worker_start_s
                )
            except WorkerUnfitError as unfit:
                log.error("worker unfit", reason=str(unfit), retry_in_s=pause_s)  # noqa: TRY400 -- said in one line
                self._unfit += fit
                fit = False
                self._give_up_if_failed()
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            self._unfit -= not fit
            fit, pause_s = True, FIRST_PAUSE_S
            log.debug("worker ready", pid=worker.pid)
            self._workers.add(worker)
            self._hand_out(worker)
            await worker.ended()
            self._workers.discard(worker)

    def _give_up_if_failed(self) -> None:
        if not self.failed:
            return
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(_no_backend())


def _no_backend() -> Problem:
    return Problem("ih1003", "No analysis process can be started at the moment.", retry_after_s=30.0)
