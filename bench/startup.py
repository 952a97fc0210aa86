"""(e) Start-up: from the command to a server that would analyse, and to its first result."""

import tempfile
import time
from pathlib import Path
from statistics import median

import msgspec

from backchannel.store import open_store
from bench.clients import Plan, run_clients
from bench.media import LOOP_S, film
from bench.served import cpu_s, start, tree, wait_until_ready
from bench.tables import table


class Startup(msgspec.Struct, frozen=True):
    """Medians of several starts, s from the command.

    Attributes
    ----------
    listening_s, ready_s
        Until the socket is there, and until `/readyz` says that a segment would be analysed.
    first_result_s
        From `ready_s` on: a new client's connection, its first segment of 5 s in 720p and the answer.
    cpu_s
        CPU time until ready, of all processes.
    """

    runs: int
    listening_s: float
    ready_s: float
    first_result_s: float
    cpu_s: float


def measure_startup(folder: Path, runs: int = 5) -> Startup:
    """Start a server several times, after once that does not count: from then on the caches are warm."""
    segment = str(film(folder, LOOP_S))
    timed = [_one(segment) for _ in range(runs + 1)][1:]
    listening_s, ready_s, first_result_s, used_s = (median(column) for column in zip(*timed, strict=True))
    return Startup(runs, listening_s, ready_s, first_result_s, used_s)


def _one(segment: str) -> tuple[float, float, float, float]:
    with tempfile.TemporaryDirectory(prefix="backchannel-bench-") as data_dir:
        with open_store(Path(data_dir)) as store:
            _, key = store.keys.create("bench")
        began_s = time.monotonic()
        process, url = start(Path(data_dir))
        try:
            listening_s = time.monotonic() - began_s
            wait_until_ready(url, process)
            ready_s = time.monotonic() - began_s
            used_s = sum(map(cpu_s, tree(process.pid)))
            told = run_clients(Plan(url, key, "v0", 1, (segment,), 1, 0.0, LOOP_S), timeout_s=60)
            return listening_s, ready_s, told.latencies_s[0][0], used_s
        finally:
            process.terminate()
            process.wait(30)


def startup_table(startup: Startup) -> list[str]:
    """Return the figures as lines of Markdown."""
    return table(
        ("Runs", "Listening", "Ready", "CPU until ready", "First segment answered, from there"),
        [
            (
                str(startup.runs),
                f"{startup.listening_s:.2f} s",
                f"{startup.ready_s:.2f} s",
                f"{startup.cpu_s:.2f} s",
                f"{startup.first_result_s:.2f} s",
            )
        ],
    )
