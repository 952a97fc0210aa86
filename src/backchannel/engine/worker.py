"""A worker process: reads jobs from its standard input, one at a time, until that ends.

Run as ``python -m backchannel.engine.worker MODULE MEMORY_BYTES NICENESS``. A worker that loses its
server, however that died, reads the end of its input and ends too; so no process is ever left behind.
"""

import importlib
import os
import resource
import signal
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from backchannel.engine.jobs import (
    LENGTH,
    Begun,
    Done,
    Failed,
    FileDone,
    FileJob,
    LiveDone,
    LiveJob,
    Ready,
    Refused,
    Reply,
    SegmentJob,
    TooLong,
    Unfit,
    decode_job,
    encode,
)
from backchannel.errors import Problem
from backchannel.values import MediaLimits, Progress, Segment, SegmentResult


class Analysis(Protocol):
    """The module that does the work: `engine.analysis`, or one that a test puts in its place."""

    def warm_up(self) -> None: ...  # noqa: D102 -- see engine.analysis

    def duration_s(  # noqa: D102
        self,
        segment: Segment,
        limits: MediaLimits,
        *,
        needs_picture: bool = False,
        needs_sound: bool = False,
    ) -> float: ...

    def analyze(  # noqa: D102
        self, state: bytes, segment: Segment, limits: MediaLimits
    ) -> tuple[bytes, SegmentResult]: ...

    def follow(  # noqa: D102
        self, state: bytes, segment: Segment, limits: MediaLimits, left_out: Sequence[Segment]
    ) -> tuple[bytes, Progress]: ...

    def analyze_file(self, segment: Segment, limits: MediaLimits) -> Iterable[SegmentResult]: ...  # noqa: D102


class _FileArrived(NamedTuple):
    asked: FileJob
    segment: Segment


def main() -> None:
    """Warm up, then serve jobs until the server goes away."""
    # Ctrl-C reaches the whole terminal; it is the server that decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    replies = _claim_stdout()
    os.nice(int(sys.argv[3]))
    try:
        analysis: Analysis = importlib.import_module(sys.argv[1])
        analysis.warm_up()
    except Exception as error:
        # Nothing of a client's has been seen yet, so the text is safe to show, and the operator needs it.
        _send(replies, Unfit(f"{type(error).__name__}: {error}"))
        sys.exit(1)
    _limit_memory(int(sys.argv[2]))
    _silence_stderr()
    try:
        _send(replies, Ready())
        while (job := _receive(sys.stdin.buffer)) is not None:
            _serve(job, analysis, replies)
            del job  # a file's bytes are not kept until the next one comes
    except BrokenPipeError:
        return


def _serve(job: SegmentJob | LiveJob | _FileArrived, analysis: Analysis, replies: BinaryIO) -> None:
    reply: Reply
    try:
        reply = _done(job, analysis, replies)
    except BrokenPipeError:
        raise
    except Problem as problem:
        reply = Refused(problem.error_id, problem.message, problem.retry_after_s)
    except Exception as error:
        reply = Failed(type(error).__name__, _place(error))
    _send(replies, reply)


def _done(job: SegmentJob | LiveJob | _FileArrived, analysis: Analysis, replies: BinaryIO) -> Reply:
    if not isinstance(job, _FileArrived):
        duration_s = float(analysis.duration_s(job.segment, job.limits))
        if duration_s > job.longest_s:
            return TooLong(duration_s)
        _send(replies, Begun(duration_s))
        if isinstance(job, LiveJob):
            return LiveDone(*analysis.follow(job.state, job.segment, job.limits, job.left_out))
        return Done(*analysis.analyze(job.state, job.segment, job.limits))
    asked = job.asked
    duration_s = analysis.duration_s(
        job.segment, asked.limits, needs_picture=asked.needs_picture, needs_sound=asked.needs_sound
    )
    _send(replies, Begun(float(duration_s)))
    results = () if asked.inspect_only else tuple(analysis.analyze_file(job.segment, asked.limits))
    return FileDone(results)


def _claim_stdout() -> BinaryIO:
    """Keep standard output for replies; whatever a library prints goes to standard error instead."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def _silence_stderr() -> None:
    """From here on there is media, and native libraries quote what they choke on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _limit_memory(extra_bytes: int) -> None:
    """Bound what this process may allocate beyond what it holds warm.

    RLIMIT_DATA counts memory that could be written to. RLIMIT_AS would count the inference engine's large
    reservations of bare addresses too, and kill a healthy worker.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return
    held_kib = next(
        int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmData:")
    )
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = held_kib * 1024 + extra_bytes
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _receive(jobs: BinaryIO) -> SegmentJob | LiveJob | _FileArrived | None:
    head = jobs.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = jobs.read(length)
    if len(body) < length:
        return None
    job = decode_job(body)
    if not isinstance(job, FileJob):
        return job
    data = jobs.read(job.size)
    return _FileArrived(job, Segment(data, sound_only=job.sound_only)) if len(data) == job.size else None


def _send(replies: BinaryIO, reply: Reply) -> None:
    for part in encode(reply):
        replies.write(part)
    replies.flush()


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


if __name__ == "__main__":
    main()
