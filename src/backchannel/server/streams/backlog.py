"""A bounded queue of media that waits for its analysis."""

import asyncio
from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Final

from backchannel.config import Settings
from backchannel.errors import Problem

SMALL_BYTES: Final = 64 * 1024
MAX_WAITING: Final = 4096


@dataclass(frozen=True, slots=True)
class Waiting:
    """A binary message that waits for its analysis.

    Attributes
    ----------
    number
        Its number in the session, from 1.
    data
        Its bytes; empty where it is known that they will not be analysed.
    size_bytes
        How many came.
    arrived_s
        When, on the event loop's clock.
    problem
        Why it cannot be analysed, as far as that is known.
    """

    number: int
    data: bytes
    size_bytes: int
    arrived_s: float
    problem: Problem | None = None


def parts(batch: Sequence[Waiting], alone: Container[int]) -> list[list[Waiting]]:
    """Divide a batch, so that each message with a number in `alone` is a part of its own."""
    divided: list[list[Waiting]] = []
    for waiting in batch:
        if waiting.number in alone or not divided or divided[-1][-1].number in alone:
            divided.append([waiting])
        else:
            divided[-1].append(waiting)
    return divided


class Backlog:
    """Media in the order received, until it is answered for.

    While it is full there is no `room`, the socket is not read, and TCP holds the client back.

    Parameters
    ----------
    settings
        Its bounds.
    small_counts_less
        Whether messages of less than 64 KiB count by their share of that, as is right where they are
        analysed together.
    """

    def __init__(self, settings: Settings, *, small_counts_less: bool = False) -> None:
        self._settings = settings
        self._small_counts_less = small_counts_less
        self._waiting: deque[Waiting] = deque()
        self._arrived = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self.room = asyncio.Event()
        self.room.set()
        self._bytes = 0
        self._weight = 0.0
        self._numbers: deque[int] = deque()  # of everything that is not done
        self._closed = False

    @property
    def empty(self) -> bool:
        """Whether everything has been answered for."""
        return not self._numbers

    @property
    def oldest(self) -> int | None:
        """Number of the oldest message that is not answered for."""
        return self._numbers[0] if self._numbers else None

    @property
    def taken(self) -> bool:
        """Whether everything has been taken."""
        return not self._waiting

    @property
    def full(self) -> bool:
        """Whether the socket must not be read."""
        return (
            self._weight >= self._settings.queue_segments
            or self._bytes >= self._settings.queue_bytes
            or len(self._numbers) >= MAX_WAITING
        )

    def put(self, waiting: Waiting) -> None:
        """Add a message."""
        self._waiting.append(waiting)
        self._numbers.append(waiting.number)
        self._count(waiting, 1)
        self._arrived.set()

    def close(self) -> None:
        """Say that no more will be put."""
        self._closed = True
        self._arrived.set()

    async def wait(self) -> bool:
        """Wait until a message can be taken; False when none will ever come."""
        await self._arrived.wait()
        return bool(self._waiting)

    def take(self) -> Waiting | None:
        """Take the oldest message, which counts until it is `done`; None when there is none."""
        waiting = self._waiting.popleft() if self._waiting else None
        if not self._waiting and not self._closed:
            self._arrived.clear()
        return waiting

    def done(self, waiting: Waiting) -> None:
        """Let go of the oldest message, which was taken and is answered for."""
        self._numbers.popleft()
        self._count(waiting, -1)

    def drop(self) -> None:
        """Let go of everything that was not taken."""
        while self._waiting:
            self._numbers.pop()
            self._count(self._waiting.pop(), -1)
        if not self._closed:
            self._arrived.clear()

    async def join(self) -> None:
        """Wait until everything is answered for."""
        await self._emptied.wait()

    def _count(self, waiting: Waiting, sign: int) -> None:
        size_bytes = len(waiting.data)
        share = min(1.0, size_bytes / SMALL_BYTES) if self._small_counts_less else 1.0
        self._bytes += sign * size_bytes
        self._weight = self._weight + sign * share if self._numbers else 0.0
        (self.room.clear if self.full else self.room.set)()
        (self._emptied.clear if self._numbers else self._emptied.set)()
