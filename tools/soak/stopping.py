"""SIGTERM under load: whatever the server accepted is answered, on every endpoint."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx

from tools.soak.clients import EventStream, Seen, SegmentClient
from tools.soak.media import long_stream, recordings, shared
from tools.soak.server import Server, serving

SEGMENT_PERIOD_S = 0.5
CHUNK_S = 0.5
LOAD_S = (2.0, 6.0)
"""The signal comes at a random moment of this span after the start."""
LONG_S = 120.0


@dataclass(frozen=True)
class Stopping:
    """What a run found.

    Attributes
    ----------
    rounds
        How often a server was started and stopped.
    v0, v2
        What the sessions saw.
    uploads, jobs
        How often each answer: a status, ``refused`` when there was no connection any more, or
        ``unanswered`` when a connection ended without an answer.
    codes
        Exit codes of the servers.
    """

    rounds: int
    v0: Seen
    v2: Seen
    uploads: Counter[str]
    jobs: Counter[str]
    codes: Counter[int]
    longest_s: float

    @property
    def faults(self) -> list[str]:
        """What should not have happened."""
        bad = {"out of turn", "not a message", "unanswered", "hole", "dropped", "closed 1006", "closed 1012"}
        found = []
        for door, outcomes in (("v0", self.v0.outcomes), ("v2", self.v2.outcomes), ("upload", self.uploads)):
            found += [f"{door}: {count} {name}" for name, count in outcomes.items() if name in bad and count]
        if self.v2.outcomes["ended: without a word"]:
            found.append("v2: ended without a word")
        unfinished = {"queued", "running", "missing"}
        found += [f"jobs: {count} {name}" for name, count in self.jobs.items() if name in unfinished]
        found += [f"exit code {code}" for code in self.codes if code != 0]
        return found

    def rows(self) -> Sequence[tuple[str, str]]:
        """Return the table."""

        def listed(outcomes: Counter[str]) -> str:
            return ", ".join(f"{name} {count}" for name, count in outcomes.items() if count)

        return (
            ("Servers stopped", f"{self.rounds}, the slowest in {self.longest_s:.1f} s"),
            ("v0", listed(self.v0.outcomes)),
            ("v2", listed(self.v2.outcomes)),
            ("Uploads", listed(self.uploads)),
            ("Jobs, read after a restart", listed(self.jobs)),
            ("Faults", "; ".join(self.faults) or "none"),
        )


def run_stopping(folder: Path, seed: int, rounds: int, sessions: int) -> Stopping:
    """Start servers, load them, and stop them at random moments."""
    chance = Random(seed)  # noqa: S311 -- to be repeated
    total = Stopping(rounds, Seen(), Seen(), Counter(), Counter(), Counter(), 0.0)
    for number in range(rounds):
        one = folder / str(number)
        one.mkdir()
        found = asyncio.run(_round(one, chance.uniform(*LOAD_S), sessions))
        total = Stopping(
            rounds,
            total.v0 + found.v0,
            total.v2 + found.v2,
            total.uploads + found.uploads,
            total.jobs + found.jobs,
            total.codes + found.codes,
            max(total.longest_s, found.longest_s),
        )
    return total


async def _round(folder: Path, load_s: float, sessions: int) -> Stopping:
    with serving(folder / "data", folder / "server.log") as server:
        key = server.new_key()
        stream = await asyncio.to_thread(long_stream, LONG_S, CHUNK_S)
        clients = [
            SegmentClient(shared(itertools.cycle(recordings())), SEGMENT_PERIOD_S) for _ in range(sessions)
        ]
        streams = [EventStream(shared(iter(stream)), CHUNK_S) for _ in range(sessions)]
        v0 = asyncio.gather(*(client.run(server.url, key) for client in clients))
        v2 = asyncio.gather(*(client.run(server.url, key) for client in streams))
        uploads = asyncio.create_task(_upload(server, key))
        submitting = asyncio.create_task(_submit(server, key))
        await asyncio.sleep(load_s)
        began_s = time.monotonic()
        code = await asyncio.to_thread(server.stop)
        took_s = time.monotonic() - began_s
        seen = sum(await v0, Seen()), sum(await v2, Seen())
        uploaded, submitted = await uploads, await submitting
    jobs = await _jobs(folder, key, submitted)
    return Stopping(1, *seen, uploaded, jobs, Counter([code]), took_s)


async def _upload(server: Server, key: str) -> Counter[str]:
    """Upload one file after the other until the server refuses."""
    outcomes = Counter[str]()
    async with httpx.AsyncClient(timeout=120) as client:
        for data in itertools.cycle(recordings()):
            try:
                answer = await _post(client, f"{server.url}/v1/upload/analyze", key, data)
            except httpx.ConnectError:
                outcomes["refused"] += 1
                return outcomes
            except httpx.TransportError:
                outcomes["unanswered"] += 1
                return outcomes
            outcomes[str(answer.status_code)] += 1
            if answer.status_code != 200:
                return outcomes
    return outcomes


async def _submit(server: Server, key: str) -> list[str]:
    """Submit jobs until the server refuses; returns their ids."""
    ids: list[str] = []
    async with httpx.AsyncClient(timeout=120) as client:
        with suppress(httpx.TransportError):
            while (
                answer := await _post(client, f"{server.url}/v2/upload/analyze", key, recordings()[0])
            ).status_code == 202:
                ids.append(answer.json()["job_id"])
                await asyncio.sleep(SEGMENT_PERIOD_S)
    return ids


async def _post(client: httpx.AsyncClient, url: str, key: str, data: bytes) -> httpx.Response:
    fields = {"model": "inter-2", "wait_seconds": "0"} if "/v2/" in url else {}
    headers = {"Authorization": f"Bearer {key}"}
    return await client.post(url, files={"file": data}, data=fields, headers=headers)


async def _jobs(folder: Path, key: str, ids: Sequence[str]) -> Counter[str]:
    """Return what the next server says about jobs."""
    outcomes = Counter[str]()
    with serving(folder / "data", folder / "server.log") as server:
        async with httpx.AsyncClient(timeout=60) as client:
            for job_id in ids:
                answer = await client.get(
                    f"{server.url}/v2/upload/jobs/{job_id}", headers={"Authorization": f"Bearer {key}"}
                )
                outcomes[answer.json()["status"] if answer.status_code == 200 else "missing"] += 1
    return outcomes
