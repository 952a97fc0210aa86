"""The commands for backup and restore in the documentation, as printed there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from backchannel.store import Caps
from backchannel.store.usage import Used
from tests.store import postgres
from tests.store.conftest import Clock, Database

PAGE = Path(__file__).resolve().parents[2] / "docs" / "production.md"


def documented(word: str) -> str:
    """Return the commands of the block of the section on backups that has this word."""
    section = PAGE.read_text().split("## Backup")[1].split("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    (found,) = (block for block in blocks if word in block)
    return re.sub(r"^\$ ", "", found, flags=re.MULTILINE)


class Operator:
    """Runs documented commands for this database, with the paths and the address that it has."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._kind = database.kind
        self._replaced = {
            "/opt/backchannel/bin/python": sys.executable,
            "/var/lib/backchannel": str(database.data_dir),
            "/var/backups": str(folder),
            "install -o backchannel -g backchannel": "install",
            "postgresql://user@db.example.com/backchannel": database.url.replace("+psycopg", ""),
        }

    def back_up(self) -> None:
        self._run("VACUUM" if self._kind == "sqlite" else "pg_dump")

    def restore(self) -> None:
        self._run("install" if self._kind == "sqlite" else "pg_restore")

    def _run(self, word: str) -> None:
        commands = documented(word)
        for old, new in self._replaced.items():
            commands = commands.replace(old, new)
        programs = f"{postgres.find()}:/usr/bin:/bin"
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", commands],
            env={"PATH": programs},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
def operator(database: Database, tmp_path: Path) -> Operator:
    return Operator(database, tmp_path)


def test_a_copy_of_a_store_in_use_has_everything_and_brings_it_back(
    database: Database, operator: Operator, clock: Clock
) -> None:
    with database.open(clock) as store:
        kept, secret = store.keys.create("laptop")
        token, credential = store.tokens.mint(kept.id, kept.scopes, 300, Caps())
        store.usage.charge(kept.id, token.id, size_bytes=7, video_s=2.5)
        job = store.jobs.create(kept.id, "id", "inter-2", 9)
        assert job is not None
        store.jobs.complete(job.id, b"{}")
        operator.back_up()
        _, lost = store.keys.create("later")
        store.usage.note(kept.id, None, 9.0)
        store.keys.revoke(kept.id)
    operator.restore()
    with database.open(clock) as store:
        assert store.keys.verify(secret) is not None
        assert store.keys.verify(lost) is None
        assert store.tokens.verify(credential).id == token.id
        assert store.usage.used(kept.id) == Used(7, 2.5)
        found = store.jobs.find(job.id, kept.id)
        assert found is not None
        assert found.result == b"{}"


def test_what_was_under_way_when_the_copy_was_made_is_refunded(
    database: Database, operator: Operator, clock: Clock
) -> None:
    with database.open(clock) as store:
        store.places.beat()
        key, _ = store.keys.create("laptop")
        charge = store.usage.charge(key.id, None, video_s=4.0)
        store.places.take(key.id, None, 1, None)
        operator.back_up()
        store.usage.settle(charge)
        store.places.leave()
    clock.passes(3600)
    operator.restore()
    with database.open(clock) as store:
        store.places.beat()
        assert store.usage.refund_orphans() == 4.0
        assert isinstance(store.places.take(key.id, None, 1, None), str)


def test_a_copy_of_an_older_store_is_migrated(database: Database, operator: Operator) -> None:
    with database.open() as store:
        key, secret = store.keys.create("laptop")
        store.usage.note(key.id, None, 1.5)
    database.downgrade("0003")
    operator.back_up()
    with database.open() as store:
        store.usage.note(key.id, None, 1.5)
    operator.restore()
    with database.open() as store:
        assert store.keys.verify(secret) is not None
        assert store.usage.used(key.id).video_s == 1.5
