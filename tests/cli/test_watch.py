"""`backchannel watch`: a test source and a file as the camera, and what it says without one."""

import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.api.material import joined
from tests.cli.commands import COMMAND, interruptible, is_one_line_without_a_traceback, on_terminal, run


@pytest.fixture
def person(captures: Path, tmp_path: Path) -> Path:
    path = tmp_path / "person.webm"
    path.write_bytes(joined(captures / "webm-vp8-timeslice-3s"))
    return path


def test_a_camera_without_a_person_has_events_and_a_summary() -> None:
    done = run("watch", "--camera", "lavfi:testsrc=duration=6:size=320x240:rate=15")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["0:00.0", "Engagement:", "neutral"]
    assert lines[-3] == "  No face was in view, so nothing about the face was measured."
    assert lines[-1].startswith("  Be careful: ")


def test_a_person_is_followed_as_in_a_file(person: Path) -> None:
    done = run("watch", "--camera", person)
    assert re.search(r"^ +0:05\.\d +Possibly agreeing +Nodded", done.stdout, re.MULTILINE)
    assert "smiled once" in done.stdout
    assert "There was no sound, so speech was not measured." in done.stdout


def test_it_ends_after_some_seconds(person: Path) -> None:
    done = run("watch", "--camera", person, "--seconds", 2)
    assert "at least 1" in done.stdout
    assert "agreeing" not in done.stdout


def test_a_terminal_has_a_status_line(person: Path) -> None:
    assert "live 0:0" in on_terminal("watch", "--camera", person)


def test_ctrl_c_ends_with_the_summary() -> None:
    with subprocess.Popen(
        [COMMAND, "watch", "--camera", "lavfi:testsrc=size=320x240:rate=15"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": ""},
        preexec_fn=interruptible,  # noqa: PLW1509
    ) as watching:
        assert watching.stdout is not None
        assert "Engagement" in watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        rest, errors = watching.communicate(timeout=60)
    assert (watching.returncode, errors) == (0, "")
    assert "Be careful: " in rest


@pytest.mark.parametrize(
    ("camera", "why"),
    [("97", "cannot be opened (No such file or directory). Connect a camera"), ("lavfi:nothing", "--camera")],
)
def test_a_camera_that_cannot_be_opened_says_what_to_do(camera: str, why: str) -> None:
    done = run("watch", "--camera", camera)
    assert is_one_line_without_a_traceback(done)
    assert why in done.stderr


def test_a_file_without_a_picture_is_no_camera(captures: Path, tmp_path: Path) -> None:
    path = tmp_path / "sound.webm"
    path.write_bytes(joined(captures / "webm-audio-only-timeslice-3s"))
    done = run("watch", "--camera", path)
    assert is_one_line_without_a_traceback(done)
    assert "has no picture. Choose another camera" in done.stderr
