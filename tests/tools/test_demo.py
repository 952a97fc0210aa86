"""The demo says in one line what is wrong, and leaves no keys lying about."""

import json
import socket
import stat
from pathlib import Path

import pytest

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


@pytest.mark.slow
def test_running_it_again_makes_no_second_key(tmp_path: Path) -> None:
    first = demo.demo_key(tmp_path)
    assert demo.demo_key(tmp_path) == first
    (kept,) = tmp_path.glob("*.key")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.unlink()
    assert demo.demo_key(tmp_path) != first
    keys = json.loads(demo.backchannel("keys", "list", "--json", "--data-dir", str(tmp_path)))
    assert [key["revoked_at"] is None for key in keys].count(True) == 1
