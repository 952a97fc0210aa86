import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backchannel.store import SCOPES, STREAM_SCOPE, KeyStore, StoreError, open_store
from backchannel.store.keys import generate


class Clock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "data"


@pytest.fixture
def store(data_dir: Path, clock: Clock) -> Iterator[KeyStore]:
    with open_store(data_dir, clock) as store:
        yield store


def test_a_created_key_is_recognised(store: KeyStore) -> None:
    key, secret = store.create("laptop", [STREAM_SCOPE])
    found = store.verify(secret)
    assert found is not None
    assert (found.id, found.name, found.scopes) == (key.id, "laptop", (STREAM_SCOPE,))


def test_another_well_formed_key_is_not(store: KeyStore) -> None:
    store.create("laptop")
    assert store.verify(generate()) is None


def test_a_mistyped_key_is_refused_without_the_database(store: KeyStore) -> None:
    _, secret = store.create("laptop")
    store.close()
    assert store.verify(secret[:-1] + ("a" if secret[-1] != "a" else "b")) is None


def test_a_revoked_key_is_refused_and_stays_listed(store: KeyStore, clock: Clock) -> None:
    key, secret = store.create("laptop")
    assert store.revoke(key.id)
    assert store.verify(secret) is None
    first = store.list()[0].revoked_at
    clock.now += timedelta(days=1)
    assert store.revoke(key.id)
    assert store.list()[0].revoked_at == first == clock.now - timedelta(days=1)


def test_revoking_what_is_not_there_says_so(store: KeyStore) -> None:
    assert not store.revoke("nothing")


def test_a_revocation_in_another_process_is_seen_at_once(store: KeyStore, data_dir: Path) -> None:
    key, secret = store.create("laptop")
    assert store.verify(secret) is not None
    with open_store(data_dir) as other:
        other.revoke(key.id)
    assert store.verify(secret) is None


def test_last_use_is_written_at_most_once_a_minute(store: KeyStore, clock: Clock) -> None:
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
    store: KeyStore, name: str, scopes: list[str]
) -> None:
    with pytest.raises(ValueError, match=r"Scopes|name"):
        store.create(name, scopes)
    assert store.is_empty()


def test_the_secret_is_nowhere_on_disk(store: KeyStore, data_dir: Path) -> None:
    _, secret = store.create("laptop")
    store.verify(secret)
    for file in data_dir.iterdir():
        assert secret.encode() not in file.read_bytes()


def test_directory_and_files_are_their_owners_alone(store: KeyStore, data_dir: Path) -> None:
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
    store: KeyStore, data_dir: Path
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
