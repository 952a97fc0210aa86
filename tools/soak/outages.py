"""Workers that are killed, a store that is locked, a full disk and a clock that jumps, while sessions run."""

import asyncio
import itertools
import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.served import MIB
from tools.soak.clients import EventStream, Seen, SegmentClient
from tools.soak.media import long_stream, recordings, shared
from tools.soak.server import Server, serving

PERIOD_S = 4.0
"""The recordings are so long."""
CHUNK_S = 1.0
DISK_BYTES = 2 * MIB
BETWEEN_S = 6.0
"""Time between two faults of the store, in which it may recover, s."""


@dataclass(frozen=True)
class Plan:
    """What happens to a server.

    Attributes
    ----------
    segments, events
        Numbers of v0 and of v2 sessions.
    minutes
        How long they last.
    kill_every_s
        Time between two kills of a random worker, s.
    fault_s
        How long each lock and each full disk lasts, s.
    locks
        How often the store is locked. The disk is filled once after every second lock.
    jump_s
        How far the clock jumps, forwards and later back, s.
    """

    seed: int
    segments: int = 6
    events: int = 2
    minutes: float = 5.0
    workers: int = 2
    kill_every_s: float = 2.0
    fault_s: float = 10.0
    locks: int = 4
    jump_s: float = 45.0


@dataclass(frozen=True)
class Outages:
    """What a run found.

    Attributes
    ----------
    done
        How often each fault happened.
    v0, v2
        What the sessions saw.
    expected
        How many segments the v0 sessions sent.
    """

    plan: Plan
    done: Counter[str]
    v0: Seen
    v2: Seen
    expected: int
    ready: str
    logged: Counter[str]

    @property
    def faults(self) -> list[str]:
        """What should not have happened."""
        found = [] if self.ready == "ready" else [f"the server is {self.ready}"]
        others = {name: count for name, count in self.v0.outcomes.items() if name != "completed" and count}
        found += [f"v0: {count} {name}" for name, count in others.items()]
        if (answered := self.v0.outcomes["completed"]) != self.expected:
            found.append(f"v0: {self.expected} segments, {answered} completed")
        fine = {"windows", "ended: client_shutdown"}
        found += [
            f"v2: {count} {name}" for name, count in self.v2.outcomes.items() if name not in fine and count
        ]
        return found

    def rows(self) -> Sequence[tuple[str, str]]:
        """Return the table."""
        worst_s = max(self.v0.latencies_s, default=0.0)
        return (
            ("Sessions", f"{self.plan.segments} v0, {self.plan.events} v2, {self.plan.minutes:g} minutes"),
            ("Workers", f"{self.plan.workers}, one is killed every {self.plan.kill_every_s:g} s"),
            ("Done to the server", ", ".join(f"{name} {count}" for name, count in self.done.items())),
            ("v0", ", ".join(f"{name} {count}" for name, count in self.v0.outcomes.items() if count)),
            ("Longest wait for an answer", f"{worst_s:.1f} s"),
            ("v2", ", ".join(f"{name} {count}" for name, count in self.v2.outcomes.items() if count)),
            ("Logged", ", ".join(f"{name} {count}" for name, count in self.logged.items()) or "nothing"),
            ("Faults", "; ".join(self.faults) or "none"),
        )


def run_outages(folder: Path, plan: Plan) -> Outages:
    """Run a server on a disk of its own, if this user may mount one, and let it all happen."""
    with (
        _small_disk(folder / "data") as has_disk,
        serving(folder / "data", folder / "server.log", workers=plan.workers) as server,
    ):
        return asyncio.run(_run(server, plan, has_disk=has_disk))


async def _run(server: Server, plan: Plan, *, has_disk: bool) -> Outages:
    until_s = time.monotonic() + 60 * plan.minutes
    sent = Counter[str]()

    def clips() -> Iterator[bytes]:
        for clip in itertools.cycle(recordings()):
            if time.monotonic() >= until_s:
                return
            sent["v0"] += 1
            yield clip

    stream = await asyncio.to_thread(long_stream, 60 * plan.minutes, CHUNK_S)
    key = server.new_key()
    clients = [SegmentClient(shared(clips()), PERIOD_S) for _ in range(plan.segments)]
    streams = [EventStream(shared(iter(stream)), CHUNK_S) for _ in range(plan.events)]
    done = Counter[str]()
    harm = asyncio.gather(
        asyncio.to_thread(_kill_workers, server, plan, until_s, done),
        asyncio.to_thread(_break_the_store, server, plan, until_s, done, has_disk),
    )
    v0 = asyncio.gather(*(client.run(server.url, key) for client in clients))
    v2 = asyncio.gather(*(client.run(server.url, key) for client in streams))
    await harm
    seen_v0, seen_v2 = sum(await v0, Seen()), sum(await v2, Seen())
    ready = await asyncio.to_thread(_until_ready, server)
    return Outages(plan, done, seen_v0, seen_v2, sent["v0"], ready, server.logged())


def _until_ready(server: Server) -> str:
    deadline_s = time.monotonic() + 30
    while (said := server.readiness()) != "ready" and time.monotonic() < deadline_s:
        time.sleep(0.2)
    return said


# --- faults ----------------------------------------------------------------------------------------


def _kill_workers(server: Server, plan: Plan, until_s: float, done: Counter[str]) -> None:
    chance = Random(plan.seed)  # noqa: S311 -- to be repeated
    while time.monotonic() < until_s:
        time.sleep(plan.kill_every_s)
        if workers := server.workers:
            with suppress(ProcessLookupError):
                os.kill(chance.choice(workers), signal.SIGKILL)
                done["workers killed"] += 1


def _break_the_store(server: Server, plan: Plan, until_s: float, done: Counter[str], has_disk: bool) -> None:
    faults: list[tuple[str, Callable[[], None]]] = []
    for number in range(plan.locks):
        faults.append(("store locked", lambda: _locked(server, plan.fault_s)))
        if number % 2 == 1 and has_disk:
            faults.append(("disk full", lambda: _disk_full(server, plan.fault_s)))
        ahead_s = plan.jump_s * (1 - number % 2)
        faults.append(("clock set", lambda ahead_s=ahead_s: server.set_clock(ahead_s)))  # type: ignore[misc]
    for name, fault in faults:
        time.sleep(BETWEEN_S * min(1.0, plan.fault_s / 10))
        if time.monotonic() >= until_s:
            return
        fault()
        done[name] += 1


def _locked(server: Server, for_s: float) -> None:
    path = server.folder / "backchannel.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(for_s)
        other.execute("ROLLBACK")


def _disk_full(server: Server, for_s: float) -> None:
    ballast = server.folder / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    time.sleep(for_s)
    ballast.unlink()


@contextmanager
def _small_disk(folder: Path) -> Iterator[bool]:
    """Mount a small disk at a folder, if this user may; yields whether it is there."""
    folder.mkdir()
    mounted = os.getuid() == 0 and _ran(
        "mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "none", folder
    )
    try:
        yield mounted
    finally:
        if mounted:
            _ran("umount", folder)


def _ran(*command: str | Path) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 -- our own
