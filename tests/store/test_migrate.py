import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text

import backchannel.store
from backchannel.store import SCOPES, KeyLimits, StoreError
from backchannel.store.keys import digest, generate
from backchannel.store.migrate import REVISION
from backchannel.store.schema import metadata
from tests.store.conftest import Database

BEFORE_ALEMBIC = Path(__file__).with_name("before_alembic")
MIGRATIONS = Path(backchannel.store.__file__).with_name("migrations")
ROOT = Path(__file__).resolve().parents[2]


def scripts() -> list[Any]:
    """Every revision, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return list(ScriptDirectory.from_config(config).walk_revisions())[::-1]


REVISIONS = [script.revision for script in scripts()]


@contextmanager
def connected(database: Database) -> Iterator[Connection]:
    """Look at a database past the store."""
    database.data_dir.mkdir(parents=True, exist_ok=True)
    engine = create_engine(database.url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def run_script(connection: Connection, script: Path) -> None:
    for statement in script.read_text().split(";\n"):
        if statement.strip():
            connection.execute(text(statement))


def make_before_alembic(database: Database, version: int) -> str:
    """Make what an older program made, with a key in it; returns the key."""
    secret = generate()
    with connected(database) as connection:
        run_script(connection, BEFORE_ALEMBIC / f"version_{version}.{database.kind}.sql")
        connection.execute(
            text(
                "INSERT INTO api_keys (id, digest, name, scopes, created_at) VALUES ('a', :d, 'old', :s, :t)"
            ),
            {"d": digest(secret), "s": " ".join(SCOPES), "t": datetime(2026, 1, 2)},  # noqa: DTZ001 -- as stored
        )
        if version == 2:
            connection.execute(text("UPDATE api_keys SET max_concurrent = 7"))
            connection.execute(text("INSERT INTO usage VALUES ('a', '2026-01', 5, 2500)"))
    return secret


def shape(database: Database) -> dict[str, Any]:
    """Return the tables, their columns and their indexes."""
    with connected(database) as connection:
        look = inspect(connection)
        return {
            name: (
                [
                    (column["name"], str(column["type"]), column["nullable"])
                    for column in look.get_columns(name)
                ],
                look.get_pk_constraint(name)["constrained_columns"],
                sorted(str(index["column_names"]) for index in look.get_indexes(name)),
            )
            for name in look.get_table_names()
        }


def version_before_alembic(database: Database) -> int | None:
    with connected(database) as connection:
        version: int | None = connection.scalar(text("SELECT version FROM schema_version"))
        return version


# --- the revisions ---------------------------------------------------------------------------------


def test_revisions_are_one_line_and_the_program_knows_the_last() -> None:
    assert REVISIONS[-1] == REVISION
    assert [script.down_revision for script in scripts()] == [None, *REVISIONS[:-1]]
    assert all(script.module.upgrade and script.module.downgrade for script in scripts())


def test_a_new_store_has_the_tables_that_the_program_uses(database: Database) -> None:
    database.open().close()
    with connected(database) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_each_revision_goes_back_and_forth_and_keeps_what_is_kept(database: Database) -> None:
    with database.open() as store:
        key, secret = store.keys.create("laptop", limits=KeyLimits(max_concurrent=3))
        store.usage.note(key.id, None, 2.5)
    newest = shape(database)
    for revision in [*REVISIONS[::-1], "base"]:
        database.downgrade(revision)
        database.downgrade(revision)
        with database.open() as store:
            assert store.keys.verify(secret) is not None
            assert store.keys.list()[0].limits == KeyLimits(max_concurrent=3)
            assert store.usage.used(key.id).video_s == 2.5
        assert shape(database) == newest


def test_an_older_program_finds_one_row_for_the_use_of_a_key_in_a_month(database: Database) -> None:
    with database.open() as store:
        store.usage.note("a", None, 2.5, size_bytes=7, month="2026-01")
        store.usage.note("a", None, 1.0, month="2026-02")
        with connected(database) as connection:
            connection.execute(text("INSERT INTO usage VALUES ('a', '2026-01', 9, 1, -500)"))
    database.downgrade("0003")
    with connected(database) as connection:
        rows = connection.execute(text("SELECT * FROM usage ORDER BY month")).all()
    assert rows == [("a", "2026-01", 8, 2000), ("a", "2026-02", 0, 1000)]
    database.open().close()
    with connected(database) as connection:
        rows = connection.execute(text("SELECT * FROM usage ORDER BY month")).all()
    assert rows == [("a", "2026-01", 0, 8, 2000), ("a", "2026-02", 0, 0, 1000)]


def test_an_older_program_does_not_report_more_to_a_key_than_its_policy_allows(database: Database) -> None:
    with database.open() as store:
        _, strict = store.keys.create("school", policy="behaviour")
        _, plain = store.keys.create("laptop", policy="full")
    database.downgrade("0001")
    with database.open() as store:
        assert store.keys.verify(strict) is None
        assert store.keys.verify(plain) is not None


def test_an_older_program_does_not_listen_to_a_key_without_words(database: Database) -> None:
    with database.open() as store:
        _, unheard = store.keys.create("school", words=False)
        _, plain = store.keys.create("laptop")
    database.downgrade(REVISIONS[REVISIONS.index("0006") - 1])
    with database.open() as store:
        assert store.keys.verify(unheard) is None
        assert store.keys.verify(plain) is not None


# --- before Alembic --------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
def test_a_store_from_before_alembic_is_brought_up_and_keeps_its_data(
    database: Database, version: int
) -> None:
    secret = make_before_alembic(database, version)
    for _ in range(2):
        with database.open() as store:
            key = store.keys.verify(secret)
            assert key is not None
            assert (key.id, key.name, key.scopes) == ("a", "old", SCOPES)
            assert key.limits == KeyLimits(max_concurrent=7 if version == 2 else None)
    with connected(database) as connection:
        used = connection.execute(text("SELECT bytes, video_ms FROM usage")).all()
        assert used == ([(5, 2500)] if version == 2 else [])
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_store_can_go_back_to_the_program_before_alembic(database: Database) -> None:
    secret = make_before_alembic(database, 2)
    before = shape(database)
    database.open().close()
    database.downgrade("base")
    after = shape(database)
    after.pop("alembic_version")
    assert after == before
    assert version_before_alembic(database) == 2
    with database.open() as store:
        assert store.keys.verify(secret) is not None


def test_until_then_the_program_before_alembic_refuses_it(database: Database) -> None:
    database.open().close()
    assert version_before_alembic(database) == 3, "that program knows up to 2"


# --- what is refused -------------------------------------------------------------------------------


def test_a_store_of_a_newer_program_is_left_alone(database: Database) -> None:
    database.open().close()
    with connected(database) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refused in (database.open, lambda: database.downgrade("base")):
        with pytest.raises(StoreError, match=f"9999.*{REVISION}") as caught:
            refused()
        assert "\n" not in str(caught.value)
    with connected(database) as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


@pytest.mark.parametrize("revision", ["9999", "", "head", f"{REVISION}:base", "-1"])
def test_it_only_goes_back_to_a_revision_that_it_had(database: Database, revision: str) -> None:
    database.open().close()
    with pytest.raises(StoreError, match=f"back to {revision}.*knows base, {REVISIONS[0]}"):
        database.downgrade(revision)
    database.downgrade("base")
    with pytest.raises(StoreError, match=f"from schema revision base back to {REVISION}"):
        database.downgrade(REVISION)


def test_a_migration_that_fails_leaves_the_store_as_it_was(database: Database) -> None:
    make_before_alembic(database, 1)
    with connected(database) as connection:
        # In the way of an index that is made late.
        connection.execute(text("CREATE INDEX ix_client_tokens_expires_at ON api_keys (name)"))
    before = shape(database)
    with pytest.raises(StoreError):
        database.open()
    assert shape(database) == before
    assert version_before_alembic(database) == 1
    with connected(database) as connection:
        connection.execute(text("DROP INDEX ix_client_tokens_expires_at"))
    database.open().close()


# --- starting --------------------------------------------------------------------------------------

OPEN = """
import sys
from pathlib import Path
from backchannel.store import open_store
print("ready", flush=True)
sys.stdin.readline()
with open_store(Path(sys.argv[1]), url=sys.argv[2]) as store:
    store.keys.create("mine")
    print("alembic" in sys.modules)
"""
PROCESSES = 4


def start(database: Database) -> subprocess.Popen[str]:
    url = "" if database.kind == "sqlite" else database.url
    command = [sys.executable, "-c", OPEN, str(database.data_dir), url]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT)


@pytest.mark.parametrize("version", [None, 1, 2])
def test_any_number_of_processes_may_start_at_once(database: Database, version: int | None) -> None:
    if version is not None:
        make_before_alembic(database, version)
    started = [start(database) for _ in range(PROCESSES)]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [0] * PROCESSES, said
    with database.open() as store:
        assert sum(key.name == "mine" for key in store.keys.list()) == PROCESSES
    with connected(database) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_opening_a_store_that_is_up_to_date_does_without_alembic(database: Database) -> None:
    for expected in ("True\n", "False\n"):
        process = start(database)
        said, error = process.communicate("go\n", timeout=60)
        assert said == "ready\n" + expected, error
