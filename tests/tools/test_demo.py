"""`make run` says in one line what is wrong, serves at once, and leaves no half of anything behind."""

import json
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from backchannel.server.pages.console import SAMPLE_NAME
from backchannel.store import open_store
from tests.cli.commands import interruptible, run
from tools import demo


def test_a_port_in_use_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code = demo.main(["--port", str(port), "--serve-only", "--data-dir", str(tmp_path)])
    said = capsys.readouterr().err
    assert code == 1
    assert said.count("\n") == 1
    assert said.startswith(f"backchannel: cannot listen on 127.0.0.1:{port} (address already in use)")


def test_a_video_that_is_not_there_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo.main(["--video", str(tmp_path / "no.mp4"), "--data-dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"backchannel: there is no file {tmp_path / 'no.mp4'}.\n"


def test_the_console_is_offered_the_whole_sample(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"a film")
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    demo.offer_sample(tmp_path / "clip.mp4", data_dir)
    assert [(file.name, file.read_bytes()) for file in data_dir.iterdir()] == [(SAMPLE_NAME, b"a film")]


def test_running_it_again_makes_no_second_key(tmp_path: Path) -> None:
    first = demo.demo_key(tmp_path)
    assert demo.demo_key(tmp_path) == first
    (kept,) = tmp_path.glob("*.key")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with open_store(tmp_path) as store:
        assert len(store.keys.list()) == 1


def test_a_revoked_key_is_replaced_and_no_other_key_is_touched(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        _, mine = store.keys.create(demo.KEY_NAME)
        first = demo.demo_key(tmp_path)
        key = store.keys.verify(first)
        assert key is not None
        store.keys.revoke(key.id)
        assert store.keys.verify(demo.demo_key(tmp_path)) is not None
        assert store.keys.verify(mine) is not None


RUN = """
import sys
from pathlib import Path
from tools import demo
demo.CACHE = Path(sys.argv[1])
sys.exit(demo.main(["--port", sys.argv[2]]))
"""


@pytest.mark.slow
def test_it_serves_while_it_makes_the_sample_and_an_interrupt_leaves_no_half_of_one(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    home = {"HOME": str(tmp_path / "home"), "PATH": ""}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = subprocess.Popen(
        [sys.executable, "-c", RUN, cache, str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=home,
        preexec_fn=interruptible,  # noqa: PLW1509
    )
    while not list(cache.glob("draft-*/*.mp4")):
        assert running.poll() is None
    assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    assert httpx.get(f"http://127.0.0.1:{port}/", headers={"Accept": "text/html"}).status_code == 200
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0
    assert f"You can already open http://127.0.0.1:{port}." in out
    assert out.endswith("Stopped.\n")
    assert "Traceback" not in err
    assert list(cache.iterdir()) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/readyz")
    # It kept its keys where every command looks for them.
    assert [key["name"] for key in json.loads(run("keys", "list", "--json", **home).stdout)] == ["first"]
