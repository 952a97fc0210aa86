"""``python -m bench``: CPU time per segment against decoding alone, and where it goes."""

import argparse
import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.clips import make_clips
from bench.cpu import segment_costs, stage_costs

CLIPS = Path(".cache/bench")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure speed, as ratios.")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each (default 5)")
    parser.add_argument("--smoke", action="store_true", help="only 720p H.264 and VP8")
    parser.add_argument("--json", action="store_true", help="for machines")
    chosen = parser.parse_args()
    clips = make_clips(CLIPS)
    timed = {key: clips[key] for key in ((720, "h264"), (720, "vp8"))} if chosen.smoke else clips
    figures: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.processor() or platform.machine()}, Python {platform.python_version()}",
        "runs": chosen.runs,
        "segment": segment_costs(timed, chosen.runs),
        "stages_720p_h264_s": stage_costs(clips[720, "h264"], chosen.runs),
    }
    print(json.dumps(figures, indent=1) if chosen.json else _table(figures))


def _table(figures: Mapping[str, Any]) -> str:
    lines = [
        f"{figures['date']}, {figures['machine']}, medians of {figures['runs']} runs, CPU time on one core",
        "",
        "| 5 s segment | Decode only | Whole analysis | Ratio |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {1000 * cost['decode_only_s']:.0f} ms | {1000 * cost['segment_s']:.0f} ms "
        f"| {cost['ratio']:.2f} |"
        for name, cost in figures["segment"].items()
    ]
    lines += ["", "| Stage, 720p H.264 | CPU time |", "|---|---|"]
    lines += [f"| {name} | {1000 * cost:.0f} ms |" for name, cost in figures["stages_720p_h264_s"].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
