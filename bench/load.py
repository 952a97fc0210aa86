"""(c) Load: clients at the pace of life over real WebSockets, more and more until p95 passes a second.

The time that counts is from the last byte of a segment sent to its `completed`; on v2, from the last byte of
the chunk that fills a window to that window's result (new media is looked at every half second at most).
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import Final

import msgspec

from bench.clients import Kind, Plan, Told, chunk_files, run_clients
from bench.media import film, stream_chunks
from bench.served import MIB, Served, Usage, serving
from bench.tables import table

COUNTS: Final = (1, 2, 4, 8, 12, 16, 20, 24, 32)
ENOUGH_S: Final = 1.0
"""When p95 is beyond this, more clients would only show how much beyond."""
SEGMENT_S: Final = 5.0
CHUNK_S: Final = 1.0


class Load(msgspec.Struct, frozen=True):
    """What so many clients saw, and what it cost.

    Attributes
    ----------
    p50_s, p95_s, p99_s
        Of the time from the last byte sent to the answer, s; the first answer of each client not counted.
    gateway_cpu, workers_cpu
        Cores in use; 1.0 is one core.
    gateway_mib, largest_worker_mib
        Resident memory at the end.
    lost, refused, dropped_s
        Answers that never came or came out of turn, clients not let in, media left out (s).
    """

    kind: Kind
    clients: int
    answers: int
    p50_s: float
    p95_s: float
    p99_s: float
    gateway_cpu: float
    workers_cpu: float
    gateway_mib: float
    largest_worker_mib: float
    lost: int
    refused: int
    dropped_s: float


def measure_load(
    folder: Path, kind: Kind = "v0", counts: Sequence[int] = COUNTS, segments: int = 7
) -> list[Load]:
    """Measure with more and more clients.

    Parameters
    ----------
    folder
        Where media is kept between runs.
    counts
        Numbers of clients, increasing.
    segments
        How many segments of 5 s each client plays.
    """
    loads: list[Load] = []
    for clients in counts:
        with serving() as server:
            loads.append(_measure(server, folder, kind, clients, segments))
        if loads[-1].p95_s > ENOUGH_S or loads[-1].refused:
            break
    return loads


def plan_for(server: Served, folder: Path, kind: Kind, clients: int, segments: int) -> Plan:
    """Return what clients do who play so many segments of 5 s at the pace of life."""
    if kind == "v0":
        segment = (str(film(folder, SEGMENT_S)),)
        return Plan(server.url, server.key, kind, clients, segment, segments, SEGMENT_S, SEGMENT_S)
    length_s = segments * SEGMENT_S
    cut = stream_chunks(film(folder, length_s + CHUNK_S), CHUNK_S)
    chunks = chunk_files(cut[: round(length_s / CHUNK_S)], folder / f"chunks-{length_s:g}s")
    return Plan(server.url, server.key, kind, clients, chunks, len(chunks), CHUNK_S, CHUNK_S)


def _measure(server: Served, folder: Path, kind: Kind, clients: int, segments: int) -> Load:
    plan = plan_for(server, folder, kind, clients, segments)
    before = server.usage()
    told = run_clients(plan, timeout_s=60 + 4 * segments * SEGMENT_S)
    return _load(kind, clients, told, before, server.usage())


def _load(kind: Kind, clients: int, told: Told, before: Usage, after: Usage) -> Load:
    # A client's first segment finds networks that have not run yet.
    counted = [latency_s for one in told.latencies_s for latency_s in (one[1:] or one)]
    # Nobody was answered: whatever is said of it, it is not good.
    cut_points = quantiles(counted, n=100, method="inclusive") if len(counted) > 1 else [float("inf")] * 99
    lasted_s = after.at_s - before.at_s
    return Load(
        kind=kind,
        clients=clients,
        answers=len(counted),
        p50_s=cut_points[49],
        p95_s=cut_points[94],
        p99_s=cut_points[98],
        gateway_cpu=(after.gateway_cpu_s - before.gateway_cpu_s) / lasted_s,
        workers_cpu=(after.workers_cpu_s - before.workers_cpu_s) / lasted_s,
        gateway_mib=after.gateway_rss_bytes / MIB,
        largest_worker_mib=max(after.worker_rss_bytes.values(), default=0) / MIB,
        lost=len(told.errors),
        refused=told.refused,
        dropped_s=told.dropped_s,
    )


def load_table(loads: Sequence[Load]) -> list[str]:
    """Return the figures as lines of Markdown."""
    columns = (
        "Stream",
        "Clients",
        "Answers",
        "p50",
        "p95",
        "p99",
        "Gateway CPU",
        "Workers' CPU",
        "Gateway",
        "Largest worker",
        "Lost",
        "Refused",
        "Left out",
    )
    return table(columns, map(_row, loads))


def _row(load: Load) -> tuple[str, ...]:
    return (
        load.kind,
        str(load.clients),
        str(load.answers),
        *(f"{time_s:.2f} s" for time_s in (load.p50_s, load.p95_s, load.p99_s)),
        f"{load.gateway_cpu:.2f}",
        f"{load.workers_cpu:.2f}",
        f"{load.gateway_mib:.0f} MiB",
        f"{load.largest_worker_mib:.0f} MiB",
        str(load.lost),
        str(load.refused),
        f"{load.dropped_s:.1f} s",
    )
