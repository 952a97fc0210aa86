import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from backchannel.store import SCOPES, STREAM_SCOPE, Store, StoreUnavailableError
from backchannel.store.keys import generate
from backchannel.store.refusals import InvalidNameError, InvalidScopesError
from tests.store.conftest import Clock, Database


def test_a_created_key_is_recognised(store: Store) -> None:
    key, secret = store.keys.create("laptop", [STREAM_SCOPE])
    found = store.keys.verify(secret)
    assert found is not None
    assert (found.id, found.name, found.scopes) == (key.id, "laptop", (STREAM_SCOPE,))


def test_another_well_formed_key_is_not(store: Store) -> None:
    store.keys.create("laptop")
    assert store.keys.verify(generate()) is None


def test_a_mistyped_key_is_refused_without_the_database(store: Store) -> None:
    _, secret = store.keys.create("laptop")
    store.close()
    assert store.keys.verify(secret[:-1] + ("a" if secret[-1] != "a" else "b")) is None


def test_a_revoked_key_is_refused_and_stays_listed(store: Store, clock: Clock) -> None:
    key, secret = store.keys.create("laptop")
    assert store.keys.revoke(key.id)
    assert store.keys.verify(secret) is None
    first = store.keys.list()[0].revoked_at
    clock.now += timedelta(days=1)
    assert store.keys.revoke(key.id)
    assert store.keys.list()[0].revoked_at == first == clock.now - timedelta(days=1)


def test_revoking_what_is_not_there_says_so(store: Store) -> None:
    assert not store.keys.revoke("nothing")


def test_a_revocation_in_another_process_is_seen_at_once(store: Store, database: Database) -> None:
    key, secret = store.keys.create("laptop")
    assert store.keys.verify(secret) is not None
    with database.open() as other:
        other.keys.revoke(key.id)
    assert store.keys.verify(secret) is None


def test_last_use_is_written_at_most_once_a_minute(store: Store, clock: Clock) -> None:
    _, secret = store.keys.create("laptop")
    assert store.keys.list()[0].last_used_at is None
    first = clock.now
    store.keys.verify(secret)
    clock.now = first + timedelta(seconds=59)
    store.keys.verify(secret)
    assert store.keys.list()[0].last_used_at == first
    clock.now = first + timedelta(seconds=60)
    store.keys.verify(secret)
    assert store.keys.list()[0].last_used_at == clock.now


@pytest.mark.parametrize(("name", "length"), [("", 0), ("  ", 0), ("x" * 201, 201)])
def test_a_key_without_a_name_or_with_too_long_a_one_is_not_made(
    store: Store, name: str, length: int
) -> None:
    with pytest.raises(InvalidNameError) as caught:
        store.keys.create(name)
    assert (caught.value.length, caught.value.max_length) == (length, 200)
    assert store.keys.is_empty()


@pytest.mark.parametrize(("scopes", "unknown"), [(["everything", *SCOPES], ("everything",)), ([], ())])
def test_a_key_without_a_scope_or_with_an_unknown_one_is_not_made(
    store: Store, scopes: list[str], unknown: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidScopesError) as caught:
        store.keys.create("laptop", scopes)
    assert caught.value.unknown == unknown
    assert store.keys.is_empty()


def test_the_secret_is_nowhere_on_disk(sqlite_store: Store, data_dir: Path) -> None:
    _, secret = sqlite_store.keys.create("laptop")
    sqlite_store.keys.verify(secret)
    for file in data_dir.iterdir():
        assert secret.encode() not in file.read_bytes()


def test_a_store_that_breaks_says_so_and_one_that_cannot_be_written_still_lets_in(
    sqlite_store: Store, data_dir: Path
) -> None:
    _, secret = sqlite_store.keys.create("laptop")
    connection = sqlite3.connect(data_dir / "backchannel.sqlite3")
    connection.execute("CREATE TRIGGER full BEFORE UPDATE ON api_keys BEGIN SELECT RAISE(ABORT, 'full'); END")
    connection.commit()
    assert sqlite_store.keys.verify(secret) is not None
    assert sqlite_store.keys.list()[0].last_used_at is None
    connection.execute("DROP TABLE api_keys")
    connection.commit()
    connection.close()
    with pytest.raises(StoreUnavailableError, match=r"SQLITE_ERROR"):
        sqlite_store.keys.verify(secret)


def test_a_key_keeps_its_policy(store: Store) -> None:
    made, secret = store.keys.create("school", policy="behaviour")
    found = store.keys.verify(secret)
    assert found is not None
    assert (made.policy, found.policy) == ("behaviour", "behaviour")
    assert store.keys.create("laptop")[0].policy is None


def test_a_key_keeps_that_nobody_listens_to_it(store: Store) -> None:
    made, secret = store.keys.create("school", words=False)
    found = store.keys.verify(secret)
    assert found is not None
    assert made.words is found.words is False
    assert store.keys.create("laptop")[0].words is None
