"""Keep warm workers and hand them out in turn."""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from backchannel.engine.base import Worker, WorkerUnfitError
from backchannel.engine.line import Line
from backchannel.errors import Problem

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
FAILURES_TO_GIVE_UP: Final = 4
"""Starts in a row that fail before a place counts as failed: 3.5 s and the time of the starts (judgement).

A single start may fail for a reason that passes: the system is short of memory or processes for a moment,
or kills the worker that starts. Until then segments wait.
"""
PATIENCE_S: Final = 60.0
"""How long segments wait when workers ran before, so that the fault is likely to pass (judgement)."""
LONGEST_HOPEFUL_PAUSE_S: Final = 2.0
"""Meanwhile, starts are tried this often: one takes as long (judgement)."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wear:
    """How much a worker may do before another replaces it.

    Decoders and networks leave memory behind. It is hardly measurable, but it adds up over weeks. A new
    process takes two seconds of one core.

    Attributes
    ----------
    jobs
        Number of jobs it may do.
    memory_bytes
        Memory that it may still hold after a job.
    """

    jobs: int
    memory_bytes: int


class Place:
    """A worker's place in a pool.

    Attributes
    ----------
    worker
        The worker in this place.
    jobs
        How many jobs the worker has done.
    worn
        Set when another worker should replace it.
    """

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.jobs = 0
        self.worn = asyncio.Event()

    async def vacated(self) -> None:
        """Wait until the worker has ended or should be replaced."""
        waits = [asyncio.create_task(self.worker.ended()), asyncio.create_task(self._worn_out())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _worn_out(self) -> None:
        await self.worn.wait()


class Pool:
    """Keeps `size` warm workers, replaces those that die or wear out, and hands them out in turn.

    Parameters
    ----------
    size
        Number of workers.
    start
        Starts one and waits until it is warm.
    wear
        How much each may do.
    """

    def __init__(self, size: int, start: Callable[[], Awaitable[Worker]], wear: Wear) -> None:
        self._size = size
        self._start = start
        self._wear = wear
        self._places: dict[Worker, Place] = {}
        self._idle: deque[Worker] = deque()
        self._line = Line()
        self._leaving: set[Worker] = set()
        self._replacing = asyncio.Lock()
        self._warm_s = math.inf
        self._worked_s = -math.inf  # when the last worker was lost
        self._keepers: list[asyncio.Task[None]] = []
        self._unfit = 0

    @property
    def ready(self) -> bool:
        """Whether at least one worker is warm."""
        return bool(self._places)

    @property
    def failed(self) -> bool:
        """Whether no worker runs, and in each place several starts in a row have failed."""
        return not self._places and self._unfit >= self._size

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids of the warm workers."""
        return tuple(worker.id for worker in self._places)

    @property
    def waiting(self) -> int:
        """Number of callers that wait for a worker."""
        return len(self._line)

    @property
    def waiting_s(self) -> float:
        """Longest time that a caller has waited, s, while there was a warm worker."""
        asked_s = self._line.oldest_s
        return 0.0 if asked_s is None else self.since_warm_s(asked_s)

    def since_warm_s(self, asked_s: float) -> float:
        """Time since a request, s, without the time before the first worker was warm."""
        return max(0.0, asyncio.get_running_loop().time() - max(asked_s, self._warm_s))

    def start(self) -> None:
        """Start the workers, unless they have started; returns at once."""
        if not self._keepers:
            self._keepers = [asyncio.create_task(self._keep_one()) for _ in range(self._size)]

    async def close(self) -> None:
        """End every worker."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for worker in tuple(self._places):
            await worker.kill()
        self._places.clear()
        while (turn := self._line.next()) is not None:
            turn.cancel()

    # --- whose turn it is --------------------------------------------------------------------------

    async def acquire(self, owner: str, preferred: Worker | None = None) -> Worker:
        """Wait for a worker. The caller gives it back with `hand_out`.

        Parameters
        ----------
        owner
            For whom. Owners take turns.
        preferred
            The worker to take if it is idle: it still holds this stream's decoder. No caller waits for it.

        Raises
        ------
        Problem
            ``ih1003`` when no worker can be started, see `failed`.
        """
        if self.failed:
            raise _no_backend()
        if preferred is not None and preferred in self._idle:
            self._idle.remove(preferred)
            self._idle.appendleft(preferred)
        while self._idle:
            worker = self._idle.popleft()
            if worker.alive:
                return worker
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Worker] = loop.create_future()
        self._line.join(owner, loop.time(), turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._hand_on(turn.result())
            raise

    def hand_out(self, worker: Worker, *, exhausted: bool = False) -> None:
        """Give a worker that has finished a job to the caller whose turn it is.

        Parameters
        ----------
        exhausted
            It ran out of memory and will again, so another should replace it.
        """
        place = self._places.get(worker)
        if place is not None:
            place.jobs += 1
            if exhausted or place.jobs >= self._wear.jobs or worker.memory_bytes > self._wear.memory_bytes:
                place.worn.set()
        self._hand_on(worker)

    def _hand_on(self, worker: Worker) -> None:
        if not worker.alive:
            return
        if worker in self._leaving:
            worker.dismiss()
            return
        if (turn := self._line.next()) is not None:
            turn.set_result(worker)
        else:
            self._idle.append(worker)

    # --- keeping workers alive ---------------------------------------------------------------------

    async def _keep_one(self) -> None:
        """Keep one place filled for as long as the engine runs."""
        place = await self._fill()
        while True:
            await place.vacated()
            worker = place.worker
            if worker.alive:
                # One at a time, and the next one is warm before this one goes, so that nobody waits.
                async with self._replacing:
                    place = await self._fill()
                await self._let_go(worker)
            else:
                self._places.pop(worker, None)
                if not self._places:
                    self._worked_s = asyncio.get_running_loop().time()
                place = await self._fill()

    async def _fill(self) -> Place:
        """Start a worker, with as many attempts as needed, and hand it out."""
        pause_s = FIRST_PAUSE_S
        failures, given_up = 0, False
        while True:
            try:
                worker = await self._start()
            except WorkerUnfitError as unfit:
                log.error("worker unfit", reason=str(unfit), retry_in_s=pause_s)  # noqa: TRY400 -- said in one line
                failures += 1
                if not given_up and failures >= FAILURES_TO_GIVE_UP and not self._hopeful:
                    given_up = True
                    self._unfit += 1
                    self._give_up_if_failed()
                await asyncio.sleep(pause_s)
                longest_s = LONGEST_HOPEFUL_PAUSE_S if self._hopeful else LONGEST_PAUSE_S
                pause_s = min(2 * pause_s, longest_s)
                continue
            self._unfit -= given_up
            log.debug("worker ready", worker=worker.id)
            if not self._places:
                self._warm_s = asyncio.get_running_loop().time()
            place = self._places[worker] = Place(worker)
            self._hand_on(worker)
            return place

    @property
    def _hopeful(self) -> bool:
        """Whether no worker runs, but one did a moment ago."""
        return not self._places and asyncio.get_running_loop().time() - self._worked_s < PATIENCE_S

    async def _let_go(self, worker: Worker) -> None:
        """End a worker as soon as it has nothing to do."""
        log.debug("worker replaced", worker=worker.id)
        self._leaving.add(worker)
        if worker in self._idle:
            self._idle.remove(worker)
            worker.dismiss()
        await worker.ended()
        self._places.pop(worker, None)
        self._leaving.discard(worker)

    def _give_up_if_failed(self) -> None:
        if not self.failed:
            return
        while (turn := self._line.next()) is not None:
            turn.set_exception(_no_backend())


def _no_backend() -> Problem:
    return Problem("ih1003", "No analysis process can be started at the moment.", retry_after_s=30.0)
