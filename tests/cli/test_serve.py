"""The commands together, each a process of its own, as a person would run them."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from backchannel.cli.serve import local_url
from backchannel.config import Settings
from backchannel.store import open_store
from tests.cli.commands import (
    COMMAND,
    interruptible,
    is_one_line_without_a_traceback,
    reading,
    run,
    serving,
    starting,
)
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
    # A wrong key is no fault of the server.
    levels = {event["event"]: event["level"] for event in map(json.loads, err.splitlines())}
    assert levels["stream refused"] == "info"
    assert "error" not in levels.values()


def test_a_server_that_is_asked_to_stop_ends_well(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, _, _):
        (worker,) = children(process.pid)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "stopped" in err
        assert gone(worker)


@pytest.mark.parametrize("stopped", [False, True], ids=["idle", "stopped"])
def test_a_server_that_is_killed_leaves_no_worker(tmp_path: Path, stopped: bool) -> None:
    with serving(tmp_path) as (process, _, _):
        (worker,) = children(process.pid)
        if stopped:  # as one that hangs in a codec, it reads nothing
            os.kill(worker, signal.SIGSTOP)
        handle = os.pidfd_open(worker)
        process.kill()
        # A pidfd becomes readable when its process ends.
        with open(handle, closefd=True) as ended:  # noqa: PTH123
            try:
                assert select.select([ended], [], [], 20)[0]
            finally:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(ended.fileno(), signal.SIGKILL)


@contextmanager
def serving_on_a_terminal(home: Path) -> Iterator[tuple[int, Iterator[bytes]]]:
    """A server as a person starts it: its process id, and what the terminal shows."""
    outer, inner = pty.openpty()
    environ = {"PATH": "", "TERM": "xterm-256color", "HOME": str(home)}
    process = subprocess.Popen(
        [COMMAND, "serve", "--port", "0", "--workers", "1"],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        env=environ,
        preexec_fn=interruptible,  # noqa: PLW1509
    )
    os.close(inner)
    try:
        yield process.pid, reading(outer)
    finally:
        process.kill()
        process.wait()


def test_on_a_terminal_it_says_first_that_it_is_ready_and_then_is(tmp_path: Path) -> None:
    with serving_on_a_terminal(tmp_path) as (pid, terminal):
        shown = ""
        for part in terminal:
            shown += part.decode()
            if url := re.search(r"Backchannel is ready → (\S+)\r\n", shown):
                assert httpx.get(f"{url[1]}/readyz").status_code == 200
                break
        before, _, after = shown.partition("Backchannel is ready")
        # Only what was shown to pass the time, and erased again.
        assert set(re.findall(r"\w+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", before))) == {"Starting"}
        assert before.endswith("\x1b[2K")
        os.kill(pid, signal.SIGINT)
        after += b"".join(terminal).decode()
    assert re.search(r"First API key, shown only now: bk_live_\w{49}\r\n", after)
    assert f"Key store: {tmp_path}/.local/share/backchannel\r\n" in after


def test_every_command_uses_the_same_store_by_default(tmp_path: Path) -> None:
    with serving_on_a_terminal(tmp_path) as (_, terminal):
        shown = ""
        while "shown only now" not in shown:
            shown += next(terminal).decode()
        listed = run("keys", "list", "--json", HOME=str(tmp_path))
    assert [key["name"] for key in json.loads(listed.stdout)] == ["first"]


def test_a_second_start_shows_the_command_that_makes_a_key_for_it(tmp_path: Path) -> None:
    data_dir = tmp_path / "a folder"
    run("keys", "create", "--data-dir", data_dir)
    with starting(data_dir) as (process, url):
        assert process.stdout is not None
        said = process.stdout.readline()
        assert "bk_live_" not in said
        command = said.partition("To make another API key: ")[2]
        made = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)  # noqa: S602
        headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
        answer = httpx.post(f"{url}/v1/upload/analyze", headers=headers)
        assert answer.json()["error_id"] == "ih4001"  # the key is good, only the file is missing


def test_a_start_that_is_interrupted_leaves_no_key_that_nobody_saw(tmp_path: Path) -> None:
    with starting(tmp_path) as (process, _):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    # On a fast machine it may have been ready by then.
    with open_store(tmp_path) as store:
        assert store.keys.is_empty() == ("bk_live_" not in out)


def test_a_port_in_use_is_one_sentence_and_nothing_is_written(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run("serve", "--port", port, HOME=str(tmp_path))
    assert is_one_line_without_a_traceback(refused)
    assert f"Port {port} on 127.0.0.1 is already in use. Choose another --port" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_address_of_another_machine_is_one_sentence_and_nothing_is_written(tmp_path: Path) -> None:
    for host in ("203.0.113.1", "no.such.host.invalid"):
        refused = run("serve", "--host", host, "--port", 0, HOME=str(tmp_path))
        assert is_one_line_without_a_traceback(refused)
        assert f"{host} is not an address of this machine." in refused.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "public_url", "shown"),
    [
        ("127.0.0.1", "", "http://127.0.0.1:8000"),
        ("0.0.0.0", "", "http://127.0.0.1:8000"),  # noqa: S104
        ("::", "", "http://127.0.0.1:8000"),
        ("::1", "", "http://[::1]:8000"),
        ("0.0.0.0", "https://signals.example.com/", "https://signals.example.com"),  # noqa: S104
    ],
)
def test_the_address_shown_can_be_opened(host: str, public_url: str, shown: str) -> None:
    assert local_url(Settings(host=host, public_url=public_url)) == shown


def test_settings_that_cannot_be_are_named(tmp_path: Path) -> None:
    refused = run("serve", "--data-dir", tmp_path, BACKCHANNEL_IDLE_TIMEOUT_S="never")
    assert is_one_line_without_a_traceback(refused)
    assert "BACKCHANNEL_IDLE_TIMEOUT_S" in refused.stderr


def test_no_server_and_no_address(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(make(Recipe(duration_s=3.2)))
    for url in ("http://127.0.0.1:1", "ftp://127.0.0.1", "http://"):
        assert is_one_line_without_a_traceback(run("stream", film, "--url", url, "--key", "x"))
