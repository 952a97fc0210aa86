import json
from pathlib import Path

import pytest

from tests.cli.commands import is_one_line_without_a_traceback, run
from tests.media.making import Recipe, make


def test_a_clip_as_json_has_the_shape_of_an_upload(clips: Path) -> None:
    clip = clips / "man-red-shirt-short-intro.mp4"
    done = run("analyze", clip, "--json", "--include", "conversation_quality_timeline")
    assert (done.returncode, done.stderr) == (0, "")
    body = json.loads(done.stdout)
    assert list(body) == ["signals", "engagement_state", "conversation_quality", "coverage"]
    assert list(body["conversation_quality"]) == ["overall", "timeline"]
    assert body["engagement_state"][0]["start"] == 0
    for signal in body["signals"]:
        assert list(signal) == ["type", "start", "end", "probability", "rationale", "modality"]
    without = json.loads(run("analyze", clip, "--json").stdout)
    assert list(without) == ["signals", "engagement_state", "coverage"]
    assert without["signals"] == body["signals"]


def test_for_people_it_is_lines(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(make(Recipe(duration_s=3.0)))
    done = run("analyze", tmp_path / "film.mp4")
    assert done.returncode == 0
    assert "engagement" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("what", ["missing", "directory", "empty", "text", "truncated"])
def test_what_is_no_film_is_one_line(tmp_path: Path, what: str) -> None:
    path = tmp_path / "film.mp4"
    if what == "directory":
        path.mkdir()
    elif what == "empty":
        path.touch()
    elif what == "text":
        path.write_text("not a film")
    elif what == "truncated":
        path.write_bytes(make(Recipe(duration_s=3.0))[:2000])
    assert is_one_line_without_a_traceback(run("analyze", path))
    assert is_one_line_without_a_traceback(run("stream", path, "--key", "x", "--url", "http://127.0.0.1:1"))


def test_what_was_missing_is_said(clips: Path) -> None:
    body = json.loads(run("analyze", clips / "black-screen-no-audio.mp4", "--json").stdout)
    assert body["signals"] == []
    assert body["coverage"] == {
        "picture": True,
        "sound": False,
        "face_share": 0,
        "speech_share": None,
        "notes": ["No face was in view.", "The picture did not change.", "There was no sound."],
    }
