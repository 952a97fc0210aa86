"""Fails when a figure of the evaluation has fallen: ``python -m evals.floor [CLIPS]``.

What it compares with is `evals/floor.json`, written together with `evals/RESULTS.md` by `evals.results`.
Without the labelled clips it says so and passes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CLIPS = ROOT.parent / "shared" / "clips"
FLOOR = Path(__file__).with_name("floor.json")
MAX_FALL = 0.03

Figures = Mapping[str, float]


def figures_of(result: Mapping[str, Any]) -> dict[str, float]:
    """Return what is watched, from the JSON of ``backchannel eval``; higher is better in all of them."""
    found: dict[str, float | None] = {f"{cue} F1": row["f1"] for cue, row in result["cues"].items()}
    found["speech, share of time right"] = result["speech"]["frame_accuracy"]
    for kind in ("implausible", "neither"):
        wrong = result["signals"][f"{kind}_share"]
        found[f"signals not {kind}"] = None if wrong is None else round(1 - wrong, 3)
    found["plausible signals found"] = result["signals"]["plausible_found"]
    return {name: value for name, value in found.items() if value is not None}


def fallen(floor: Figures, now: Figures) -> list[str]:
    """Say, a line each, which figures have fallen by more than `MAX_FALL` or are gone."""
    lines = []
    for name, before in floor.items():
        value = now.get(name)
        if value is None:
            lines.append(f"{name}: was {before:.3f}, cannot be said any more")
        elif before - value > MAX_FALL + 1e-9:
            lines.append(f"{name}: was {before:.3f}, is {value:.3f}")
    return lines


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m evals.floor", description="Has a figure fallen?")
    parser.add_argument("clips", type=Path, nargs="?", default=CLIPS, metavar="CLIPS")
    clips: Path = parser.parse_args().clips
    if not clips.is_dir():
        print("evals.floor: skipped, the labelled clips (../shared/clips) are not there")
        return 0
    # Imported here, since a machine without clips need not load the networks to be told so.
    from backchannel.explain.labels import labelled_clips  # noqa: PLC0415
    from backchannel.explain.run import evaluate_clips  # noqa: PLC0415
    from backchannel.explain.totals import as_json  # noqa: PLC0415

    floor = json.loads(FLOOR.read_text(encoding="utf-8"))
    evaluated = evaluate_clips(labelled_clips(clips))
    now = figures_of(as_json([clip.score for clip in evaluated]))
    lines = fallen(floor["figures"], now)
    for line in lines:
        print(f"evals.floor: {line}")
    print(
        f"evals.floor: {len(lines)} of {len(floor['figures'])} figures fell by more than {MAX_FALL} "
        f"since {floor['date']} ({floor['commit']})"
    )
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
