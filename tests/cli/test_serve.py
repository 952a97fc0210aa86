"""The commands together, each a process of its own, as a person would run them."""

import json
import os
import re
import select
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.cli.commands import COMMAND, is_one_line_without_a_traceback, run
from tests.media.making import Recipe, make


@contextmanager
def serving(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """A server on a free port, what it listens on, and the key it printed."""
    process = subprocess.Popen(
        [COMMAND, "serve", "--port", "0", "--workers", "1", "--data-dir", str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "", "BACKCHANNEL_LOG_LEVEL": "debug"},
        # A shell that starts a job in the background has it ignore Ctrl-C, and so would pytest's child.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        url = json.loads(process.stderr.readline())["url"]
        key = re.search(
            r"bk_live_\w+", process.stdout.readline() + process.stdout.readline() + process.stdout.readline()
        )
        assert key is not None
        while "worker ready" not in process.stderr.readline():
            pass
        yield process, url, key[0]
    finally:
        process.kill()
        process.communicate()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists() or "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()


def test_serve_then_stream_then_stop(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(make(Recipe(duration_s=3.2)))
    with serving(tmp_path / "data") as (process, url, key):
        (worker,) = children(process.pid)

        plain = run("stream", film, "--url", url, "--key", key)
        assert (plain.returncode, plain.stderr) == (0, "")
        assert plain.stdout.startswith("segment 1\n")

        as_json = run("stream", film, "--json", BACKCHANNEL_URL=url, BACKCHANNEL_KEY=key)
        said = [json.loads(line) for line in as_json.stdout.splitlines()]
        assert [message["status"] for message in said] == ["processing", "result", "completed"]

        wrong = run("stream", film, "--url", url, "--key", "bk_live_wrong")
        assert is_one_line_without_a_traceback(wrong)
        assert "ih2001" in wrong.stderr

        assert httpx.get(f"{url}/healthz").status_code == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert gone(worker)
    assert "Traceback" not in err
    assert key not in out + err
    assert "bk_live_wrong" not in err


def test_a_server_that_is_asked_to_stop_ends_well(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, _, _):
        (worker,) = children(process.pid)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "stopped" in err
        assert gone(worker)


def test_a_server_that_is_killed_leaves_no_worker(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, _, _):
        (worker,) = children(process.pid)
        handle = os.pidfd_open(worker)
        process.kill()
        # A pidfd becomes readable when its process ends.
        with open(handle, closefd=True) as ended:  # noqa: PTH123
            assert select.select([ended], [], [], 20)[0]


def test_the_first_key_is_made_once(tmp_path: Path) -> None:
    run("keys", "create", "--data-dir", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run("serve", "--port", port, "--data-dir", tmp_path)
    assert is_one_line_without_a_traceback(refused)
    assert "in use" in refused.stderr


def test_settings_that_cannot_be_are_named(tmp_path: Path) -> None:
    refused = run("serve", "--data-dir", tmp_path, BACKCHANNEL_IDLE_TIMEOUT_S="never")
    assert is_one_line_without_a_traceback(refused)
    assert "BACKCHANNEL_IDLE_TIMEOUT_S" in refused.stderr


def test_no_server_and_no_address(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(make(Recipe(duration_s=3.2)))
    for url in ("http://127.0.0.1:1", "ftp://127.0.0.1", "http://"):
        assert is_one_line_without_a_traceback(run("stream", film, "--url", url, "--key", "x"))
