"""``python -m tools.soak hostile|outages|stopping``: long runs of a real server. Each prints a table."""

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.tables import table
from tools.soak.hostile import Hostile, run_hostile
from tools.soak.outages import Outages, run_outages
from tools.soak.outages import Plan as OutagePlan
from tools.soak.stopping import Stopping, run_stopping


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 1 if something happened that should not."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=13, help="the same seed gives the same damage and moments"
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    hostile = kinds.add_parser("hostile", help="damaged segments beside a client that behaves")
    hostile.add_argument("--segments", type=int, default=20_000)
    hostile.add_argument("--attackers", type=int, default=4, help="sessions that send them")
    hostile.add_argument("--alone", type=float, default=60.0, help="time without damaged segments, s")
    outages = kinds.add_parser("outages", help="workers killed, store locked, disk full, clock set")
    outages.add_argument("--sessions", type=int, nargs=2, default=(6, 2), metavar=("V0", "V2"))
    outages.add_argument("--minutes", type=float, default=5.0)
    outages.add_argument("--workers", type=int, default=2)
    outages.add_argument("--kill-every", type=float, default=2.0, help="time between two kills, s")
    stopping = kinds.add_parser("stopping", help="SIGTERM under load")
    stopping.add_argument("--rounds", type=int, default=10)
    stopping.add_argument("--sessions", type=int, default=3, help="v0 sessions, and as many v2 sessions")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="backchannel-soak-") as made:
        found = _run(chosen, Path(made))
    print(f"{platform.machine()}, {time.strftime('%Y-%m-%d')}, seed {chosen.seed}")
    print("\n".join(table(("What", "Found"), found.rows())))
    return int(bool(found.faults))


def _run(chosen: argparse.Namespace, folder: Path) -> Hostile | Outages | Stopping:
    if chosen.kind == "hostile":
        return run_hostile(folder, chosen.seed, chosen.segments, chosen.attackers, chosen.alone)
    if chosen.kind == "stopping":
        return run_stopping(folder, chosen.seed, chosen.rounds, chosen.sessions)
    segments, events = chosen.sessions
    plan = OutagePlan(
        chosen.seed, segments, events, chosen.minutes, chosen.workers, kill_every_s=chosen.kill_every
    )
    return run_outages(folder, plan)


if __name__ == "__main__":
    sys.exit(main())
