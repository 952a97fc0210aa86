import json
import os
from pathlib import Path

import pytest

from backchannel import __version__
from backchannel.cli.key_store import store_name
from backchannel.config import Settings
from backchannel.store import STREAM_SCOPE, Caps, KeyLimits, open_store
from backchannel.store.refusals import TokenUnknown
from tests.cli.commands import is_one_line_without_a_traceback, on_terminal, run


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
    headings, row = run("keys", "list", "--data-dir", str(tmp_path)).stdout.splitlines()
    names = ["id", "name", "scopes", "created", "last used", "revoked", "policy", "words"]
    assert headings.split("\t") == names
    plain = dict(zip(names, row.split("\t"), strict=True))
    assert (plain["id"], plain["name"]) == (key.id, "laptop")
    assert plain["revoked"] != "-"


def test_an_empty_store_has_headings_too(tmp_path: Path) -> None:
    assert run("keys", "list", "--data-dir", str(tmp_path)).stdout.count("\n") == 1
    as_json = run("keys", "list", "--json", "--data-dir", str(tmp_path))
    assert (as_json.stdout, as_json.stderr) == ("[]\n", "")


FORGED = "laptop\n0123456789ab\tadmin\x1b[2J\u202e  [red]x[/red]\t-"


def test_no_name_can_pass_for_a_row_or_a_column_or_reach_the_terminal(tmp_path: Path) -> None:
    made = run("keys", "create", "--name", FORGED, "--data-dir", str(tmp_path))
    printed = run("keys", "list", "--data-dir", str(tmp_path)).stdout
    shown = on_terminal("keys", "list", "--data-dir", tmp_path)
    _, row = printed.splitlines()
    assert len(row.split("\t")) == 8
    assert row.split("\t")[1] == r"laptop\n0123456789ab\tadmin\x1b[2J\u202e \x20[red]x[/red]\t-"
    for text in (made.stderr, printed, shown):
        assert "\x1b[2J" not in text
        assert "\u202e" not in text
    assert not any(line.strip().startswith("0123456789ab") for line in shown.splitlines())
    listed = run("keys", "list", "--json", "--data-dir", str(tmp_path))
    assert json.loads(listed.stdout)[0]["name"] == FORGED


def test_a_name_that_is_not_text_is_refused(tmp_path: Path) -> None:
    refused = run("keys", "create", "--name", os.fsdecode(b"\xff"), "--data-dir", str(tmp_path))
    assert refused.returncode == 2
    assert "not text" in refused.stderr


@pytest.mark.parametrize(
    "arguments", [("create",), ("list",), ("revoke", "nothing"), ("rotate",)], ids=lambda given: str(given[0])
)
def test_every_command_says_first_which_store_it_used(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run("keys", *arguments, HOME=str(tmp_path))
    assert done.stderr.splitlines()[0] == f"Key store: {tmp_path}/.local/share/backchannel"
    assert "Key store" not in done.stdout


def test_a_database_is_named_without_its_password(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/keys.db?check_same_thread=false"
    assert (
        run("keys", "list", BACKCHANNEL_STORE_URL=url).stderr == f"Key store: sqlite:///{tmp_path}/keys.db\n"
    )
    url = "postgresql+psycopg://operator:pass%40word@db.example.com:5433/keys?password=other"
    assert store_name(Settings(store_url=url)) == "postgresql://db.example.com:5433/keys"


def test_what_goes_wrong_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert is_one_line_without_a_traceback(run("keys", "list", "--data-dir", str(tmp_path / "file")))
    missing = run("keys", "revoke", "nothing", "--data-dir", str(tmp_path))
    assert missing.returncode == 1
    assert missing.stderr.splitlines()[1:] == [
        "backchannel: This store has no key with the id nothing. `keys list` shows them."
    ]
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


def test_a_key_may_have_a_policy_of_its_own(tmp_path: Path) -> None:
    made = run("keys", "create", "--policy", "behaviour", "--data-dir", tmp_path)
    plain = run("keys", "create", "--data-dir", tmp_path, BACKCHANNEL_POLICY="behaviour")
    with open_store(tmp_path) as store:
        keys = [store.keys.verify(done.stdout.strip()) for done in (made, plain)]
    assert [key and key.policy for key in keys] == ["behaviour", None]
    _, first, second = run("keys", "list", "--data-dir", tmp_path).stdout.splitlines()
    assert (first.split("\t")[-2], second.split("\t")[-2]) == ("behaviour", "-")
    assert run("keys", "create", "--policy", "strict", "--data-dir", tmp_path).returncode == 2


def test_rotating_keeps_client_tokens_good_unless_it_is_at_once(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        _, token = store.tokens.mint(store.keys.create("server")[0].id, [STREAM_SCOPE], 300, Caps())
        assert run("keys", "rotate", "--data-dir", str(tmp_path)).returncode == 0
        store.tokens.verify(token)
        assert run("keys", "rotate", "--at-once", "--data-dir", str(tmp_path)).returncode == 0
        with pytest.raises(TokenUnknown):
            store.tokens.verify(token)


def test_a_key_may_switch_words_off(tmp_path: Path) -> None:
    assert run("keys", "create", "--no-words", "--data-dir", tmp_path).returncode == 0
    assert run("keys", "create", "--data-dir", tmp_path).returncode == 0
    with open_store(tmp_path) as store:
        assert [key.words for key in store.keys.list()] == [False, None]
    rows = run("keys", "list", "--data-dir", tmp_path).stdout.splitlines()[1:]
    assert [row.split("\t")[-1] for row in rows] == ["off", "-"]
