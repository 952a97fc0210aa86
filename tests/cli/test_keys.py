import json
from pathlib import Path

import pytest

from backchannel import __version__
from backchannel.store import STREAM_SCOPE, Caps, KeyLimits, open_store
from backchannel.store.refusals import TokenUnknown
from tests.cli.commands import is_one_line_without_a_traceback, run


def test_create_prints_the_key_alone_on_stdout(tmp_path: Path) -> None:
    made = run("keys", "create", "--name", "laptop", "--data-dir", str(tmp_path))
    assert made.returncode == 0
    assert made.stdout.startswith("bk_live_")
    assert made.stdout.count("\n") == 1
    with open_store(tmp_path) as store:
        key = store.keys.verify(made.stdout.strip())
    assert key is not None
    assert key.name == "laptop"


def test_create_as_json_prints_nothing_else(tmp_path: Path) -> None:
    made = run("keys", "create", "--scope", STREAM_SCOPE, "--json", BACKCHANNEL_DATA_DIR=str(tmp_path))
    assert list(json.loads(made.stdout)) == ["key"]
    assert made.stderr == ""
    with open_store(tmp_path) as store:
        assert store.keys.list()[0].scopes == (STREAM_SCOPE,)


def test_list_and_revoke(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        key, secret = store.keys.create("laptop")
    listed = run("keys", "list", "--json", "--data-dir", str(tmp_path))
    assert json.loads(listed.stdout)[0]["id"] == key.id
    assert secret not in listed.stdout
    assert run("keys", "revoke", key.id, "--data-dir", str(tmp_path)).returncode == 0
    with open_store(tmp_path) as store:
        assert store.keys.verify(secret) is None
    plain = run("keys", "list", "--data-dir", str(tmp_path)).stdout.strip().split("\t")
    assert (plain[0], plain[1]) == (key.id, "laptop")
    assert plain[-1] != "-"


def test_what_goes_wrong_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for arguments in (
        ("keys", "revoke", "nothing", "--data-dir", str(tmp_path)),
        ("keys", "list", "--data-dir", str(tmp_path / "file")),
    ):
        assert is_one_line_without_a_traceback(run(*arguments))
    refused = run("keys", "create", "--scope", "all", "--data-dir", str(tmp_path))
    assert refused.returncode == 2
    assert "interhumanai.stream" in refused.stderr
    nameless = run("keys", "create", "--name", " ", "--data-dir", str(tmp_path))
    assert nameless.returncode == 2
    assert "1 to 200 characters" in nameless.stderr


def test_version() -> None:
    assert run("--version").stdout == f"backchannel {__version__}\n"


def test_a_key_may_have_limits_of_its_own(tmp_path: Path) -> None:
    limits = ("--requests-per-minute", "30", "--concurrent", "2", "--video-minutes-per-month", "60")
    assert run("keys", "create", *limits, "--data-dir", str(tmp_path)).returncode == 0
    with open_store(tmp_path) as store:
        assert store.keys.list()[0].limits == KeyLimits(30.0, 2, 3600.0)


def test_rotating_keeps_client_tokens_good_unless_it_is_at_once(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        _, token = store.tokens.mint(store.keys.create("server")[0].id, [STREAM_SCOPE], 300, Caps())
        assert run("keys", "rotate", "--data-dir", str(tmp_path)).returncode == 0
        store.tokens.verify(token)
        assert run("keys", "rotate", "--at-once", "--data-dir", str(tmp_path)).returncode == 0
        with pytest.raises(TokenUnknown):
            store.tokens.verify(token)
