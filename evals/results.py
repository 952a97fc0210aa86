"""Writes `evals/RESULTS.md`, `results.json` and `floor.json`: ``python -m evals.results [CLIPS]``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import time
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from backchannel.explain.groups import TRAITS
from backchannel.explain.labels import Labels, labelled_clips
from backchannel.explain.run import evaluate_clips
from backchannel.explain.totals import as_json, as_markdown
from evals.floor import CLIPS, FLOOR, ROOT, figures_of

RESULTS = Path(__file__).with_name("RESULTS.md")
FIGURES = Path(__file__).with_name("results.json")
GROUPS = Path(__file__).with_name("groups.toml")

LIMITS = """\
- Thresholds and weights are set by hand, with reasons, but also while looking at these clips. The program
  fits nothing to them, so there is no leave-one-clip-out figure here. Expect lower figures on clips that
  nobody has looked at. `backchannel calibrate` fits, and its page has leave-one-clip-out figures.
- An interval of no width (1.00–1.00) means only that no clip differs. Read the counts.
- Groups come from the texts beside the clips (`evals/groups.toml`). "not labelled" means that no text says
  it. It does not mean that the light is good, or that each clip shows another person. Groups of one or two
  clips prove nothing.
"""


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m evals.results", description="Evaluate, and keep it.")
    parser.add_argument("clips", type=Path, nargs="?", default=CLIPS, metavar="CLIPS")
    clips = with_groups(labelled_clips(parser.parse_args().clips))
    started_s = time.monotonic()
    scores = [clip.score for clip in evaluate_clips(clips)]
    took_s = time.monotonic() - started_s
    date, commit = datetime.now(UTC).strftime("%Y-%m-%d"), commit_now()
    table = as_markdown(scores)
    heading = (
        "# Results\n\n"
        "Written by `make eval RESULTS=1`; how to read it is in [README.md](README.md).\n\n"
        f"- Date: {date}\n- Commit: {commit}\n- Machine: {machine()}; {took_s:.0f} s in all\n"
        f"{LIMITS}\n"
    )
    RESULTS.write_text(heading + table, encoding="utf-8")
    FIGURES.write_text(json.dumps(as_json(scores), indent=1) + "\n", encoding="utf-8")
    floor = {"date": date, "commit": commit, "figures": figures_of(as_json(scores))}
    FLOOR.write_text(json.dumps(floor, indent=1) + "\n", encoding="utf-8")
    print(table)
    print(f"Wrote {RESULTS.relative_to(ROOT)} and {FLOOR.relative_to(ROOT)}.")


def with_groups(clips: Sequence[tuple[Path, Labels]]) -> tuple[tuple[Path, Labels], ...]:
    """Add what `groups.toml` says of clips whose labels do not say it themselves."""
    groups = tomllib.loads(GROUPS.read_text(encoding="utf-8"))

    def added(clip: Path, labels: Labels) -> Labels:
        said = {trait: getattr(labels, trait) or groups.get(trait, {}).get(clip.name, "") for trait in TRAITS}
        return msgspec.structs.replace(labels, **said)

    return tuple((clip, added(clip, labels)) for clip, labels in clips)


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
