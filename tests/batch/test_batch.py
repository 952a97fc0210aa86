"""Many files into tables: the real command on real files, also after a kill."""

import csv
import json
import os
import signal
import subprocess
from pathlib import Path

import polars as pl
import pytest

from backchannel import analyze
from backchannel.batch.rows import COLUMNS, TABLES
from backchannel.batch.run import found
from backchannel.batch.tables import places_of
from backchannel.config import SettingsError
from tests.api.material import joined
from tests.cli.commands import COMMAND, is_one_line_without_a_traceback, run
from tests.media.making import Recipe, make


@pytest.fixture
def talks(tmp_path: Path, captures: Path) -> Path:
    """A folder with a person, a film without one, an empty file and a broken one."""
    folder = tmp_path / "talks"
    folder.mkdir()
    (folder / "a person.webm").write_bytes(joined(captures / "webm-vp8-timeslice-3s"))
    (folder / "broken.mp4").write_bytes(b"not a video")
    (folder / "empty.mp4").touch()
    (folder / "nobody.mp4").write_bytes(make(Recipe(duration_s=3.0)))
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_file_has_its_rows_and_a_broken_one_is_a_row_too(talks: Path, tmp_path: Path) -> None:
    out = tmp_path / "results.csv"
    done = run("batch", talks / "*.*", "--out", out, "--no-words")
    assert done.returncode == 0
    assert [line.split(":")[0].split("/")[-1] for line in done.stderr.splitlines()[:4]] == [
        "a person.webm",
        "broken.mp4",
        "empty.mp4",
        "nobody.mp4",
    ]
    assert done.stderr.splitlines()[4].endswith("2 of 4 files failed.")
    report = analyze(talks / "a person.webm")
    signals = rows(out)
    assert [row["type"] for row in signals if not row["error"]] == [one.type for one in report.signals]
    failed = {Path(row["source"]).name: row["error"] for row in signals if row["error"]}
    assert set(failed) == {"broken.mp4", "empty.mp4"}
    assert "not a supported video file" in failed["broken.mp4"]
    windows = rows(tmp_path / "results.windows.csv")
    assert [Path(row["source"]).name for row in windows] == ["a person.webm"] * 3 + ["nobody.mp4"]
    assert float(windows[0]["engaged_share"]) + float(windows[0]["neutral_share"]) == pytest.approx(1)
    cues = [row["name"] for row in rows(tmp_path / "results.cues.csv") if "person" in row["source"]]
    assert cues == [cue.name for cue in report.cues]
    assert sorted(path.name for path in tmp_path.glob("results*")) == [
        "results.csv",
        "results.cues.csv",
        "results.windows.csv",
    ]


def test_all_formats_have_the_same_rows(talks: Path, tmp_path: Path) -> None:
    for suffix in ("csv", "jsonl", "parquet"):
        assert run("batch", talks / "*.webm", "--out", tmp_path / f"r.{suffix}").returncode == 0
    for table in TABLES:
        middle = "" if table == "signals" else f".{table}"
        lines = (tmp_path / f"r{middle}.jsonl").read_text("utf-8").splitlines()
        from_json = [json.loads(line) for line in lines]
        frame = pl.read_parquet(tmp_path / f"r{middle}.parquet")
        assert len(rows(tmp_path / f"r{middle}.csv")) == len(from_json) == frame.height > 0
        assert frame.columns == list(from_json[0]) == list(COLUMNS[table])
        assert frame["start_s"].dtype == pl.Float64


def test_after_a_kill_it_goes_on_where_it_stopped(talks: Path, tmp_path: Path) -> None:
    out, whole = tmp_path / "results.csv", tmp_path / "whole.csv"
    with subprocess.Popen(
        [COMMAND, "batch", str(talks / "*.*"), "--out", str(out)],
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": ""},
    ) as batch:
        assert batch.stderr is not None
        first = batch.stderr.readline()
        os.kill(batch.pid, signal.SIGKILL)
    assert first.startswith("1 of 4")
    assert (tmp_path / "results.csv.journal").exists()
    done = run("batch", talks / "*.*", "--out", out)
    assert done.stderr.splitlines()[0] == f"{first.strip()} (before)"
    assert run("batch", talks / "*.*", "--out", whole).returncode == 0
    for table in ("", ".windows", ".cues"):
        assert rows(tmp_path / f"results{table}.csv") == rows(tmp_path / f"whole{table}.csv")
    assert not (tmp_path / "results.csv.journal").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing/*.mp4", "--out", "r.csv"], "No file matches nothing/*.mp4"),
        (["a.mp4", "--out", "r.xlsx"], "must end with .parquet, .csv, .jsonl"),
        (["a.mp4", "--out", "nowhere/r.csv"], "there is no folder nowhere"),
    ],
)
def test_a_command_that_cannot_work_says_so_before_it_starts(arguments: list[str], message: str) -> None:
    done = run("batch", *arguments)
    assert is_one_line_without_a_traceback(done)
    assert message in done.stderr


def test_a_pattern_and_a_name_with_brackets_are_both_found_once(tmp_path: Path) -> None:
    for name in ("a[1].mp4", "b.mp4"):
        (tmp_path / name).touch()
    items = found([str(tmp_path / "a[1].mp4"), str(tmp_path / "*.mp4"), str(tmp_path)])
    assert [item.path.name for item in items] == ["a[1].mp4", "b.mp4"]


def test_parquet_without_its_library_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backchannel.batch.tables.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install pyarrow"):
        places_of(tmp_path / "r.parquet")
