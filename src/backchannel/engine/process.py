"""Carry jobs to processes on this machine, through pipes. The policy is in `dispatch`."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import structlog

from backchannel.engine.base import OnBegun, WorkerLostError, WorkerUnfitError
from backchannel.engine.jobs import MAX_REPLY_BYTES, Begun, Job, Ready, Reply, Unfit, decode_reply, encode
from backchannel.engine.process_main import LENGTH

WORK_MODULE: Final = "backchannel.engine.worker"
PIECE_BYTES: Final = 256 * 1024
ENDS_WITHIN_S: Final = 1.0
"""A process ends at once when it has closed its pipe (judgement)."""
ARENAS: Final = "2"
"""Heaps of the C library in a worker. By default each of its short-lived threads may take another one, and
memory grew from 480 to 690 MB in fifteen segments with words; with two it stays (measured)."""
PAGE_BYTES: Final = os.sysconf("SC_PAGESIZE")

log = structlog.get_logger(__name__)


class ProcessWorker:
    """A warm worker process; see `engine.base.Worker`.

    Parameters
    ----------
    process
        Its process, which has reported that it is ready.
    """

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def id(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs, as far as is known."""
        return self._process.returncode is None

    @property
    def memory_bytes(self) -> int:
        """Resident memory; 0 if the system does not report it."""
        try:
            return int(Path(f"/proc/{self.id}/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES
        except (OSError, ValueError):
            return 0

    async def run(self, job: Job, on_begun: OnBegun) -> Reply:
        """Do a job; see `engine.base.Worker.run`."""
        try:
            await _send(self._process, job)
            reply = await _receive(self._process)
            if isinstance(reply, Begun):
                await on_begun(reply.duration_s)
                reply = await _receive(self._process)
        except (OSError, EOFError):
            await self.close()
            raise WorkerLostError(killed=self._process.returncode == -signal.SIGKILL) from None
        except msgspec.MsgspecError:
            await self.kill()
            raise WorkerLostError from None
        except BaseException:
            # Cancelled, too late, or `on_begun` raised: the worker is busy with a job that nobody needs.
            await self.kill()
            raise
        return reply

    async def ended(self) -> None:
        """Wait until the process has ended."""
        await self._process.wait()

    def dismiss(self) -> None:
        """Let the process end by itself: there are no more jobs."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def close(self) -> None:
        """Wait until a process that closed its pipe has ended. To kill it now could lose its exit code."""
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End the process now and wait until it is gone."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()


class ProcessCarrier:
    """Starts worker processes; see `engine.base.Carrier`.

    Parameters
    ----------
    memory_bytes
        Memory that a worker may allocate in addition to its warm state.
    start_s
        Longest time to start, s.
    module
        Dotted name of the module whose ``make_worker()`` does the work.
    sandboxed
        Whether warm workers lose the network, files and programs; see `engine.sandbox`.
    words
        The network for words that every worker loads: a folder, or `engine.jobs.PACKAGED`; empty for none.
    """

    def __init__(
        self,
        memory_bytes: int,
        start_s: float,
        module: str = WORK_MODULE,
        *,
        sandboxed: bool = True,
        words: str = "",
    ) -> None:
        self._memory_bytes = memory_bytes
        self._start_s = start_s
        self._module = module
        self._sandboxed = sandboxed
        self._words = words
        self._exposure_logged = False

    async def start(self, *, niceness: int) -> ProcessWorker:
        """Start a process and wait until it is warm; see `engine.base.Carrier.start`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # never import files from the working directory
            "-m",
            "backchannel.engine.process_main",
            self._module,
            str(self._memory_bytes),
            str(niceness),
            "on" if self._sandboxed else "off",
            *([self._words] if self._words else ()),
            stdin=PIPE,
            stdout=PIPE,
            # The server handles terminal signals; see process_main.
            start_new_session=True,
            env=_environment(),
        )
        worker = ProcessWorker(process)
        try:
            async with asyncio.timeout(self._start_s):
                reply = await _receive(process)
        except TimeoutError:
            await worker.kill()
            raise WorkerUnfitError(f"not ready after {self._start_s:g} s") from None
        except (OSError, EOFError):
            await worker.close()
            raise WorkerUnfitError("ended while starting") from None
        except msgspec.MsgspecError:
            await worker.kill()
            raise WorkerUnfitError("spoke out of turn") from None
        except asyncio.CancelledError:
            await worker.kill()
            raise
        if isinstance(reply, Ready):
            self._log_exposure(reply.exposed)
            return worker
        await worker.kill()
        raise WorkerUnfitError(reply.reason if isinstance(reply, Unfit) else "spoke out of turn")

    def _log_exposure(self, reason: str) -> None:
        """Log once that workers run without a sandbox."""
        if reason and not self._exposure_logged:
            self._exposure_logged = True
            log.warning("workers without sandbox", reason=reason)


def _environment() -> dict[str, str]:
    # A worker needs no settings, and no keys from the operator's environment.
    passed = {name: value for name, value in os.environ.items() if not name.startswith("BACKCHANNEL_")}
    return {"MALLOC_ARENA_MAX": ARENAS, **passed}


async def _send(process: Process, job: Job) -> None:
    if process.stdin is None:
        raise EOFError("started without a pipe")
    body = encode(job)
    process.stdin.write(LENGTH.pack(len(body)))
    # In pieces, because a full pipe copies everything that it gets.
    view = memoryview(body)
    for start in range(0, len(view), PIECE_BYTES):
        process.stdin.write(view[start : start + PIECE_BYTES])
        await process.stdin.drain()


async def _receive(process: Process) -> Reply:
    if process.stdout is None:
        raise EOFError("started without a pipe")
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    if length > MAX_REPLY_BYTES:
        raise EOFError("the reply is too large")
    return decode_reply(await process.stdout.readexactly(length))
