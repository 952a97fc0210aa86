"""Damaged segments beside a client that behaves: what they cost it, and whether each gets an answer."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.served import MIB
from tools.soak.clients import Seen, SegmentClient
from tools.soak.media import LEAST_S, damaged, recordings, shared
from tools.soak.server import Server, serving

GOOD_CLIENTS = 2
PERIOD_S = 1.0
SETTLE_S = 5.0


@dataclass(frozen=True)
class Hostile:
    """What a run found.

    Attributes
    ----------
    alone, beside
        What the clients that behave saw, without and with damaged segments.
    attackers
        What those saw who sent them.
    base_bytes, after_bytes
        Memory of the gateway before and after.
    ready
        What ``/readyz`` said at the end.
    logged
        Warnings and errors of the server.
    """

    alone: Seen
    beside: Seen
    attackers: Seen
    base_bytes: int
    after_bytes: int
    took_s: float
    ready: str
    logged: Counter[str]

    @property
    def ratio(self) -> float:
        """P95 of the clients that behave, with damaged segments and without."""
        return p95(self.beside.latencies_s) / p95(self.alone.latencies_s)

    @property
    def faults(self) -> list[str]:
        """What should not have happened, apart from the time that it took."""
        found = [] if self.ready == "ready" else [f"the server is {self.ready}"]
        for who, seen in (("behaving", self.alone + self.beside), ("attacker", self.attackers)):
            bad = {"out of turn", "not a message", "unanswered", "refused"}
            found += [
                f"{who}: {count} {name}" for name, count in seen.outcomes.items() if name in bad and count
            ]
            found += [f"{who}: {name}" for name in seen.outcomes if name.startswith(("closed", "session"))]
        found += [
            f"behaving: {name}" for name in (self.alone + self.beside).outcomes if name.startswith("ih")
        ]
        return found

    def rows(self) -> Sequence[tuple[str, str]]:
        """Return the table."""
        answered = sum(self.attackers.outcomes.values())
        return (
            ("Damaged segments answered", f"{answered} in {self.took_s:.0f} s"),
            (
                "Answers",
                ", ".join(f"{name} {count}" for name, count in self.attackers.outcomes.most_common()),
            ),
            ("p95 of the client that behaves, alone", f"{p95(self.alone.latencies_s):.3f} s"),
            ("p95 beside damaged segments", f"{p95(self.beside.latencies_s):.3f} s ({self.ratio:.2f} times)"),
            ("Its segments", f"{len(self.alone.latencies_s)} and {len(self.beside.latencies_s)}"),
            (
                "Memory of the gateway",
                f"{self.base_bytes / MIB:.0f} MiB before, {self.after_bytes / MIB:.0f} after",
            ),
            ("Logged", ", ".join(f"{name} {count}" for name, count in self.logged.items()) or "nothing"),
            ("Faults", "; ".join(self.faults) or "none"),
        )


def p95(values: Sequence[float]) -> float:
    """Return the value that 95% do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))] if ordered else float("inf")


def run_hostile(folder: Path, seed: int, segments: int, attackers: int, alone_s: float) -> Hostile:
    """Run a server, first with clients that behave, then with damaged segments beside them."""
    with serving(folder / "data", folder / "server.log", min_segment_s=LEAST_S / 2) as server:
        return asyncio.run(_run(server, seed, segments, attackers, alone_s))


async def _run(server: Server, seed: int, segments: int, attackers: int, alone_s: float) -> Hostile:
    good, bad = server.new_key(), server.new_key()
    await _behave(server, good, alone_s / 4, asyncio.Event())  # warms up
    base_bytes = server.memory_bytes
    alone = await _behave(server, good, alone_s, asyncio.Event())
    over = asyncio.Event()
    behaving = asyncio.create_task(_behave(server, good, float("inf"), over))
    began_s = time.monotonic()
    attacked = await _attack(server, bad, damaged(seed, segments), attackers)
    took_s = time.monotonic() - began_s
    over.set()
    beside = await behaving
    await asyncio.sleep(SETTLE_S)
    ready = await asyncio.to_thread(server.readiness)
    return Hostile(alone, beside, attacked, base_bytes, server.memory_bytes, took_s, ready, server.logged())


async def _behave(server: Server, key: str, for_s: float, over: asyncio.Event) -> Seen:
    """Play recordings until the time is over or the event is set."""
    until_s = time.monotonic() + for_s

    def clips() -> Callable[[], bytes | None]:
        live = itertools.takewhile(lambda _: not over.is_set() and time.monotonic() < until_s, _looped())
        return shared(live)

    clients = [SegmentClient(clips(), PERIOD_S) for _ in range(GOOD_CLIENTS)]
    seen = await asyncio.gather(*(client.run(server.url, key) for client in clients))
    return sum(seen, Seen())


def _looped() -> Iterator[bytes]:
    return itertools.cycle(recordings())


async def _attack(server: Server, key: str, take: Callable[[], bytes | None], attackers: int) -> Seen:
    clients = [SegmentClient(take, 0.0) for _ in range(attackers)]
    with suppress(asyncio.CancelledError):
        seen = await asyncio.gather(*(client.run(server.url, key) for client in clients))
    return sum(seen, Seen())
