"""One worker process, seen from the server: start it, give it a job, or end it."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from backchannel.engine.base import File, OnBegun
from backchannel.engine.jobs import (
    LENGTH,
    MAX_REPLY_BYTES,
    Begun,
    Done,
    Failed,
    FileDone,
    FileJob,
    Job,
    LiveDone,
    LiveJob,
    Ready,
    Refused,
    Reply,
    SegmentJob,
    TooLong,
    Unfit,
    decode_reply,
    encode,
)
from backchannel.errors import Problem
from backchannel.values import Progress, SegmentResult

PIECE_BYTES: Final = 256 * 1024
PAGE_BYTES: Final = os.sysconf("SC_PAGESIZE")

_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""There is a worker for each core; more threads would only get in each other's way."""


class WorkerLostError(Exception):
    """The worker died, hung, or said what no worker says. It has been ended.

    Attributes
    ----------
    hung
        It was ended because it took too long; the same job may well hang the next one too.
    """

    def __init__(self, reason: str, *, hung: bool = False) -> None:
        super().__init__(reason)
        self.hung = hung


class WorkerUnfitError(Exception):
    """The worker could not start; the text says why."""


class MediaTooLongError(Exception):
    """The media is longer than the job allowed, and was not analysed."""


@dataclass(frozen=True, slots=True)
class Wear:
    """What a worker may go through before another takes its place.

    What decoders and networks leave behind in a process adds up, slowly and hardly measurably, but for
    weeks. A new process costs two seconds of one core.

    Attributes
    ----------
    jobs
        How many jobs it may do.
    rss_bytes
        How much memory it may still hold after a job.
    """

    jobs: int
    rss_bytes: int


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long a job may take.

    Attributes
    ----------
    to_begin_s
        To receive and to open the media, s.
    least_s, factor
        To analyse it: `factor` times its duration, but always `least_s`.
    """

    to_begin_s: float
    least_s: float
    factor: float

    def to_end_s(self, duration_s: float) -> float:
        """How long the analysis of so much media may take, s."""
        return max(self.least_s, self.factor * duration_s)


class WorkerProcess:
    """A warm worker. Takes one job at a time.

    Parameters
    ----------
    process
        Its process, which has said that it is ready.
    wear
        What it may go through.
    """

    def __init__(self, process: Process, wear: Wear) -> None:
        self._process = process
        self._wear = wear
        self._jobs = 0
        self._worn = asyncio.Event()

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

    async def ended_or_worn(self) -> None:
        """Wait until the process has ended, or another one should take its place."""
        waits = [asyncio.create_task(self.ended()), asyncio.create_task(self._worn_out())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _worn_out(self) -> None:
        await self._worn.wait()

    def dismiss(self) -> None:
        """Let the process end by itself: there are no more jobs."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def analyze(self, job: SegmentJob, deadlines: Deadlines) -> tuple[bytes, SegmentResult]:
        """Have a segment analysed; returns the state after it, and the answer.

        Raises
        ------
        Problem
            The media is bad.
        AnalysisFailedError
            The analysis has a fault.
        WorkerLostError
            The worker is gone; it may be worth another try.
        """
        reply = await self._run(job, b"", deadlines, None)
        if isinstance(reply, Done):
            return reply.state, reply.result
        raise await self._out_of_turn()

    async def follow(self, job: LiveJob, deadlines: Deadlines) -> tuple[bytes, Progress]:
        """Have a live session followed; raises what `analyze` raises."""
        reply = await self._run(job, b"", deadlines, None)
        if isinstance(reply, LiveDone):
            return reply.state, reply.progress
        raise await self._out_of_turn()

    async def analyze_file(
        self, file: File, deadlines: Deadlines, on_begun: OnBegun, *, inspect_only: bool = False
    ) -> tuple[SegmentResult, ...]:
        """Have a file analysed; raises what `analyze` raises, and what `on_begun` does."""
        needs = file.needs_picture, file.needs_sound
        job = FileJob(len(file.data), file.limits, *needs, file.sound_only, inspect_only)
        reply = await self._run(job, file.data, deadlines, on_begun)
        if isinstance(reply, FileDone):
            return reply.results
        raise await self._out_of_turn()

    async def _run(
        self, job: Job, data: bytes | bytearray, deadlines: Deadlines, on_begun: OnBegun | None
    ) -> Reply:
        self._jobs += 1
        try:
            async with asyncio.timeout(deadlines.to_begin_s) as limit:
                await _send(self._process, job, data)
                reply = await _receive(self._process)
                if isinstance(reply, Begun):
                    limit.reschedule(asyncio.get_running_loop().time() + deadlines.to_end_s(reply.duration_s))
                    if on_begun is not None:
                        await on_begun(reply.duration_s)
                    reply = await _receive(self._process)
        except TimeoutError:
            await self.kill()
            raise WorkerLostError("took too long", hung=True) from None
        except (OSError, EOFError, msgspec.MsgspecError):
            await self.kill()
            raise WorkerLostError("died") from None
        except BaseException:
            # Cancelled, or `on_begun` would not have it: the worker is amid what nobody wants any more.
            await self.kill()
            raise
        # Where memory ran out once it will again: what fills it need not show in what is resident.
        out_of_memory = isinstance(reply, Failed) and reply.kind == MemoryError.__name__
        if out_of_memory or self._jobs >= self._wear.jobs or _rss_bytes(self.pid) > self._wear.rss_bytes:
            self._worn.set()
        match reply:
            case TooLong():
                raise MediaTooLongError
            case Refused():
                raise Problem(reply.error_id, reply.message, reply.retry_after_s)
            case Failed():
                raise AnalysisFailedError(reply.kind, reply.place)
        return reply

    async def _out_of_turn(self) -> WorkerLostError:
        await self.kill()
        return WorkerLostError("spoke out of turn")

    async def kill(self) -> None:
        """End the process now and wait until it is gone."""
        await _end(self._process)


class AnalysisFailedError(Exception):
    """The analysis has a fault of ours; the worker itself is well."""

    def __init__(self, kind: str, place: str) -> None:
        super().__init__(f"{kind} at {place}")
        self.kind = kind
        self.place = place


async def start_worker(
    module: str, memory_bytes: int, start_s: float, wear: Wear, niceness: int = 0
) -> WorkerProcess:
    """Start a worker and wait until it is warm.

    Parameters
    ----------
    module
        Dotted name of the module that does the work.
    memory_bytes
        What it may allocate beyond what it holds warm.
    start_s
        How long it may take, s.
    wear
        What it may go through.
    niceness
        How far it stands back where others want the processor, 0..19.

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
        str(niceness),
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
        return WorkerProcess(process, wear)
    await _end(process)
    raise WorkerUnfitError(reply.reason if isinstance(reply, Unfit) else "spoke out of turn")


def _environment() -> dict[str, str]:
    # A worker needs no settings, and no key that the operator may have put into the environment.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKCHANNEL_")}
    return kept | _ONE_THREAD


def _rss_bytes(pid: int) -> int:
    """Resident memory of a process; 0 where the system does not say."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES
    except (OSError, ValueError):
        return 0


async def _send(process: Process, job: Job, data: bytes | bytearray) -> None:
    if process.stdin is None:
        raise EOFError("started without a pipe")
    for part in encode(job):
        process.stdin.write(part)
    await process.stdin.drain()
    # In pieces, since a pipe that is full makes a copy of whatever it is given.
    view = memoryview(data)
    for start in range(0, len(view), PIECE_BYTES):
        process.stdin.write(view[start : start + PIECE_BYTES])
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
