import csv
import json
import os
import re
import signal
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from backchannel.perception.whisper import built_in_whisper
from tests.cli.commands import COMMAND, interruptible, is_one_line_without_a_traceback, run
from tests.html.reading import checked
from tests.media.making import Recipe, make


@pytest.fixture
def film(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "film.mp4").write_bytes(make(Recipe(duration_s=3.0)))
    return folder / "film.mp4"


def test_a_clip_as_json_has_the_shape_of_an_upload(clips: Path) -> None:
    clip = clips / "man-red-shirt-short-intro.mp4"
    done = run("analyze", clip, "--json", "--include", "conversation_quality_timeline")
    assert (done.returncode, done.stderr) == (0, "")
    body = json.loads(done.stdout)
    assert list(body) == ["signals", "engagement_state", "conversation_quality", "coverage"]
    assert list(body["conversation_quality"]) == ["overall", "timeline"]
    assert body["engagement_state"][0]["start"] == 0
    for told in body["signals"]:
        assert list(told) == ["type", "start", "end", "probability", "rationale", "modality"]
    without = json.loads(run("analyze", clip, "--json").stdout)
    assert list(without) == ["signals", "engagement_state", "coverage"]
    assert without["signals"] == body["signals"]


def test_words_are_heard_by_default(clips: Path) -> None:
    if built_in_whisper() is None:
        pytest.skip("needs the network for words, which this build does not have")
    clip = clips / "woman-couch-casual-talk.mp4"
    body = json.loads(run("analyze", clip, "--json", "--words").stdout)
    assert any("I think" in phrase["text"] for phrase in body["transcript"])
    assert any("“I think”" in told["rationale"] for told in body["signals"])
    by_default = json.loads(run("analyze", clip, "--json").stdout)
    assert "transcript" not in by_default
    assert by_default["signals"] == body["signals"]
    lines = run("analyze", clip).stdout
    assert re.search(r"^  said  0:00\.\d–0:08\.\d +It's kind of", lines, re.MULTILINE)
    without = run("analyze", clip, "--no-words").stdout
    assert "  said  " not in without
    assert "“" not in without


def test_words_without_a_network_are_one_line(film: Path, tmp_path: Path) -> None:
    done = run("analyze", film, "--words", BACKCHANNEL_WORDS_MODEL=str(tmp_path))
    assert is_one_line_without_a_traceback(done)
    assert "Whisper" in done.stderr


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


def test_every_kind_of_file_is_written_in_one_go(film: Path, tmp_path: Path) -> None:
    places = {kind: tmp_path / f"out.{kind}" for kind in ("html", "csv", "srt", "vtt", "eaf")}
    done = run("analyze", film, *(word for kind, place in places.items() for word in (f"--{kind}", place)))
    assert done.returncode == 0
    assert "engagement" in done.stdout
    assert done.stderr == "".join(f"Wrote {place}.\n" for place in places.values())
    checked(places["html"].read_text(encoding="utf-8"))
    assert places["csv"].read_text().startswith("source,kind,name,start_s,end_s")
    assert places["vtt"].read_text().startswith("WEBVTT\n")
    assert 'RELATIVE_MEDIA_URL="./films/film.mp4"' in places["eaf"].read_text()
    moment = re.search(r'<time datetime="([^"]+)"', places["html"].read_text())
    assert moment is not None
    assert datetime.fromisoformat(moment[1]).tzinfo is not None


def test_times_are_told_in_the_zone_of_the_machine(film: Path, tmp_path: Path) -> None:
    assert run("analyze", film, "--html", tmp_path / "out.html", TZ="Asia/Kolkata").returncode == 0
    assert "(UTC+05:30)" in (tmp_path / "out.html").read_text()


def test_a_file_on_standard_output_is_alone_there(film: Path) -> None:
    done = run("analyze", film, "--csv", "-")
    assert (done.returncode, done.stderr) == (0, "")
    assert {row["kind"] for row in csv.DictReader(done.stdout.splitlines())} >= {"engagement", "quality"}


def test_an_older_file_is_written_over(film: Path, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("old")
    assert run("analyze", film, "--csv", tmp_path / "out.csv").returncode == 0
    assert (tmp_path / "out.csv").read_text().startswith("source,")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--srt", "{film}"], "would overwrite the input"),
        (["--srt", "{folder}/link.mp4"], "would overwrite the input"),
        (["--html", "{folder}"], "is a folder. Give the name of a file."),
        (["--html", "{folder}/none/out.html"], "there is no folder"),
        (["--html", "-", "--csv", "-"], "--html and --csv cannot both be written to standard output."),
        (["--json", "--csv", "-"], "--json and --csv cannot both be written to standard output."),
        (
            ["--srt", "{folder}/a", "--vtt", "{folder}/../{name}/a"],
            "--srt and --vtt cannot both be written to",
        ),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_analysed(
    film: Path, words: list[str], said: str
) -> None:
    before = film.read_bytes()
    (film.parent / "link.mp4").symlink_to(film)
    filled = [word.format(film=film, folder=film.parent, name=film.parent.name) for word in words]
    failed = run("analyze", film, *filled)
    assert is_one_line_without_a_traceback(failed)
    assert said in failed.stderr
    assert film.read_bytes() == before
    assert sorted(path.name for path in film.parent.iterdir()) == ["film.mp4", "link.mp4"]


def test_a_terminal_that_knows_no_dashes_is_no_reason_to_fail(film: Path) -> None:
    done = run("analyze", film, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "engagement" in done.stdout


def test_a_name_that_is_no_text_is_shown_all_the_same(film: Path, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/odd \xff\n<b>.mp4"))
    film.rename(odd)
    done = run("analyze", odd, "--html", tmp_path / "out.html", "--eaf", tmp_path / "out.eaf")
    assert done.returncode == 0
    assert "odd \N{REPLACEMENT CHARACTER}" in (tmp_path / "out.html").read_text(encoding="utf-8")
    checked((tmp_path / "out.html").read_text(encoding="utf-8"))


def test_a_reader_that_leaves_is_no_error(film: Path) -> None:
    command = [str(COMMAND), "analyze", str(film), "--html", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        assert running.stderr.read() == ""


def test_an_interrupt_leaves_nothing_behind(clips: Path, tmp_path: Path) -> None:
    clip = clips / "man-webcam-posed-head-moves.webm"
    running = subprocess.Popen(
        [COMMAND, "analyze", clip, "--html", tmp_path / "out.html"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=interruptible,  # noqa: PLW1509
    )
    # Once the decoders are loaded it is at work.
    while "/av/" not in Path(f"/proc/{running.pid}/maps").read_text():
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_what_was_missing_is_said(clips: Path) -> None:
    body = json.loads(run("analyze", clips / "black-screen-no-audio.mp4", "--json").stdout)
    assert body["signals"] == []
    assert body["coverage"] == {
        "picture": True,
        "sound": False,
        "face_share": 0,
        "speech_share": None,
        "analysis_rate_hz": 15,
        "notes": [
            "No face was in view.",
            "The picture did not change.",
            "There was no sound.",
            "Nobody was visible or speaking, so engagement was not measured.",
        ],
    }


def test_the_output_ends_with_the_summary(clips: Path) -> None:
    done = run("analyze", clips / "man-red-shirt-short-intro.mp4")
    *_, voice, face, moments, care = done.stdout.splitlines()
    assert voice.startswith("  Spoke for ")
    assert face.startswith("  Faced the camera for ")
    assert moments == "  Worth seeing: 0:01 (possibly confident)."
    assert care.startswith("  Be careful: ")


def test_stills_are_in_the_report_only_if_asked(clips: Path, tmp_path: Path) -> None:
    clip, page = clips / "man-red-shirt-short-intro.mp4", tmp_path / "talk.html"
    assert run("analyze", clip, "--html", page).returncode == 0
    assert "<img" not in page.read_text("utf-8")
    assert run("analyze", clip, "--html", page, "--stills").returncode == 0
    assert page.read_text("utf-8").count('<img src="data:image/jpeg;base64,/9j/') == 1


@pytest.mark.parametrize("options", [["--stills"], ["--stills", "--html", "a.html", "--detail", "full"]])
def test_stills_without_a_place_for_them_are_refused(film: Path, options: list[str]) -> None:
    done = run("analyze", film, *options)
    assert is_one_line_without_a_traceback(done)
    assert "--stills needs --html" in done.stderr


def test_the_full_report_is_there_on_request(film: Path, tmp_path: Path) -> None:
    page = tmp_path / "talk.html"
    assert run("analyze", film, "--html", page, "--detail", "full").returncode == 0
    assert "How it was measured" in page.read_text("utf-8")
