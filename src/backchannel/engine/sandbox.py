"""Take from a warm worker what it does not need: files, the network, other programs, other processes.

A worker decodes bytes from strangers. It has loaded its networks and its code before the first of them
arrives. From then on it computes, and talks through two pipes that are open already. So the kernel allows it
only the calls for that, and answers EPERM to all others: open, socket, execve, ptrace, kill and the rest.
This also holds for threads that started before, which landlock(7) could not restrict.
"""

import ctypes
import errno
import os
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from backchannel.engine.seccomp import Check, Rule, restrict, this_machine

_SET_DUMPABLE: Final = 4
_CLONE_THREAD: Final = 0x00010000

_ALLOWED: Final[Mapping[str, tuple[int | None, int | None]]] = MappingProxyType(
    {
        # Files that are open: the two pipes.
        "read": (0, 63),
        "write": (1, 64),
        "readv": (19, 65),
        "writev": (20, 66),
        "close": (3, 57),
        "fstat": (5, 80),
        "lseek": (8, 62),
        "poll": (7, None),
        "ppoll": (271, 73),
        # Memory.
        "brk": (12, 214),
        "mmap": (9, 222),
        "munmap": (11, 215),
        "mremap": (25, 216),
        "mprotect": (10, 226),
        "madvise": (28, 233),
        "mbind": (237, 235),
        # Threads.
        "futex": (202, 98),
        "set_robust_list": (273, 99),
        "rseq": (334, 293),
        "membarrier": (324, 283),
        "gettid": (186, 178),
        "getcpu": (309, 168),
        "sched_yield": (24, 124),
        "sched_getaffinity": (204, 123),
        "exit": (60, 93),
        "exit_group": (231, 94),
        # Clocks.
        "clock_gettime": (228, 113),
        "clock_getres": (229, 114),
        "clock_nanosleep": (230, 115),
        "nanosleep": (35, 101),
        "gettimeofday": (96, 169),
        "times": (100, 153),
        # Its own signals.
        "rt_sigaction": (13, 134),
        "rt_sigprocmask": (14, 135),
        "rt_sigreturn": (15, 139),
        "sigaltstack": (131, 132),
        "restart_syscall": (219, 128),
        # Facts about itself.
        "getpid": (39, 172),
        "getrusage": (98, 165),
        "getrandom": (318, 278),
        "sysinfo": (99, 179),
    }
)
"""Calls that a warm worker may make, with their numbers on x86-64 and on 64-bit ARM; None if there is no such
call. Source: unistd_64.h and asm-generic/unistd.h of Linux; chosen by tracing workers."""

_CLONE: Final = (56, 220)
_CLONE3: Final = (435, 435)
_SET_AFFINITY: Final = (203, 122)
_TGKILL: Final = (234, 131)
_PRLIMIT: Final = (302, 261)


def enter_sandbox() -> None:
    """Restrict this process for good.

    Raises
    ------
    UnsupportedError
        If the system has no filters for calls; see `seccomp.restrict`.
    """
    column = this_machine().column
    # A core file would hold media.
    ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    restrict(_rules(column), otherwise=errno.EPERM)


def _rules(column: int) -> Iterator[Rule]:
    for numbers in _ALLOWED.values():
        number = numbers[column]
        if number is not None:
            yield Rule(number)
    # Threads, but no processes.
    yield Rule(_CLONE[column], (Check(0, _CLONE_THREAD, mask=_CLONE_THREAD),))
    # Its flags are in memory, where a filter cannot read them. C libraries fall back to clone.
    yield Rule(_CLONE3[column], error=errno.ENOSYS)
    # The inference engine places its own threads on cores.
    yield Rule(_SET_AFFINITY[column], (Check(0, 0),))
    # abort(3) sends a signal to its own process.
    yield Rule(_TGKILL[column], (Check(0, os.getpid()),))
    # Its own limits may be read, and not changed.
    yield Rule(_PRLIMIT[column], (Check(0, 0), Check(2, 0), Check(2, 0, upper=True)))
