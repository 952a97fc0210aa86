"""Clients at the pace of life, in a process of their own: ``python -m bench.clients`` with a plan on stdin.

They send bytes that were cut before and read as little of the answers as they can, so that they take nothing
from the server whose machine they share.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from backchannel.client.v0 import ClientError, open_stream
from backchannel.constants import WINDOW_S

Kind = Literal["v0", "v2"]
CLOSE: Final = '{"type":"session.close"}'


class Plan(msgspec.Struct, frozen=True):
    """What clients do.

    Attributes
    ----------
    kind
        Which stream they use.
    chunks
        Files that each of them sends, one after the other, and then from the beginning again (v0 only).
    count
        How many messages each sends.
    period_s
        Time between two messages of a client, s; 0 sends the next when the last is answered (v0 only).
    chunk_s
        What each message plays, s.
    """

    url: str
    key: str
    kind: Kind
    clients: int
    chunks: tuple[str, ...]
    count: int
    period_s: float
    chunk_s: float


class Told(msgspec.Struct, frozen=True):
    """What clients saw.

    Attributes
    ----------
    latencies_s
        From the last byte of a message sent to its `completed` (v0), or to the result of the window it
        completed (v2), s; of every client, each in order.
    refused
        Clients that were not let in.
    errors
        Ids of errors, and `lost` for each answer that never came or came out of turn.
    dropped_s
        Media that was told to have been left out, s (v2).
    """

    latencies_s: tuple[tuple[float, ...], ...] = ()
    refused: int = 0
    errors: tuple[str, ...] = ()
    dropped_s: float = 0.0


def run_clients(plan: Plan, timeout_s: float) -> Told:
    """Run clients in a process of their own and wait for what they saw."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.clients"],
        input=msgspec.json.encode(plan),
        stdout=subprocess.PIPE,
        timeout=timeout_s,
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=Told)


def main() -> None:
    """Run the process."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(_play(plan))))


async def _play(plan: Plan) -> Told:
    chunks = [Path(path).read_bytes() for path in plan.chunks]
    begin_s = time.monotonic() + 0.5
    clients = [
        _Client(plan, chunks, begin_s + plan.period_s * number / plan.clients)
        for number in range(plan.clients)
    ]
    await asyncio.gather(*(client.run() for client in clients))
    return Told(
        latencies_s=tuple(tuple(client.latencies_s) for client in clients),
        refused=sum(client.refused for client in clients),
        errors=tuple(error for client in clients for error in client.errors),
        dropped_s=sum(client.dropped_s for client in clients),
    )


class _Client:
    def __init__(self, plan: Plan, chunks: Sequence[bytes], begin_s: float) -> None:
        self._plan = plan
        self._chunks = chunks
        self._begin_s = begin_s
        self._sent_s: list[float] = []
        self._answered = asyncio.Semaphore(0)
        self._due: deque[float] = deque()
        self.latencies_s: list[float] = []
        self.errors: list[str] = []
        self.refused = 0
        self.dropped_s = 0.0

    async def run(self) -> None:
        plan = self._plan
        include = ["conversation_quality_timeline"] if plan.kind == "v2" else []
        await asyncio.sleep(self._begin_s - time.monotonic())
        try:
            async with open_stream(
                plan.url, plan.key, include, path=f"/{plan.kind}/stream/analyze"
            ) as connection:
                sending = asyncio.create_task(self._send(connection))
                await (self._listen_v0 if plan.kind == "v0" else self._listen_v2)(connection)
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        except ClientError:
            self.refused = 1

    async def _send(self, connection: ClientConnection) -> None:
        plan = self._plan
        for number in range(plan.count):
            if plan.period_s:
                await asyncio.sleep(self._begin_s + (number + 1) * plan.period_s - time.monotonic())
            elif number:
                await self._answered.acquire()
            await connection.send(self._chunks[number % len(self._chunks)])
            self._sent_s.append(time.monotonic())
        if plan.kind == "v2":
            await connection.send(CLOSE)

    async def _listen_v0(self, connection: ClientConnection) -> None:
        answered = 0
        try:
            async for text in connection:
                message = json.loads(text)
                if message["status"] in {"processing", "result"}:
                    continue
                answered += 1
                self._answered.release()
                if message["status"] == "error":
                    self.errors.append(message["error_id"])
                elif message["segment"] != answered:
                    self.errors.append("lost")
                else:
                    self.latencies_s.append(time.monotonic() - self._sent_s[answered - 1])
                if answered == self._plan.count:
                    return
        except ConnectionClosed:
            pass
        self.errors += ["lost"] * (self._plan.count - answered)

    async def _listen_v2(self, connection: ClientConnection) -> None:
        told: list[tuple[float, float]] = []
        try:
            async for text in connection:
                message = json.loads(text)
                data = message["data"]
                match message["type"]:
                    case "error":
                        self.errors.append(data["code"])
                        self.refused = int(not self._sent_s)
                    case "coverage.dropped":
                        self.dropped_s += sum(gap["end"] - gap["start"] for gap in data["ranges"])
                        told += [(gap["start"], gap["end"]) for gap in data["ranges"]]
                    case "conversation_quality.updated":
                        (entry,) = data["timeline"]
                        told.append((entry["start"], entry["end"]))
                        self._note_window(entry["end"])
        except ConnectionClosed:
            pass
        if not self.refused:
            self.errors += ["lost"] * self._holes(told)

    def _holes(self, told: Sequence[tuple[float, float]]) -> int:
        """Stretches of media of which nothing was said, not even that they were left out."""
        whole_s = self._plan.count * self._plan.chunk_s
        reached_s, holes = 0.0, 0
        for start_s, end_s in (*sorted(told), (whole_s, whole_s)):
            # A recorder's chunk is not to the millisecond what it was told to be.
            holes += start_s - reached_s > (0.05 if start_s < whole_s else self._plan.chunk_s)
            reached_s = max(reached_s, end_s)
        return holes

    def _note_window(self, end_s: float) -> None:
        # The message that completed the window, and not the drain that completes the last one anyway.
        number = round(end_s / self._plan.chunk_s)
        beyond_s = end_s % WINDOW_S
        if min(beyond_s, WINDOW_S - beyond_s) < 0.01 and 0 < number < self._plan.count:
            self.latencies_s.append(time.monotonic() - self._sent_s[min(number, len(self._sent_s)) - 1])


def chunk_files(chunks: Sequence[bytes], folder: Path) -> tuple[str, ...]:
    """Write chunks where clients find them."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:05}.bin" for number in range(len(chunks))]
    for path, chunk in zip(paths, chunks, strict=True):
        path.write_bytes(chunk)
    return tuple(map(str, paths))


__all__ = ["Kind", "Plan", "Told", "chunk_files", "run_clients"]

if __name__ == "__main__":
    main()
