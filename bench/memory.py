"""(d) Memory over a session of an hour, time-compressed: the next segment goes when the last is answered."""

import threading
from pathlib import Path
from typing import Final

import msgspec

from bench.clients import Plan, chunk_files, run_clients
from bench.media import film, stream_chunks
from bench.served import MIB, Served, serving
from bench.tables import table

HOUR_S: Final = 3600.0
SEGMENT_S: Final = 5.0
SETTLED: Final = 0.1
"""Share of the hour after which memory counts as settled: every buffer has been needed once."""
HELD_SESSIONS: Final = 32
CHUNKS: Final = 240
CHUNK_PERIOD_S: Final = 0.25
LOOP_S: Final = 60
"""A v2 stream: chunks of 1 s at four times life's pace, a recorder that begins anew every minute."""


class Memory(msgspec.Struct, frozen=True):
    """What processes held, MiB.

    Attributes
    ----------
    minutes
        Media analysed in one session.
    gateway_idle_mib, gateway_end_mib
        The process that holds the sockets, before the first session and at the end.
    gateway_a_session_mib
        What it takes more for each of many sessions that send at the pace of life.
    worker_settled_mib, worker_end_mib, worker_most_mib
        The worker after the first tenth, at the end, and at its most.
    worker_growth
        From settled to the end, as a share.
    stream_growth, stream_most_mib
        The same of a worker that follows a v2 stream for some minutes, whose windows have every length.
    """

    minutes: float
    gateway_idle_mib: float
    gateway_end_mib: float
    gateway_a_session_mib: float
    worker_settled_mib: float
    worker_end_mib: float
    worker_most_mib: float
    worker_growth: float
    stream_growth: float
    stream_most_mib: float


def measure_memory(folder: Path, duration_s: float = HOUR_S, sessions: int = HELD_SESSIONS) -> Memory:
    """Analyse a session of that length in one worker, then hold many at once."""
    segment = str(film(folder, SEGMENT_S, 360))
    # One worker, never replaced: it is one process's growth that is asked for.
    with serving(workers=1, worker_segments=1_000_000) as server:
        idle_mib = server.usage().gateway_rss_bytes / MIB
        count = round(duration_s / SEGMENT_S)
        plan = Plan(server.url, server.key, "v0", 1, (segment,), count, 0.0, SEGMENT_S)
        gateway, worker = _watched(server, plan)
        first, last = _first_and_last(worker)
        held_mib = _held(server, segment, sessions)
    with serving(workers=1, worker_segments=1_000_000) as server:
        cut = stream_chunks(film(folder, LOOP_S + 1.0, 360))[:LOOP_S]
        chunks = chunk_files(cut, folder / "memory")
        plan = Plan(server.url, server.key, "v2", 1, chunks, CHUNKS, CHUNK_PERIOD_S, 1.0)
        _, follower = _watched(server, plan)
        begin, end = _first_and_last(follower)
    return Memory(
        minutes=duration_s / 60,
        gateway_idle_mib=idle_mib,
        gateway_end_mib=gateway[-1],
        gateway_a_session_mib=max(0.0, held_mib - gateway[-1]) / sessions,
        worker_settled_mib=first,
        worker_end_mib=last,
        worker_most_mib=max(worker),
        worker_growth=last / first - 1,
        stream_growth=end / begin - 1,
        stream_most_mib=max(follower),
    )


def _watched(server: Served, plan: Plan) -> tuple[list[float], list[float]]:
    """Run clients; returns memory of the gateway and of the largest worker on the way, MiB."""
    gateway: list[float] = []
    worker: list[float] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            usage = server.usage()
            gateway.append(usage.gateway_rss_bytes / MIB)
            worker.append(max(usage.worker_rss_bytes.values(), default=0) / MIB)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        told = run_clients(plan, timeout_s=1200)
    finally:
        over.set()
        watching.join()
    if told.errors or told.refused:
        raise RuntimeError(f"the session did not go well: {told.errors[:5]}, {told.refused} refused")
    return gateway, worker


def _held(server: Served, segment: str, sessions: int) -> float:
    """Return the most that the gateway takes while many sessions have one segment each on the way, MiB."""
    plan = Plan(server.url, server.key, "v0", sessions, (segment,), 1, 2.0, SEGMENT_S)
    gateway, _ = _watched(server, plan)
    return max(gateway)


def _first_and_last(values: list[float]) -> tuple[float, float]:
    """Medians of the first and the last sixth of what was measured after memory had settled."""
    settled = values[round(SETTLED * len(values)) :]
    sixth = max(1, len(settled) // 6)
    return _middle(settled[:sixth]), _middle(settled[-sixth:])


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def memory_table(memory: Memory) -> list[str]:
    """Return the figures as lines of Markdown."""
    return table(
        (
            "Session",
            "Gateway, idle",
            "Gateway, end",
            "A session more",
            "Worker, settled",
            "Worker, end",
            "Growth",
            "Worker, most",
            "v2, growth",
            "v2, most",
        ),
        [
            (
                f"{memory.minutes:g} minutes",
                f"{memory.gateway_idle_mib:.0f} MiB",
                f"{memory.gateway_end_mib:.0f} MiB",
                f"{memory.gateway_a_session_mib:.2f} MiB",
                f"{memory.worker_settled_mib:.0f} MiB",
                f"{memory.worker_end_mib:.0f} MiB",
                f"{100 * memory.worker_growth:+.1f}%",
                f"{memory.worker_most_mib:.0f} MiB",
                f"{100 * memory.stream_growth:+.1f}%",
                f"{memory.stream_most_mib:.0f} MiB",
            )
        ],
    )
