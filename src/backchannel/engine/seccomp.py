"""Filter the system calls of this process: seccomp(2) of Linux, without a library.

The bindings on the package index need the system's libseccomp. A list of calls needs no more than this file.
"""

import ctypes
import errno
import platform
import struct
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_INSTRUCTION: Final = struct.Struct("=HBBI")
"""A sock_filter: code, steps if true, steps if false, value."""
_LOAD, _AND, _IF_EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
"""Offsets in seccomp_data, bytes. An argument has 8; both machines here store the lower half first."""
_ALLOW: Final = 0x7FFF0000
_ERROR: Final = 0x00050000

_SET_NO_NEW_PRIVILEGES: Final = 38
_SET_FILTER: Final = 1
_ALL_THREADS: Final = 1


class UnsupportedError(OSError):
    """The system cannot filter calls. The message says why."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A kind of processor.

    Attributes
    ----------
    architecture
        Its number in the kernel's audit.h.
    column
        Its column in tables of call numbers.
    seccomp
        Its number of seccomp(2).
    """

    architecture: int
    column: int
    seccomp: int


_MACHINES: Final[Mapping[str, Machine]] = MappingProxyType(
    {"x86_64": Machine(0xC000003E, 0, 317), "aarch64": Machine(0xC00000B7, 1, 277)}
)


@dataclass(frozen=True, slots=True)
class Check:
    """A condition: the lower or upper half of an argument, with a mask, has a value."""

    argument: int
    value: int
    mask: int = 0xFFFFFFFF
    upper: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do about one call.

    Attributes
    ----------
    number
        The call's number on this machine.
    checks
        Conditions that all hold for an allowed call.
    error
        The errno of a call that is not allowed; None allows it where the checks hold.
    """

    number: int
    checks: tuple[Check, ...] = ()
    error: int | None = None


def this_machine() -> Machine:
    """Return the kind of processor.

    Raises
    ------
    UnsupportedError
        If it is not known here, or the system is not Linux.
    """
    name = platform.machine()
    if sys.platform != "linux" or sys.maxsize < 2**32 or name not in _MACHINES:
        raise UnsupportedError(f"no list of system calls for {sys.platform} on {name}")
    return _MACHINES[name]


def restrict(rules: Iterable[Rule], otherwise: int | None) -> None:
    """Filter the calls of every thread of this process and of its children, for good.

    Parameters
    ----------
    rules
        Calls to treat in their own way.
    otherwise
        The errno of all other calls; None allows them.

    Raises
    ------
    UnsupportedError
        If the kernel cannot filter calls, or this process may not.
    """
    machine = this_machine()
    program = b"".join(_program(machine, rules, otherwise))
    held = ctypes.create_string_buffer(program, len(program))
    head = ctypes.create_string_buffer(
        struct.pack("@HP", len(program) // _INSTRUCTION.size, ctypes.addressof(held))
    )
    system = ctypes.CDLL(None, use_errno=True)
    words = ctypes.c_ulong
    # Without this, only root may filter.
    system.prctl(_SET_NO_NEW_PRIVILEGES, words(1), words(0), words(0), words(0))
    result = system.syscall(
        ctypes.c_long(machine.seccomp), words(_SET_FILTER), words(_ALL_THREADS), ctypes.byref(head)
    )
    if result:
        code = errno.errorcode.get(ctypes.get_errno(), "unknown") if result < 0 else "a thread with a filter"
        raise UnsupportedError(f"the kernel accepts no filter of system calls ({code})")


def _program(machine: Machine, rules: Iterable[Rule], otherwise: int | None) -> Iterable[bytes]:
    # Calls of another architecture have other numbers.
    yield _INSTRUCTION.pack(_LOAD, 0, 0, _ARCHITECTURE_AT)
    yield _INSTRUCTION.pack(_IF_EQUAL, 1, 0, machine.architecture)
    yield _INSTRUCTION.pack(_RETURN, 0, 0, _ERROR | errno.EPERM)
    yield _INSTRUCTION.pack(_LOAD, 0, 0, _NUMBER_AT)
    for rule in rules:
        yield from _rule(rule)
    yield _INSTRUCTION.pack(_RETURN, 0, 0, _verdict(otherwise))


def _rule(rule: Rule) -> Iterable[bytes]:
    count = len(rule.checks)
    # Over the checks, the verdict, and the refusal that only a rule with checks has.
    yield _INSTRUCTION.pack(_IF_EQUAL, 0, 3 * count + 1 + bool(count), rule.number)
    for number, check in enumerate(rule.checks):
        offset = _ARGUMENTS_AT + 8 * check.argument + 4 * check.upper
        yield _INSTRUCTION.pack(_LOAD, 0, 0, offset)
        yield _INSTRUCTION.pack(_AND, 0, 0, check.mask)
        yield _INSTRUCTION.pack(_IF_EQUAL, 0, 3 * (count - number - 1) + 1, check.value)
    yield _INSTRUCTION.pack(_RETURN, 0, 0, _verdict(rule.error))
    if count:
        yield _INSTRUCTION.pack(_RETURN, 0, 0, _ERROR | errno.EPERM)


def _verdict(error: int | None) -> int:
    return _ALLOW if error is None else _ERROR | error
