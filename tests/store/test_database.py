import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from backchannel.store import SCOPES, STREAM_SCOPE, KeyLimits, Store, StoreError, open_store
from backchannel.store.keys import generate
from backchannel.store.schema import metadata
from tests.store.conftest import Clock


def test_a_created_key_is_recognised(store: Store) -> None:
    key, secret = store.create("laptop", [STREAM_SCOPE])
    found = store.verify(secret)
    assert found is not None
    assert (found.id, found.name, found.scopes) == (key.id, "laptop", (STREAM_SCOPE,))


def test_another_well_formed_key_is_not(store: Store) -> None:
    store.create("laptop")
    assert store.verify(generate()) is None


def test_a_mistyped_key_is_refused_without_the_database(store: Store) -> None:
    _, secret = store.create("laptop")
    store.close()
    assert store.verify(secret[:-1] + ("a" if secret[-1] != "a" else "b")) is None


def test_a_revoked_key_is_refused_and_stays_listed(store: Store, clock: Clock) -> None:
    key, secret = store.create("laptop")
    assert store.revoke(key.id)
    assert store.verify(secret) is None
    first = store.list()[0].revoked_at
    clock.now += timedelta(days=1)
    assert store.revoke(key.id)
    assert store.list()[0].revoked_at == first == clock.now - timedelta(days=1)


def test_revoking_what_is_not_there_says_so(store: Store) -> None:
    assert not store.revoke("nothing")


def test_a_revocation_in_another_process_is_seen_at_once(store: Store, data_dir: Path) -> None:
    key, secret = store.create("laptop")
    assert store.verify(secret) is not None
    with open_store(data_dir) as other:
        other.revoke(key.id)
    assert store.verify(secret) is None


def test_last_use_is_written_at_most_once_a_minute(store: Store, clock: Clock) -> None:
    _, secret = store.create("laptop")
    assert store.list()[0].last_used_at is None
    first = clock.now
    store.verify(secret)
    clock.now = first + timedelta(seconds=59)
    store.verify(secret)
    assert store.list()[0].last_used_at == first
    clock.now = first + timedelta(seconds=60)
    store.verify(secret)
    assert store.list()[0].last_used_at == clock.now


@pytest.mark.parametrize(
    ("name", "scopes"), [("", SCOPES), ("x" * 201, SCOPES), ("a", ["everything"]), ("a", [])]
)
def test_a_key_without_a_name_or_with_an_unknown_scope_is_not_made(
    store: Store, name: str, scopes: list[str]
) -> None:
    with pytest.raises(ValueError, match=r"Scopes|name"):
        store.create(name, scopes)
    assert store.is_empty()


def test_the_secret_is_nowhere_on_disk(store: Store, data_dir: Path) -> None:
    _, secret = store.create("laptop")
    store.verify(secret)
    for file in data_dir.iterdir():
        assert secret.encode() not in file.read_bytes()


def test_directory_and_files_are_their_owners_alone(store: Store, data_dir: Path) -> None:
    store.create("laptop")
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in data_dir.iterdir()} == {0o600}


def test_keys_outlive_the_process(data_dir: Path) -> None:
    with open_store(data_dir) as store:
        _, secret = store.create("laptop")
    with open_store(data_dir) as store:
        assert store.verify(secret) is not None
        assert not store.is_empty()


def test_a_store_of_a_newer_program_is_left_alone(data_dir: Path) -> None:
    open_store(data_dir).close()
    connection = sqlite3.connect(data_dir / "backchannel.sqlite3")
    connection.execute("UPDATE schema_version SET version = 99")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="version 99"):
        open_store(data_dir)


def test_a_store_of_the_first_version_is_brought_up_and_keeps_its_keys(data_dir: Path) -> None:
    with open_store(data_dir) as store:
        key, secret = store.create("old")
    connection = sqlite3.connect(data_dir / "backchannel.sqlite3")
    for column in ("requests_per_minute", "max_concurrent", "video_ms_per_month"):
        connection.execute(f"ALTER TABLE api_keys DROP COLUMN {column}")
    for table in ("usage", "jobs", "client_tokens", "signing_keys", "places", "runners"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("UPDATE schema_version SET version = 1")
    connection.commit()
    connection.close()
    for _ in range(2):
        with open_store(data_dir) as store:
            found = store.verify(secret)
            assert found is not None
            assert (found.id, found.limits) == (key.id, KeyLimits())
            store.create("new", limits=KeyLimits(max_concurrent=3))
    assert store.list()[-1].limits == KeyLimits(max_concurrent=3)


def test_another_database_by_its_address(tmp_path: Path, data_dir: Path) -> None:
    with open_store(data_dir, url=f"sqlite:///{tmp_path}/other.sqlite3") as store:
        _, secret = store.create("laptop")
        assert store.verify(secret) is not None
    assert not data_dir.exists()
    for url in ("nonsense", "postgresql+psycopg://user:hunter2@127.0.0.1:1/x", "sqlite:////dev/null/x"):
        with pytest.raises(StoreError) as caught:
            open_store(data_dir, url=url)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_the_tables_can_be_made_in_postgresql(table: Table) -> None:
    made = str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    assert "CREATE TABLE" in made


def test_a_file_that_is_no_database_is_named(data_dir: Path) -> None:
    data_dir.mkdir(parents=True)
    (data_dir / "backchannel.sqlite3").write_text("not a database " * 100)
    with pytest.raises(StoreError, match="not a key store"):
        open_store(data_dir)


def test_a_data_directory_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        open_store(tmp_path / "file")


def test_a_store_that_breaks_says_so_and_one_that_cannot_be_written_still_lets_in(
    store: Store, data_dir: Path
) -> None:
    _, secret = store.create("laptop")
    connection = sqlite3.connect(data_dir / "backchannel.sqlite3")
    connection.execute("CREATE TRIGGER full BEFORE UPDATE ON api_keys BEGIN SELECT RAISE(ABORT, 'full'); END")
    connection.commit()
    assert store.verify(secret) is not None
    assert store.list()[0].last_used_at is None
    connection.execute("DROP TABLE api_keys")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="cannot be read"):
        store.verify(secret)
