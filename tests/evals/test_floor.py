"""The floor: what counts as fallen, and what CI says where there are no clips."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evals.floor import FLOOR, fallen, figures_of

RESULT = {
    "cues": {"nod": {"f1": 0.7}, "shake": {"f1": None}},
    "speech": {"frame_accuracy": 0.95},
    "signals": {"implausible_share": 0.1, "neither_share": 0.3, "plausible_found": 0.6},
}


def test_what_is_watched_is_better_when_higher_and_left_out_when_it_cannot_be_said() -> None:
    assert figures_of(RESULT) == {
        "nod F1": 0.7,
        "speech, share of time right": 0.95,
        "signals not implausible": 0.9,
        "signals not neither": 0.7,
        "plausible signals found": 0.6,
    }


@pytest.mark.parametrize("now", [0.7, 0.67, 0.9])
def test_a_small_fall_is_none(now: float) -> None:
    assert fallen({"nod F1": 0.7}, {"nod F1": now, "shake F1": 0.1}) == []


@pytest.mark.parametrize("now", [{"nod F1": 0.66}, {}])
def test_a_large_fall_and_a_figure_that_is_gone_are_told(now: dict[str, float]) -> None:
    (line,) = fallen({"nod F1": 0.7}, now)
    assert line.startswith("nod F1: was 0.700")


def test_the_floor_that_is_kept_has_the_figures_that_are_watched() -> None:
    kept = json.loads(FLOOR.read_text(encoding="utf-8"))
    assert list(kept) == ["date", "commit", "figures"]
    assert "plausible signals found" in kept["figures"]
    assert all(0 <= value <= 1 for value in kept["figures"].values())


def test_without_clips_it_says_so_and_passes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "evals.floor", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
        cwd=FLOOR.parents[1],
    )
    assert done.returncode == 0
    assert "skipped" in done.stdout
