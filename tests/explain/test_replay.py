"""A clip made for the test, from the command to the page."""

import json
from pathlib import Path

import pytest

from backchannel.engine.worker import analyze_medium
from backchannel.explain.replay import LIMITS, replay
from backchannel.media.decode import read
from backchannel.values import Segment
from synthesis import Nod, Performance, Shot, View, labels_path, write_clip
from tests.cli.commands import is_one_line_without_a_traceback, run
from tests.media.making import Recipe, make


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips: one nods, one is noise."""
    folder = tmp_path_factory.mktemp("clips")
    nod = Nod(3.0, cycles=3, peak_to_peak_deg=12.0, rate_hz=2.0)
    write_clip(folder / "nod.mp4", Shot(Performance(6.0, (nod,)), View(320, 240, 56.0), 15.0, sound=False))
    (folder / "still.mp4").write_bytes(make(Recipe(duration_s=3.0)))
    labels_path(folder / "still.mp4").write_text('{"file": "still.mp4", "signals_implausible": ["stress"]}')
    return folder


def test_a_replay_is_what_a_live_session_says_and_its_views_join_without_a_seam(folder: Path) -> None:
    data = (folder / "nod.mp4").read_bytes()
    played = replay(data, window_s=3.0)
    with read(Segment(data), LIMITS) as medium:
        assert played.results == tuple(analyze_medium(medium, window_s=3.0))
    assert played.voice is None
    assert played.face is not None
    steps_s = played.face.time_s[1:] - played.face.time_s[:-1]
    assert steps_s == pytest.approx(1 / 15)
    assert played.face.time_s[-1] == pytest.approx(6.0, abs=0.15)
    assert all(track.shape == played.face.time_s.shape for track in played.face.values.values())
    assert all(track.shape == played.face.time_s.shape for track in played.face.usual.values.values())


def test_eval_as_json_finds_the_nod(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = run("eval", folder, "--json", "--html", page)
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout)
    assert list(body) == ["cues", "speech", "signals", "false_per_minute", "intervals", "clips"]
    assert body["cues"]["nod"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "labels": 1, "detections": 1}
    assert list(body["clips"]) == ["nod.mp4", "still.mp4"]
    assert "Detected nod" in page.read_text(encoding="utf-8")


def test_eval_for_people_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "still.mp4").write_bytes(make(Recipe(duration_s=3.0)))
    labels_path(tmp_path / "still.mp4").write_text('{"file": "still.mp4"}')
    done = run("eval", tmp_path, "--window", 3)
    assert done.returncode == 0, done.stderr
    assert "| nod " in done.stdout
    assert "\x1b" not in done.stdout


def test_explain_writes_a_page_with_the_labels_beside_the_clip(folder: Path, tmp_path: Path) -> None:
    done = run("explain", folder / "nod.mp4", "--out", tmp_path / "page.html")
    assert (done.returncode, done.stdout) == (0, "")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Labelled nod" in text
    assert "Head pitch" in text


@pytest.mark.parametrize("what", ["missing", "empty", "no clips", "bad labels", "no film"])
def test_what_eval_cannot_use_is_one_line(tmp_path: Path, what: str) -> None:
    if what == "missing":
        assert is_one_line_without_a_traceback(run("eval", tmp_path / "none"))
        return
    if what == "no clips":
        (tmp_path / "a.mp4").write_bytes(b"film")
    if what in ("bad labels", "no film"):
        (tmp_path / "a.mp4").write_bytes(b"film")
        labels_path(tmp_path / "a.mp4").write_text('{"file": "a.mp4"}' if what == "no film" else "{")
    done = run("eval", tmp_path)
    assert is_one_line_without_a_traceback(done)
    assert ("labelled clips" in done.stderr) == (what in ("empty", "no clips"))


def test_what_explain_cannot_use_is_one_line(tmp_path: Path) -> None:
    assert is_one_line_without_a_traceback(
        run("explain", tmp_path / "none.mp4", "--out", tmp_path / "p.html")
    )
    (tmp_path / "a.mp4").write_bytes(b"film")
    labels_path(tmp_path / "a.mp4").write_text("{")
    done = run("explain", tmp_path / "a.mp4", "--out", tmp_path / "p.html")
    assert is_one_line_without_a_traceback(done)
    assert "a.mp4.labels.json" in done.stderr
    assert not (tmp_path / "p.html").exists()
