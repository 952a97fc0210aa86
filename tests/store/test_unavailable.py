"""A database that does not do its work: one exception says so, and nothing is written by halves."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from backchannel.store import SCOPES, Caps, Store, StoreError, StoreUnavailableError, open_store
from backchannel.store import database as opening
from backchannel.store.refusals import BytesSpent
from backchannel.store.usage import Used
from tests.store.conftest import Database


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up at once where the store would wait for seconds."""
    monkeypatch.setattr(opening, "BUSY_TIMEOUT_MS", 1)


CALLS: dict[str, Callable[[Store, str], object]] = {
    "make a key": lambda store, _: store.keys.create("other"),
    "revoke a key": lambda store, key_id: store.keys.revoke(key_id),
    "make a token": lambda store, key_id: store.tokens.mint(key_id, SCOPES, 60, Caps()),
    "charge": lambda store, key_id: store.usage.charge(key_id, None, size_bytes=1),
    "note": lambda store, key_id: store.usage.note(key_id, None, 1.0),
    "take a place": lambda store, key_id: store.places.take(key_id, None, 1, None),
    "give a place back": lambda store, _: store.places.give_back("place"),
    "beat": lambda store, _: store.places.beat(),
    "make a job": lambda store, key_id: store.jobs.create(key_id, "id", "inter-2", 1),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_whatever_writes_says_that_the_store_is_locked(
    store: Store, database: Database, call: Callable[[Store, str], object]
) -> None:
    key, secret = store.keys.create("test")
    with database.locked():
        with pytest.raises(StoreUnavailableError) as caught:
            call(store, key.id)
        assert store.keys.verify(secret) is not None, "it can be read meanwhile"
    assert caught.value.reason == ("SQLITE_BUSY" if database.kind == "sqlite" else "LockNotAvailable")
    assert "database is locked" not in str(caught.value), "the driver's text stays inside"
    assert "canceling" not in str(caught.value)
    call(store, key.id)


def test_a_full_disk_is_named_and_what_did_not_fit_is_not_there(sqlite_store: Store) -> None:
    with sqlite_store.keys._database.begin() as only:  # the pool lends this connection again
        only.exec_driver_sql("PRAGMA max_page_count = 1")  # no page more than there are
    made: list[str] = []

    def fill() -> None:
        while len(made) < 1000:
            made.append(sqlite_store.keys.create("x" * 200)[0].id)

    with pytest.raises(StoreUnavailableError, match="SQLITE_FULL"):
        fill()
    assert {key.id for key in sqlite_store.keys.list()} == set(made)


def test_a_database_that_is_gone_says_so(tmp_path: Path) -> None:
    with (
        Store(create_engine(f"sqlite:///{tmp_path}/missing/file")) as store,
        pytest.raises(StoreUnavailableError, match="SQLITE_CANTOPEN"),
    ):
        store.keys.list()


def test_a_server_that_closes_its_connections_costs_nothing(postgresql: Database) -> None:
    with postgresql.open() as store:
        key, secret = store.keys.create("test")
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        engine = create_engine(postgresql.url)
        with engine.connect() as administrator:
            administrator.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))
        engine.dispose()
        assert store.keys.verify(secret) is not None
        store.usage.note(key.id, None, 1.0)
        assert store.usage.used(key.id).video_s == 1.0


def test_a_server_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "CONNECT_TIMEOUT_S", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(StoreError, match="OperationalError"):
            open_store(tmp_path, url=f"postgresql+psycopg://nobody@127.0.0.1:{port}/x")


def test_a_place_that_could_not_be_given_back_is_given_back_by_the_next_beat(
    store: Store, database: Database
) -> None:
    places = store.places
    place = places.take("key", None, 1, None)
    assert isinstance(place, str)
    with database.locked(), pytest.raises(StoreUnavailableError):
        places.give_back(place)
    assert places.take("key", None, 1, None) == (1, 1)
    with database.locked(), pytest.raises(StoreUnavailableError):
        places.beat()
    places.beat()
    assert isinstance(places.take("key", None, 1, None), str)


def test_what_was_sent_earlier_counts_even_when_the_next_piece_is_refused(store: Store) -> None:
    key, _ = store.keys.create("test")
    token, _ = store.tokens.mint(key.id, SCOPES, 60, Caps(max_bytes=10))
    with pytest.raises(BytesSpent) as caught:
        store.usage.charge(key.id, token.id, size_bytes=5, sent_bytes=8, analysed_s=1.0)
    assert (caught.value.used_bytes, caught.value.asked_bytes) == (8, 5)
    assert store.usage.used(key.id) == Used(8, 1.0)
