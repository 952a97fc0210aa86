"""A worker that tries what a taken-over decoder would: the segment's bytes name it."""

import ctypes
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from resource import RLIMIT_DATA

import numpy as np

from backchannel.engine.jobs import FileDone, Job, Reply
from backchannel.engine.worker import Begin

OLDER_THREAD = ThreadPoolExecutor(1)


def make_worker() -> "PryingWorker":
    # Begins before the sandbox does.
    OLDER_THREAD.submit(int).result()
    return PryingWorker()


class PryingWorker:
    """Does as it is told, and answers with the exception of the attempt, or with no result."""

    def run(self, job: Job, begin: Begin) -> Reply:
        assert job.segment is not None
        name, _, argument = os.fsdecode(bytes(job.segment.data)).partition(" ")
        begin(1.0)
        if name == "older-thread":
            name, _, argument = argument.partition(" ")
            OLDER_THREAD.submit(ATTEMPTS[name], argument).result()
        else:
            ATTEMPTS[name](argument)
        return FileDone(())


def connect(port: str) -> None:
    with socket.socket() as client:
        client.connect(("127.0.0.1", int(port)))


def fork(_: str) -> None:
    if not (child := os.fork()):
        os._exit(0)
    os.waitpid(child, 0)


def trace(_: str) -> None:
    system("ptrace", 0, 0, 0, 0)  # PTRACE_TRACEME: whoever may trace at all may do this


def lift_limits(_: str) -> None:
    limits = (ctypes.c_ulong * 2)()
    system("getrlimit", RLIMIT_DATA, limits)
    system("setrlimit", RLIMIT_DATA, limits)


def system(name: str, *arguments: object) -> None:
    """Call a function of the C library."""
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)


def work_in_threads(_: str) -> None:
    """What numpy and the inference engine need: new threads, memory and clocks."""
    with ThreadPoolExecutor(4) as pool:
        sums = list(pool.map(lambda size: float(np.ones((size, size)).dot(np.ones(size)).sum()), [500] * 8))
    assert sums == [250_000.0] * 8
    time.sleep(0.001)
    assert len(os.urandom(8)) == 8


ATTEMPTS: dict[str, Callable[[str], object]] = {
    "connect": connect,
    "socket": lambda _: socket.socket(socket.AF_UNIX).close(),
    "read": lambda path: Path(path).read_bytes(),
    "write": lambda path: Path(path).write_bytes(b"x"),
    "delete": lambda path: Path(path).unlink(),
    "list": os.listdir,
    "look": os.stat,
    "run": lambda _: subprocess.run([sys.executable, "-c", ""], check=True),
    "fork": fork,
    "exec": lambda _: os.execv(sys.executable, [sys.executable, "-c", ""]),  # noqa: S606
    "signal": lambda pid: os.kill(int(pid), 0),
    "trace": trace,
    "lift-limits": lift_limits,
    "threads": work_in_threads,
    "abort": lambda _: os.abort(),
}
"""What each word in a segment does."""
