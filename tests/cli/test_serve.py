"""The commands together, each a process of its own, as a person would run them."""

import os
import select
import signal
import socket
from pathlib import Path

import httpx

from tests.cli.commands import is_one_line_without_a_traceback, run, serving
from tests.media.making import Recipe, make


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists() or "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()


def test_serve_then_stream_then_stop(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(make(Recipe(duration_s=3.2)))
    with serving(tmp_path / "data") as (process, url, key):
        (worker,) = children(process.pid)

        streamed = run("stream", film, "--url", url, "--key", key)
        assert (streamed.returncode, streamed.stderr) == (0, "")

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
