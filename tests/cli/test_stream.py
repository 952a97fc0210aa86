"""Playing a file to a real server, as a person would: in a pipe, on a terminal, interrupted."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import (
    COMMAND,
    interruptible,
    is_one_line_without_a_traceback,
    on_terminal,
    run,
    serving,
)
from tests.media.making import Recipe, make


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What stands in for --url and --key."""
    with serving(tmp_path_factory.mktemp("data")) as (_, url, key):
        yield {"BACKCHANNEL_URL": url, "BACKCHANNEL_KEY": key}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    path.write_bytes(make(Recipe(duration_s=3.2)))
    return path


def test_in_a_pipe_events_are_plain_lines(server: dict[str, str], film: Path) -> None:
    done = run("stream", film, **server)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
    first, *_, last = done.stdout.splitlines()
    assert first == "   0:00.0  Engagement: neutral"
    assert last.startswith("Ended: 0 signals, quality 50 (clarity 50, ")


@pytest.mark.slow
def test_a_signal_is_a_line_when_it_begins_and_when_it_ends(server: dict[str, str], clips: Path) -> None:
    done = run("stream", clips / "man-suit-interview-answer-long-pauses.mp4", **server)
    assert done.returncode == 0
    assert re.search(r"^   0:02\.\d  Possibly hesitant +Paused for 1\.\d s\.$", done.stdout, re.M)
    assert re.search(r"^   0:06\.\d  End of hesitation$", done.stdout, re.M)


def test_as_json_it_is_what_the_server_said_a_line_each(server: dict[str, str], film: Path) -> None:
    done = run("stream", film, "--json", "--include", "conversation_quality_timeline", **server)
    assert (done.returncode, done.stderr) == (0, "")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    types = [message["type"] for message in said]
    assert types[:2] == ["session.ready", "session.updated"]
    assert types[-1] == "session.ended"
    assert "session.closing" in types
    assert "engagement.updated" in types
    assert "cue.detected" not in types
    for message in said:
        assert list(message)[:4] == ["type", "timestamp", "correlation_id", "data"]
        assert set(message) - {"seq"} == {"type", "timestamp", "correlation_id", "data"}
    (quality,) = (message["data"] for message in said if message["type"] == "conversation_quality.updated")
    assert list(quality) == ["timeline"]


def test_v0_is_still_spoken_segment_by_segment(server: dict[str, str], film: Path) -> None:
    plain = run("stream", film, "--protocol", "v0", **server)
    assert (plain.returncode, plain.stderr) == (0, "")
    assert plain.stdout.startswith("segment 1\n")
    as_json = run("stream", film, "--protocol", "v0", "--json", **server)
    said = [json.loads(line) for line in as_json.stdout.splitlines()]
    assert [message["status"] for message in said] == ["processing", "result", "completed"]


def test_v0_takes_no_segments_under_three_seconds(film: Path) -> None:
    failed = run("stream", film, "--protocol", "v0", "--segment", "1", "--key", "x")
    assert is_one_line_without_a_traceback(failed)
    assert "3 s or longer" in failed.stderr


@pytest.mark.parametrize("protocol", ["v2", "v0"])
def test_a_key_that_is_not_known_is_one_line(server: dict[str, str], film: Path, protocol: str) -> None:
    failed = run("stream", film, "--key", "bk_live_wrong", "--protocol", protocol, **server)
    assert is_one_line_without_a_traceback(failed)
    assert "ih2001" in failed.stderr


@pytest.mark.parametrize("protocol", ["v2", "v0"])
def test_a_file_that_is_no_film_is_one_line(server: dict[str, str], tmp_path: Path, protocol: str) -> None:
    (tmp_path / "film.mp4").write_text("not a film")
    failed = run("stream", tmp_path / "film.mp4", "--protocol", protocol, **server)
    assert is_one_line_without_a_traceback(failed)
    assert "not a readable media file" in failed.stderr


def test_an_interrupt_ends_it_with_130_and_no_traceback(server: dict[str, str], tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(make(Recipe(duration_s=30.0)))
    with subprocess.Popen(
        [COMMAND, "stream", film],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "", **server},
        preexec_fn=interruptible,  # noqa: PLW1509
    ) as running:
        assert running.stdout is not None
        assert "Engagement" in running.stdout.readline()
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Traceback" not in out + err
    assert "Ended" not in out


def test_on_a_terminal_a_line_tells_how_it_goes_and_is_gone_in_the_end(
    server: dict[str, str], film: Path
) -> None:
    text = on_terminal("stream", film, **(server | {"COLUMNS": "100"}))
    assert "live 0:02" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    # The cursor is hidden meanwhile, and there again; the last thing that is shown is the result.
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert "Ended: 0 signals" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).splitlines()[-1]
