"""Writes `evals/RESULTS.md`, `results.json` and `floor.json`: ``python -m evals.results [CLIPS]``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

from backchannel.explain.labels import labelled_clips
from backchannel.explain.run import evaluate_clips
from backchannel.explain.totals import as_json, as_markdown
from evals.floor import CLIPS, FLOOR, ROOT, figures_of

RESULTS = Path(__file__).with_name("RESULTS.md")
FIGURES = Path(__file__).with_name("results.json")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m evals.results", description="Evaluate, and keep it.")
    parser.add_argument("clips", type=Path, nargs="?", default=CLIPS, metavar="CLIPS")
    clips = labelled_clips(parser.parse_args().clips)
    started_s = time.monotonic()
    scores = [clip.score for clip in evaluate_clips(clips)]
    took_s = time.monotonic() - started_s
    date, commit = datetime.now(UTC).strftime("%Y-%m-%d"), commit_now()
    table = as_markdown(scores)
    heading = (
        "# Results\n\n"
        "Written by `make eval RESULTS=1`; how to read it is in [README.md](README.md).\n\n"
        f"- Date: {date}\n- Commit: {commit}\n- Machine: {machine()}; {took_s:.0f} s in all\n\n"
    )
    RESULTS.write_text(heading + table, encoding="utf-8")
    FIGURES.write_text(json.dumps(as_json(scores), indent=1) + "\n", encoding="utf-8")
    floor = {"date": date, "commit": commit, "figures": figures_of(as_json(scores))}
    FLOOR.write_text(json.dumps(floor, indent=1) + "\n", encoding="utf-8")
    print(table)
    print(f"Wrote {RESULTS.relative_to(ROOT)} and {FLOOR.relative_to(ROOT)}.")


def commit_now() -> str:
    """Return the commit that is evaluated, and whether what it evaluates was changed since."""
    commit = _git("rev-parse", "--short", "HEAD")
    return f"{commit} and uncommitted changes" if _git("status", "--porcelain", "--", "src") else commit


def machine() -> str:
    """Return what it ran on, without its name."""
    cores = len(os.sched_getaffinity(0))
    return (
        f"{platform.system()} {platform.machine()}, {cores} core{'s' if cores != 1 else ''}, "
        f"Python {platform.python_version()}"
    )


def _git(*arguments: str) -> str:
    command = ("git", *arguments)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()


if __name__ == "__main__":
    main()
