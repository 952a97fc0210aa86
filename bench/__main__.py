"""``python -m bench [PART ...]``: measure speed, as ratios; see `docs/performance.md`.

Each part keeps its figures, so that a long run can be made in pieces: ``--results`` writes what is kept.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.parts import KEPT, PARTS
from evals.results import commit_now, machine

RESULTS: Final = Path(__file__).with_name("RESULTS.md")
SMOKE: Final = Path(__file__).with_name("smoke.json")
MOST_WORSE: Final = 1.25
"""A ratio may become this much worse before the smoke test fails."""


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure speed, as ratios.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--runs", type=int, default=5, help="counted runs of what is repeated (default 5)")
    parser.add_argument("--smoke", action="store_true", help=f"small, and held against {SMOKE.name}")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument(
        "--results", action="store_true", help=f"keep them: {RESULTS.name}, or {SMOKE.name} with --smoke"
    )
    chosen = parser.parse_args()
    if chosen.smoke:
        sys.exit(_smoke(chosen.parts, keep=chosen.results, as_json=chosen.json))
    figures = [_measured(name, chosen.runs) for name in chosen.parts or PARTS]
    print(json.dumps(figures, indent=1) if chosen.json else "\n".join(_shown(figures)))
    if chosen.results:
        _write_results()


def _measured(name: str, runs: int) -> dict[str, Any]:
    figures = {
        "part": name,
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit_now(),
        "machine": machine(),
        "runs": runs,
        "figures": msgspec.to_builtins(PARTS[name].measure(runs)),
    }
    path = _kept(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return figures


def _kept(name: str) -> Path:
    return KEPT / "figures" / f"{name}.json"


def _shown(measured: Iterable[Mapping[str, Any]]) -> list[str]:
    lines: list[str] = []
    for one in measured:
        part = PARTS[one["part"]]
        lines += [f"## {part.title}", "", *part.show(one["figures"]), ""]
        lines += [f"{one['date']}, {one['machine']}, commit {one['commit']}.", ""]
    return lines[:-1]


def _write_results() -> None:
    kept = [json.loads(_kept(name).read_text(encoding="utf-8")) for name in PARTS if _kept(name).is_file()]
    heading = (
        "# Results\n\nWritten by `make bench RESULTS=1`; how to read it is in "
        "[performance.md](../docs/performance.md).\n\n"
    )
    RESULTS.write_text(heading + "\n".join(_shown(kept)) + "\n", encoding="utf-8")
    print(f"Wrote {RESULTS.name}.")


# --- smoke -----------------------------------------------------------------------------------------


def _smoke(names: Sequence[str], *, keep: bool, as_json: bool) -> int:
    ratios: dict[str, float] = {}
    for name in names or PARTS:
        part = PARTS[name]
        if part.smoke is not None:
            ratios |= part.ratios(msgspec.to_builtins(part.smoke()))
    if keep:
        kept = {"date": datetime.now(UTC).date().isoformat(), "commit": commit_now(), "ratios": ratios}
        SMOKE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    before: dict[str, float] = json.loads(SMOKE.read_text(encoding="utf-8"))["ratios"]
    worse = worse_than(before, ratios)
    if as_json:
        print(json.dumps({"ratios": ratios, "before": before, "worse": worse}, indent=1))
        return 1 if worse else 0
    for name, ratio in ratios.items():
        was = f"{before[name]:.2f}" if name in before else "new"
        print(f"{'WORSE' if name in worse else 'ok':6} {ratio:6.2f} (was {was})  {name}")
    return 1 if worse else 0


def worse_than(before: Mapping[str, float], now: Mapping[str, float]) -> list[str]:
    """Names of the ratios that have become worse by more than may be; each is better when it is less."""
    return [name for name, ratio in now.items() if ratio > MOST_WORSE * before.get(name, ratio)]


if __name__ == "__main__":
    main()
