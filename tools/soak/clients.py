"""Clients that check what they get: each segment answered once and in its turn, each window reported."""

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from backchannel.protocol import event_messages, v0

ANSWERED_WITHIN_S = 120.0
CLOSE = '{"type":"session.close"}'
JOINT_S = 0.1
"""A recorder's chunks are not cut to the millisecond."""


@dataclass
class Seen:
    """What a client saw.

    Attributes
    ----------
    latencies_s
        From the last byte of a segment to its last message, s.
    outcomes
        How often each: ``completed``, an error's id; or a fault: ``out of turn``, ``not a message``,
        ``unanswered``, ``refused``, ``session lost``, ``hole``, ``dropped``.
    """

    latencies_s: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Seen") -> "Seen":
        return Seen(self.latencies_s + other.latencies_s, self.outcomes + other.outcomes)


def opening(url: str, key: str, version: str, query: str = "") -> connect:
    """Open a stream."""
    return connect(
        f"{url.replace('http', 'ws', 1)}/{version}/stream/analyze{query}",
        additional_headers={"Authorization": f"Bearer {key}"},
        max_size=None,
        ping_timeout=None,
        open_timeout=60,
    )


class SegmentClient:
    """A v0 session that sends segments, and checks that each gets one answer in its turn.

    Parameters
    ----------
    next_segment
        Returns the next segment, or None at the end.
    period_s
        Time between two segments, s; 0 sends the next one when few are unanswered.
    at_once
        How many may be unanswered when the period is 0.
    """

    def __init__(self, next_segment: Callable[[], bytes | None], period_s: float, at_once: int = 4) -> None:
        self._next = next_segment
        self._period_s = period_s
        self._room = asyncio.Semaphore(at_once)
        self._sent_s: list[float] = []
        self._accepted = 0
        self._answered = 0
        self._sending = True
        self.seen = Seen()

    async def run(self, url: str, key: str) -> Seen:
        """Hold the session to its end, whoever ends it."""
        try:
            async with opening(url, key, "v0") as socket, asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(self._send(socket))
                await self._listen(socket)
                sending.cancel()
        except (InvalidHandshake, OSError, TimeoutError):
            self.seen.outcomes["refused"] += 1
        return self.seen

    @property
    def complete(self) -> bool:
        """Whether everything was sent and answered."""
        return not self._sending and self._answered == len(self._sent_s)

    async def _send(self, socket: ClientConnection) -> None:
        begin_s = time.monotonic()
        for number in itertools.count():
            segment = await asyncio.to_thread(self._next)
            if segment is None:
                break
            if self._period_s:
                await asyncio.sleep(begin_s + number * self._period_s - time.monotonic())
            else:
                await self._room.acquire()
            try:
                await socket.send(segment)
            except ConnectionClosed:
                return
            self._sent_s.append(time.monotonic())
        self._sending = False
        if self.complete:
            await socket.close()

    async def _listen(self, socket: ClientConnection) -> None:
        code = None
        try:
            while not self.complete:
                async with asyncio.timeout(ANSWERED_WITHIN_S):
                    self._take(await socket.recv(decode=True))
        except TimeoutError:
            self.seen.outcomes["unanswered"] += self._accepted - self._answered
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd is not None else 1006
        # Whatever was accepted must have been answered, also when the server ends the session.
        if code is not None and not self.complete:
            self.seen.outcomes[f"closed {code}"] += 1
            self.seen.outcomes["unanswered"] += self._accepted - self._answered

    def _take(self, text: str) -> None:
        try:
            message = v0.decode(text)
        except msgspec.MsgspecError:
            self.seen.outcomes["not a message"] += 1
            return
        match message:
            case v0.Processing():
                self._accepted += 1
            case v0.Completed():
                self._ended(message.segment, "completed")
            case v0.Error() if message.segment is not None:
                self._ended(message.segment, message.error_id)
            case v0.Error():
                self.seen.outcomes[f"session {message.error_id}"] += 1
            case v0.Result():
                pass

    def _ended(self, segment: int, outcome: str) -> None:
        self._answered += 1
        in_turn = segment == self._answered <= self._accepted
        self.seen.outcomes[outcome if in_turn else "out of turn"] += 1
        self._room.release()
        if in_turn:
            self.seen.latencies_s.append(time.monotonic() - self._sent_s[segment - 1])


class EventStream:
    """A v2 session that sends a recorder's chunks, and checks that no time is left out or reported twice.

    Parameters
    ----------
    next_chunk
        Returns the next chunk, or None at the end.
    period_s
        Time between two chunks, s.
    """

    def __init__(self, next_chunk: Callable[[], bytes | None], period_s: float) -> None:
        self._next = next_chunk
        self._period_s = period_s
        self._windows: list[tuple[float, float]] = []
        self._reason = ""
        self.seen = Seen()

    async def run(self, url: str, key: str) -> Seen:
        """Hold the session to its end, whoever ends it."""
        try:
            async with (
                opening(url, key, "v2", "?include[]=conversation_quality_timeline") as socket,
                asyncio.TaskGroup() as tasks,
            ):
                sending = tasks.create_task(self._send(socket))
                await self._listen(socket)
                sending.cancel()
        except (InvalidHandshake, OSError, TimeoutError):
            self.seen.outcomes["refused"] += 1
            return self.seen
        self.seen.outcomes["windows"] += len(self._windows)
        self.seen.outcomes["hole"] += _holes(self._windows)
        self.seen.outcomes[f"ended: {self._reason or 'without a word'}"] += 1
        return self.seen

    async def _send(self, socket: ClientConnection) -> None:
        begin_s = time.monotonic()
        for number in itertools.count():
            chunk = await asyncio.to_thread(self._next)
            await asyncio.sleep(begin_s + number * self._period_s - time.monotonic())
            try:
                await socket.send(CLOSE if chunk is None else chunk)
            except ConnectionClosed:
                return
            if chunk is None:
                return

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            while True:
                async with asyncio.timeout(ANSWERED_WITHIN_S):
                    self._take(await socket.recv(decode=True))
        except TimeoutError:
            self.seen.outcomes["unanswered"] += 1
        except ConnectionClosed:
            return

    def _take(self, text: str) -> None:
        try:
            event_messages.decode(text)
        except msgspec.MsgspecError:
            self.seen.outcomes["not a message"] += 1
            return
        message = json.loads(text)
        data = message["data"]
        match message["type"]:
            case "error":
                self.seen.outcomes[data["code"]] += 1
            case "coverage.dropped":
                self.seen.outcomes["dropped"] += len(data["ranges"])
                self._windows += [(gap["start"], gap["end"]) for gap in data["ranges"]]
            case "conversation_quality.updated":
                self._windows += [(entry["start"], entry["end"]) for entry in data["timeline"]]
            case "session.ended":
                self._reason = data["reason"]


def _holes(windows: Sequence[tuple[float, float]]) -> int:
    """Count times that nothing was said about, or something twice."""
    edges = [(0.0, 0.0), *sorted(windows)]
    return sum(abs(after[0] - before[1]) > JOINT_S for before, after in itertools.pairwise(edges))
