"""A worker process: reads jobs from its standard input, one at a time, until that ends.

Run as ``python -m backchannel.engine.process_main MODULE MEMORY_BYTES NICENESS SANDBOX [WORDS]``. No process
is left behind when its server dies: Linux ends the worker with it, whatever it is doing. Elsewhere the worker
reads the end of its input.
"""

import ctypes
import importlib
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from backchannel.engine.heap import Heap
from backchannel.engine.jobs import Begun, Job, Ready, Reply, Unfit, decode_job, encode, reply_of
from backchannel.engine.sandbox import enter_sandbox
from backchannel.engine.seccomp import UnsupportedError

LENGTH: Final = struct.Struct("!I")
"""Precedes every message in the pipes."""
SET_DEATH_SIGNAL: Final = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


class Doing(Protocol):
    """The worker that does the jobs: `engine.worker.MediaWorker`, or a test's own."""

    def run(self, job: Job, begin: Callable[[float], None]) -> Reply: ...  # noqa: D102 -- see engine.worker


def main() -> None:
    """Warm up, then do jobs until the server is gone."""
    # Ctrl-C reaches the whole terminal, but the server decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_the_server()
    replies = _claim_stdout()
    os.nice(int(sys.argv[3]))
    try:
        worker: Doing = importlib.import_module(sys.argv[1]).make_worker(*sys.argv[5:])
    except Exception as error:
        # No client data has arrived yet, so the text is safe to show, and the operator needs it.
        _send(replies, Unfit(f"{type(error).__name__}: {error}"))
        sys.exit(1)
    heap = Heap()
    _limit_memory(int(sys.argv[2]))
    _silence_stderr()
    exposed = _restrict(sandboxed=sys.argv[4] == "on")
    try:
        _send(replies, Ready(exposed))
        while (job := _receive(sys.stdin.buffer)) is not None:
            reply = _reply(worker, job, replies)
            # The engine looks at the memory when it has the reply.
            heap.hand_back()
            _send(replies, reply)
            del job, reply  # release a file's bytes before the next job
    except BrokenPipeError:
        return


def _reply(worker: Doing, job: Job, replies: BinaryIO) -> Reply:
    try:
        return worker.run(job, lambda duration_s: _send(replies, Begun(float(duration_s))))
    except BrokenPipeError:
        raise
    except Exception as error:
        return reply_of(error)


def _end_with_the_server() -> None:
    """Let the kernel end this process when the server dies, even if it hangs or is stopped.

    If the server has died before, the end of the input is there to be read.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def _claim_stdout() -> BinaryIO:
    """Keep standard output for replies. Output of libraries goes to standard error."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def _silence_stderr() -> None:
    """Silence standard error: from here on there is media, and native libraries quote bad data."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _limit_memory(extra_bytes: int) -> None:
    """Limit the memory that this process may allocate in addition to its warm state.

    RLIMIT_DATA counts memory that could be written to. RLIMIT_AS would also count the large address
    space that the inference engine reserves, and kill a healthy worker.
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


def _restrict(*, sandboxed: bool) -> str:
    """Enter the sandbox; say why not, if not. The networks are loaded, and no media has arrived."""
    if not sandboxed:
        return "switched off by BACKCHANNEL_SANDBOX"
    try:
        enter_sandbox()
    except UnsupportedError as error:
        return str(error)
    return ""


def _receive(jobs: BinaryIO) -> Job | None:
    head = jobs.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = jobs.read(length)
    return decode_job(body) if len(body) == length else None


def _send(replies: BinaryIO, reply: Reply) -> None:
    body = encode(reply)
    replies.write(LENGTH.pack(len(body)))
    replies.write(body)
    replies.flush()


if __name__ == "__main__":
    main()
