"""``python -m fuzz``: run every target, or one, for a while."""

import argparse
import logging
import sys

from fuzz import media, messages
from fuzz.run import fuzz, keep

TARGETS = (*media.TARGETS, *messages.TARGETS)
DEFAULT_SEED = 20_26_11


def main() -> int:
    """Run the command. Returns 1 if something crashed."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="time for all targets together")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="the same seed gives the same inputs")
    parser.add_argument("--target", choices=[target.name for target in TARGETS], help="only this target")
    chosen = parser.parse_args()
    # The library for forms writes a line about each bad one.
    logging.disable(logging.CRITICAL)
    targets = [target for target in TARGETS if chosen.target in {None, target.name}]
    print(f"seed {chosen.seed}")
    failed = False
    for target in targets:
        runs, crash = fuzz(target, chosen.seconds / len(targets), chosen.seed)
        print(f"{target.name:16} {runs:8} inputs  {'ok' if crash is None else 'CRASH'}", flush=True)
        if crash is not None:
            failed = True
            print(f"  {crash.fault}: {crash.text}\n  kept as {keep(target, crash)}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
