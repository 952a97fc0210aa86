from sqlalchemy import create_engine, text

from backchannel.store import Store
from tests.store.conftest import Clock, Database

KEPT_S = 60.0


def begin(store: Store, name: str = "session", key_id: str = "key") -> str:
    return store.kept.begin(name, key_id, "place", b"first", KEPT_S)


def rows(database: Database, table: str) -> int:
    engine = create_engine(database.url)
    with engine.connect() as connection:
        found = connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 -- our own names
    engine.dispose()
    return int(found or 0)


def test_a_session_is_given_back_as_it_was_written_last(store: Store) -> None:
    holder = begin(store)
    assert store.kept.write("session", holder, b"second", [(2, b"two")])
    assert store.kept.write("session", holder, b"third", [(3, b"three"), (5, b"five")])
    kept = store.kept.claim("session", "key", KEPT_S)
    assert kept is not None
    assert (kept.state, kept.place_id) == (b"third", "place")
    assert kept.bodies == ((2, b"two"), (3, b"three"), (5, b"five"))


def test_old_messages_are_deleted(store: Store) -> None:
    holder = begin(store)
    store.kept.write("session", holder, b"state", [(1, b"a"), (2, b"b"), (3, b"c")])
    store.kept.write("session", holder, b"state", [(4, b"d")], forget_seq=2)
    kept = store.kept.claim("session", "key", KEPT_S)
    assert kept is not None
    assert [seq for seq, _ in kept.bodies] == [3, 4]


def test_another_key_gets_nothing(store: Store) -> None:
    begin(store)
    assert store.kept.claim("session", "other", KEPT_S) is None
    assert store.kept.claim("unknown", "key", KEPT_S) is None
    assert not store.kept.has("session", "other")
    assert not store.kept.has("unknown", "key")
    assert store.kept.has("session", "key")


def test_what_the_old_holder_writes_counts_no_more_in_any_process(
    store: Store, database: Database, clock: Clock
) -> None:
    old = begin(store)
    with database.open(clock) as other:
        assert other.kept.claim("session", "key", KEPT_S) is not None
    assert not store.kept.write("session", old, b"late", [(9, b"late")])
    assert not store.kept.connect("session", old, "elsewhere")
    store.kept.disconnect("session", old, 0.0)
    store.kept.forget("session", old)
    again = store.kept.claim("session", "key", KEPT_S)
    assert again is not None
    assert (again.state, again.bodies, again.place_id) == (b"first", (), "place")


def test_it_is_deleted_when_its_time_without_a_connection_is_over(
    store: Store, database: Database, clock: Clock
) -> None:
    holder = begin(store)
    store.kept.write("session", holder, b"state", [(1, b"said")])
    store.kept.disconnect("session", holder, KEPT_S)
    clock.passes(KEPT_S - 1)
    assert store.kept.refresh(KEPT_S) == 0
    clock.passes(1)
    assert not store.kept.has("session", "key")
    assert store.kept.claim("session", "key", KEPT_S) is None
    assert store.kept.refresh(KEPT_S) == 1
    assert (rows(database, "kept_sessions"), rows(database, "kept_messages")) == (0, 0)


def test_one_with_a_connection_is_kept_for_as_long_as_its_process_lives(store: Store, clock: Clock) -> None:
    begin(store)
    for _ in range(30):
        clock.passes(10)
        store.kept.refresh(KEPT_S)
    kept = store.kept.claim("session", "key", KEPT_S)
    assert kept is not None
    assert store.kept.connect("session", kept.holder, "place")
    clock.passes(10)
    store.kept.refresh(KEPT_S)
    clock.passes(79)
    assert store.kept.claim("session", "key", KEPT_S) is not None
    clock.passes(KEPT_S)
    assert store.kept.claim("session", "key", KEPT_S) is None


def test_one_that_has_ended_is_deleted_at_once(store: Store, database: Database) -> None:
    holder, other = begin(store), begin(store, "other")
    store.kept.write("session", holder, b"state", [(1, b"said")])
    store.kept.write("other", other, b"state", [(1, b"said")])
    store.kept.forget("session", holder)
    assert store.kept.claim("session", "key", KEPT_S) is None
    assert (rows(database, "kept_sessions"), rows(database, "kept_messages")) == (1, 1)
