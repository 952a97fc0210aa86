"""A number of warm workers, and whose turn it is."""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from backchannel.engine.process import WorkerProcess, WorkerUnfitError
from backchannel.errors import Problem

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0

log = structlog.get_logger(__name__)


class Pool:
    """Keeps `size` warm workers, replaces those that die or wear out, and hands them out in the order asked.

    Parameters
    ----------
    size
        Number of workers.
    start
        Starts one and waits until it is warm.
    """

    def __init__(self, size: int, start: Callable[[], Awaitable[WorkerProcess]]) -> None:
        self._size = size
        self._start = start
        self._workers: set[WorkerProcess] = set()
        self._idle: deque[WorkerProcess] = deque()
        self._waiting: deque[tuple[float, asyncio.Future[WorkerProcess]]] = deque()
        self._leaving: set[WorkerProcess] = set()
        self._replacing = asyncio.Lock()
        self._warm_s = math.inf
        self._keepers: list[asyncio.Task[None]] = []
        self._unfit = 0

    @property
    def ready(self) -> bool:
        """Whether at least one worker is warm."""
        return bool(self._workers)

    @property
    def failed(self) -> bool:
        """Whether no worker runs and each one's last start went wrong."""
        return not self._workers and self._unfit >= self._size

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the warm workers."""
        return tuple(worker.pid for worker in self._workers)

    @property
    def waiting_s(self) -> float:
        """How long the one who waits longest has waited while there was a worker to wait for, s."""
        now_s = asyncio.get_running_loop().time()
        asked_s = next((asked_s for asked_s, turn in self._waiting if not turn.done()), now_s)
        return self.since_warm_s(asked_s)

    def since_warm_s(self, asked_s: float) -> float:
        """Time since somebody asked, not counting when there was no warm worker yet, s."""
        return max(0.0, asyncio.get_running_loop().time() - max(asked_s, self._warm_s))

    def start(self) -> None:
        """Begin to start the workers, unless that was done before; returns at once."""
        if not self._keepers:
            self._keepers = [asyncio.create_task(self._keep_one()) for _ in range(self._size)]

    async def close(self) -> None:
        """End every worker."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for worker in tuple(self._workers):
            await worker.kill()
        self._workers.clear()
        for _, turn in self._waiting:
            turn.cancel()

    # --- whose turn it is --------------------------------------------------------------------------

    async def acquire(self) -> WorkerProcess:
        """Wait for a worker's turn; whoever gets one hands it out again.

        Raises
        ------
        Problem
            ``ih1003`` when no worker can be started.
        """
        if self.failed:
            raise _no_backend()
        while self._idle:
            worker = self._idle.popleft()
            if worker.alive:
                return worker
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[WorkerProcess] = loop.create_future()
        self._waiting.append((loop.time(), turn))
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.hand_out(turn.result())
            raise

    def hand_out(self, worker: WorkerProcess) -> None:
        """Give a worker to whoever waits longest."""
        if not worker.alive:
            return
        if worker in self._leaving:
            worker.dismiss()
            return
        while self._waiting:
            _, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(worker)
                return
        self._idle.append(worker)

    # --- keeping workers alive ---------------------------------------------------------------------

    async def _keep_one(self) -> None:
        """Keep one place filled for as long as the engine runs."""
        worker = await self._fill()
        while True:
            await worker.ended_or_worn()
            if worker.alive:
                # One at a time, and the next one is warm before this one goes: nobody waits for it.
                async with self._replacing:
                    following = await self._fill()
                await self._let_go(worker)
            else:
                self._workers.discard(worker)
                following = await self._fill()
            worker = following

    async def _fill(self) -> WorkerProcess:
        """Start a worker, however often it takes, and hand it out."""
        pause_s = FIRST_PAUSE_S
        fit = True
        while True:
            try:
                worker = await self._start()
            except WorkerUnfitError as unfit:
                log.error("worker unfit", reason=str(unfit), retry_in_s=pause_s)  # noqa: TRY400 -- said in one line
                self._unfit += fit
                fit = False
                self._give_up_if_failed()
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            self._unfit -= not fit
            log.debug("worker ready", pid=worker.pid)
            if not self._workers:
                self._warm_s = asyncio.get_running_loop().time()
            self._workers.add(worker)
            self.hand_out(worker)
            return worker

    async def _let_go(self, worker: WorkerProcess) -> None:
        """End a worker as soon as it has nothing to do."""
        log.debug("worker replaced", pid=worker.pid)
        self._leaving.add(worker)
        if worker in self._idle:
            self._idle.remove(worker)
            worker.dismiss()
        await worker.ended()
        self._workers.discard(worker)
        self._leaving.discard(worker)

    def _give_up_if_failed(self) -> None:
        if not self.failed:
            return
        while self._waiting:
            _, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(_no_backend())


def _no_backend() -> Problem:
    return Problem("ih1003", "No analysis process can be started at the moment.", retry_after_s=30.0)
