"""``python -m tools.soak hostile|outages|stopping``: long runs of a real server. Each prints a table."""

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.tables import table
from tools.soak.hostile import run_hostile


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
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="backchannel-soak-") as made:
        found = run_hostile(Path(made), chosen.seed, chosen.segments, chosen.attackers, chosen.alone)
    print(f"{platform.machine()}, {time.strftime('%Y-%m-%d')}, seed {chosen.seed}")
    print("\n".join(table(("What", "Found"), found.rows())))
    return int(bool(found.faults))


if __name__ == "__main__":
    sys.exit(main())
