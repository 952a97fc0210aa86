"""Several transactions at once, none of which sees what the others have not committed."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from backchannel.store import Caps, Store
from backchannel.store.refusals import BytesSpent, QuotaSpent
from tests.store.conftest import Clock, Database

TOGETHER = 4


@contextmanager
def before_each_commit(do: Callable[[Engine], None]) -> Iterator[None]:
    """Call a function with the engine before every transaction commits."""

    def commit(connection: Any) -> None:
        do(connection.engine)

    event.listen(Engine, "commit", commit)
    try:
        yield
    finally:
        event.remove(Engine, "commit", commit)


def all_at_once(database: Database, clock: Clock, call: Callable[[Store], Any]) -> list[Any]:
    """Call from several processes. None commits before all want to, unless one has to wait for another."""
    together = threading.Barrier(TOGETHER)

    def wait(_: Engine) -> None:
        try:
            together.wait(0.5)
        except threading.BrokenBarrierError:
            return

    with ExitStack() as open_:
        stores = [open_.enter_context(database.open(clock)) for _ in range(TOGETHER)]
        for store in stores:
            store.places.beat()
        with before_each_commit(wait), ThreadPoolExecutor(TOGETHER) as threads:
            return list(threads.map(call, stores))


def test_streams_of_a_key_do_not_wait_for_each_other(postgresql: Database, clock: Clock) -> None:
    arrived, go_on = threading.Event(), threading.Event()
    with postgresql.open(clock) as slow, postgresql.open(clock) as store:
        key_id = store.keys.create("server")[0].id
        for _ in range(2):
            store.usage.charge(key_id, None, size_bytes=1)

        def stall(engine: Engine) -> None:
            if engine is slow._engine:
                arrived.set()
                assert go_on.wait(60)

        with before_each_commit(stall), ThreadPoolExecutor(1) as thread:
            charging = thread.submit(slow.usage.charge, key_id, None, size_bytes=10, analysed_s=1.0)
            try:
                assert arrived.wait(60)
                for _ in range(3):
                    store.usage.charge(key_id, None, size_bytes=100, analysed_s=2.0, quota_s=100.0)
                assert store.usage.used(key_id).size_bytes == 302, "the slow one is not there yet"
            finally:
                go_on.set()
            charging.result()
        used = store.usage.used(key_id)
        assert (used.size_bytes, used.video_s) == (312, 7.0)
        assert store.usage.charge(key_id, None, quota_s=8.0).left_s == 1.0


def test_uploads_at_once_never_exceed_the_quota_and_use_what_fits(
    store: Store, database: Database, clock: Clock
) -> None:
    key_id = store.keys.create("server")[0].id
    store.usage.note(key_id, None, 1.0)

    def charge(one: Store) -> bool:
        try:
            one.usage.charge(key_id, None, size_bytes=10, video_s=4.0, quota_s=10.0)
        except QuotaSpent:
            return False
        return True

    assert sum(all_at_once(database, clock, charge)) == 2
    used = store.usage.used(key_id)
    assert (used.size_bytes, used.video_s) == (20, 9.0)


def test_a_tokens_budget_holds_at_once(store: Store, database: Database, clock: Clock) -> None:
    key_id = store.keys.create("server")[0].id
    token_id = store.tokens.mint(key_id, ["interhumanai.stream"], 300, Caps(max_bytes=25))[0].id

    def charge(one: Store) -> bool:
        try:
            one.usage.charge(key_id, token_id, size_bytes=10)
        except BytesSpent:
            return False
        return True

    assert sum(all_at_once(database, clock, charge)) == 2
    assert store.usage.used(key_id).size_bytes == 20


def test_jobs_at_once_are_never_more_than_a_key_may_hold(
    store: Store, database: Database, clock: Clock
) -> None:
    key_id = store.keys.create("server")[0].id
    made = all_at_once(database, clock, lambda one: one.jobs.create(key_id, "", "inter-2", 3))
    assert sum(job is not None for job in made) == 3


@pytest.mark.parametrize("limit", [1, 3])
def test_places_at_once_are_never_more_than_a_key_may_have(
    store: Store, database: Database, clock: Clock, limit: int
) -> None:
    key_id = store.keys.create("server")[0].id
    taken = all_at_once(database, clock, lambda one: one.places.take(key_id, None, limit, None))
    assert sum(isinstance(place, str) for place in taken) == limit
