"""One worker process, seen from the server: start it, give it a job, or end it."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec

from backchannel.engine.frames import (
    LENGTH,
    MAX_REPLY_BYTES,
    Begun,
    Done,
    Failed,
    Job,
    Ready,
    Refused,
    Reply,
    Unfit,
    decode_reply,
    encode,
)
from backchannel.errors import Problem
from backchannel.model import SegmentResult

_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""There is a worker for each core; more threads would only get in each other's way."""


class WorkerLostError(Exception):
    """The worker died, hung, or said what no worker says. It has been ended.

    Attributes
    ----------
    hung
        It was ended because it took too long, so the same job would hang the next one too.
    """

    def __init__(self, reason: str, *, hung: bool = False) -> None:
        super().__init__(reason)
        self.hung = hung


class WorkerUnfitError(Exception):
    """The worker could not start; the text says why."""


class WorkerProcess:
    """A warm worker. Takes one job at a time.

    Parameters
    ----------
    process
        Its process, which has said that it is ready.
    """

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs, as far as is known."""
        return self._process.returncode is None

    async def ended(self) -> None:
        """Wait until the process has ended."""
        await self._process.wait()

    async def run(
        self, job: Job, first_deadline_s: float, deadline_s: Callable[[float], float]
    ) -> tuple[bytes, SegmentResult]:
        """Have a job done.

        Parameters
        ----------
        job
            The segment and its state.
        first_deadline_s
            How long the worker may take to receive and to open the media, s.
        deadline_s
            From the media's duration, s, to how long the rest may take, s.

        Raises
        ------
        Problem
            The media is bad, or the analysis has a fault (ih1001).
        WorkerLostError
            The worker is gone; it may be worth another try.
        """
        try:
            async with asyncio.timeout(first_deadline_s) as limit:
                await _send(self._process, job)
                reply = await _receive(self._process)
                if isinstance(reply, Begun):
                    limit.reschedule(asyncio.get_running_loop().time() + deadline_s(reply.duration_s))
                    reply = await _receive(self._process)
        except TimeoutError:
            await self.kill()
            raise WorkerLostError("took too long", hung=True) from None
        except (OSError, EOFError, msgspec.MsgspecError):
            await self.kill()
            raise WorkerLostError("died") from None
        match reply:
            case Done():
                return reply.state, reply.result
            case Refused():
                raise Problem(reply.error_id, reply.message, reply.retry_after_s)
            case Failed():
                raise AnalysisFailedError(reply.kind, reply.place)
        await self.kill()
        raise WorkerLostError("spoke out of turn")

    async def kill(self) -> None:
        """End the process now and wait until it is gone."""
        await _end(self._process)


class AnalysisFailedError(Exception):
    """The analysis has a fault of ours; the worker itself is well."""

    def __init__(self, kind: str, place: str) -> None:
        super().__init__(f"{kind} at {place}")
        self.kind = kind
        self.place = place


async def start_worker(module: str, memory_bytes: int, start_s: float) -> WorkerProcess:
    """Start a worker and wait until it is warm.

    Parameters
    ----------
    module
        Dotted name of the module that does the work.
    memory_bytes
        What it may allocate beyond what it holds warm.
    start_s
        How long it may take, s.

    Raises
    ------
    WorkerUnfitError
        It did not get warm.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # whatever lies in the working directory is not to be imported
        "-m",
        "backchannel.engine.worker",
        module,
        str(memory_bytes),
        stdin=PIPE,
        stdout=PIPE,
        # Terminal signals are the server's business; see worker.main.
        start_new_session=True,
        env=_environment(),
    )
    try:
        async with asyncio.timeout(start_s):
            reply = await _receive(process)
    except TimeoutError:
        await _end(process)
        raise WorkerUnfitError(f"not ready after {start_s:g} s") from None
    except (OSError, EOFError, msgspec.MsgspecError):
        await _end(process)
        raise WorkerUnfitError("ended while starting") from None
    except asyncio.CancelledError:
        await _end(process)
        raise
    if isinstance(reply, Ready):
        return WorkerProcess(process)
    await _end(process)
    raise WorkerUnfitError(reply.reason if isinstance(reply, Unfit) else "spoke out of turn")


def _environment() -> dict[str, str]:
    # A worker needs no settings, and no key that the operator may have put into the environment.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKCHANNEL_")}
    return kept | _ONE_THREAD


async def _send(process: Process, job: Job) -> None:
    if process.stdin is None:
        raise EOFError("started without a pipe")
    for part in encode(job):
        process.stdin.write(part)
    await process.stdin.drain()


async def _receive(process: Process) -> Reply:
    if process.stdout is None:
        raise EOFError("started without a pipe")
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    if length > MAX_REPLY_BYTES:
        raise EOFError("a reply of that size is no reply")
    return decode_reply(await process.stdout.readexactly(length))


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
    await process.wait()
