"""Two kinds of workers for the same tests: processes, and threads of the test itself."""

import asyncio
import importlib
import itertools
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn, Protocol

from backchannel.config import Settings
from backchannel.engine.base import Carrier, OnBegun, WorkerLostError, WorkerUnfitError
from backchannel.engine.dispatch import Dispatcher
from backchannel.engine.jobs import (
    Begun,
    Job,
    Reply,
    decode_job,
    decode_reply,
    encode,
    reply_of,
)
from backchannel.engine.load_shedding import Thresholds
from backchannel.engine.process import ProcessCarrier
from tests.engine.faulty import FaultyWorker, Place

FAULTY = "tests.engine.faulty"


class Carriage(Protocol):
    """A kind of workers, and what a test may do to them from outside."""

    def carrier(self, settings: Settings, module: str) -> Carrier: ...

    def kill(self, worker_id: int) -> None: ...

    def alive(self, worker_id: int) -> bool: ...

    def niceness(self, worker_id: int) -> int: ...


@asynccontextmanager
async def started(
    carriage: Carriage,
    workers: int = 1,
    module: str = FAULTY,
    thresholds: Thresholds | None = None,
    **settings: Any,
) -> AsyncIterator[Dispatcher]:
    """An engine with faulty workers, for as long as the block lasts."""
    chosen = Settings(workers=workers, **settings)
    engine = Dispatcher(chosen, carriage.carrier(chosen, module), thresholds)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


class Processes:
    """Workers as the server has them."""

    def carrier(self, settings: Settings, module: str) -> Carrier:
        return ProcessCarrier(settings.worker_memory_bytes, settings.worker_start_s, module, sandboxed=False)

    def kill(self, worker_id: int) -> None:
        os.kill(worker_id, signal.SIGKILL)

    def alive(self, worker_id: int) -> bool:
        try:
            os.kill(worker_id, 0)
        except ProcessLookupError:
            return False
        return True

    def niceness(self, worker_id: int) -> int:
        return os.getpriority(os.PRIO_PROCESS, worker_id)


class Threads:
    """Workers that are threads of this process: what a second carrier needs, and no more."""

    def __init__(self) -> None:
        self._workers: dict[int, ThreadWorker] = {}

    def carrier(self, settings: Settings, module: str) -> Carrier:
        return ThreadCarrier(settings.worker_memory_bytes, module, self._workers)

    def kill(self, worker_id: int) -> None:
        self._workers[worker_id].end()

    def alive(self, worker_id: int) -> bool:
        return self._workers[worker_id].alive

    def niceness(self, worker_id: int) -> int:
        return self._workers[worker_id].niceness


class Gone(BaseException):
    """A worker in a thread has died: nothing that it does may catch this."""


class ThreadPlace(Place):
    """A thread: it dies by itself, and can be left to itself."""

    def __init__(self, worker_id: int, memory_bytes: int) -> None:
        super().__init__(worker_id)
        self._memory_bytes = memory_bytes

    def die(self) -> NoReturn:
        raise Gone

    def allocate(self, size_bytes: int) -> None:
        if size_bytes > self._memory_bytes:
            raise MemoryError


class ThreadWorker:
    """Does each job in a thread; see `engine.base.Worker`."""

    def __init__(self, place: ThreadPlace, work: FaultyWorker, niceness: int) -> None:
        self._place = place
        self._work = work
        self._ended = asyncio.Event()
        self._replies = asyncio.Queue[bytes]()
        self.niceness = niceness

    @property
    def id(self) -> int:
        return self._place.id

    @property
    def alive(self) -> bool:
        return not self._ended.is_set()

    @property
    def memory_bytes(self) -> int:
        return sum(map(len, self._work.kept))

    async def run(self, job: Job, on_begun: OnBegun) -> Reply:
        if not self.alive:
            raise WorkerLostError(killed=self._place.gone.is_set())
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._in_thread, args=(encode(job), loop), daemon=True).start()
        try:
            reply = await self._receive()
            if isinstance(reply, Begun):
                await on_begun(reply.duration_s)
                reply = await self._receive()
        except BaseException:
            self.end()
            raise
        return reply

    async def ended(self) -> None:
        await self._ended.wait()

    def dismiss(self) -> None:
        self.end()

    async def kill(self) -> None:
        self.end()

    def end(self) -> None:
        self._place.gone.set()
        self._ended.set()
        self._replies.put_nowait(b"")

    async def _receive(self) -> Reply:
        body = await self._replies.get()
        if not body:
            raise WorkerLostError(killed=self._place.gone.is_set())
        return decode_reply(body)

    def _in_thread(self, body: bytes, loop: asyncio.AbstractEventLoop) -> None:
        def send(reply: bytes) -> None:
            if not self._place.gone.is_set():
                loop.call_soon_threadsafe(self._replies.put_nowait, reply)

        try:
            reply = self._work.run(decode_job(body), lambda duration_s: send(encode(Begun(duration_s))))
        except Gone:
            send(b"")
        except Exception as error:
            send(encode(reply_of(error)))
        else:
            send(encode(reply))


class ThreadCarrier:
    """Starts them; see `engine.base.Carrier`."""

    _ids = itertools.count(1)

    def __init__(self, memory_bytes: int, module: str, workers: dict[int, ThreadWorker]) -> None:
        self._memory_bytes = memory_bytes
        self._module = module
        self._workers = workers

    async def start(self, *, niceness: int) -> ThreadWorker:
        place = ThreadPlace(next(self._ids), self._memory_bytes)
        try:
            work = importlib.import_module(self._module).make_worker(place)
        except Exception as error:
            raise WorkerUnfitError(f"{type(error).__name__}: {error}") from None
        worker = self._workers[place.id] = ThreadWorker(place, work, niceness)
        return worker
