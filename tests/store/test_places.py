from datetime import timedelta

import pytest

from backchannel.store import Store
from backchannel.store.runners import LEASE_S, LONG_AGO
from tests.store.conftest import Clock, Database


def test_a_place_is_taken_until_it_is_given_back(store: Store) -> None:
    first = store.places.take("key", None, 1, None)
    assert isinstance(first, str)
    assert store.places.take("key", None, 1, None) == (1, 1)
    assert isinstance(store.places.take("other", None, 1, None), str)
    store.places.give_back(first)
    assert isinstance(store.places.take("key", None, 1, None), str)


def test_a_token_has_its_own_limit_within_its_keys(store: Store) -> None:
    assert isinstance(store.places.take("key", "a", 3, 1), str)
    assert store.places.take("key", "a", 3, 1) == (1, 1)
    assert isinstance(store.places.take("key", "b", 3, None), str)
    assert isinstance(store.places.take("key", None, 3, None), str)
    assert store.places.take("key", "c", 3, None) == (3, 3)


def test_other_processes_count_while_they_live(store: Store, database: Database, clock: Clock) -> None:
    with database.open(clock) as other:
        other.places.beat()
        assert isinstance(other.places.take("key", None, 1, None), str)
        assert store.places.take("key", None, 1, None) == (1, 1)
        clock.passes(LEASE_S)
        store.places.beat()
        assert isinstance(store.places.take("key", None, 1, None), str)
        other.places.beat()
        assert store.places.take("key", None, 2, None) == (2, 2)
        other.places.leave()
        assert isinstance(store.places.take("key", None, 2, None), str)


def test_what_the_dead_left_is_cleared_away(store: Store, database: Database, clock: Clock) -> None:
    with database.open(clock) as other:
        other.places.beat()
        other.places.take("key", None, 1, None)
    store.places.beat()
    clock.passes(2 * LEASE_S)
    store.places.beat()
    assert isinstance(store.places.take("key", None, 1, None), str)


def test_what_a_process_left_long_ago_counts_for_nothing_at_once(
    store: Store, database: Database, clock: Clock
) -> None:
    with database.open(clock) as other:
        other.places.beat()
        other.places.take("key", None, 1, None)
    clock.now += LONG_AGO + timedelta(seconds=LEASE_S)
    clock.now += timedelta(seconds=1)
    assert isinstance(store.places.take("key", None, 1, None), str)


@pytest.mark.parametrize("jump_s", [45, -45, 86400, -86400])
def test_nobody_is_dead_because_a_clock_was_set(
    store: Store, database: Database, clock: Clock, jump_s: float
) -> None:
    store.places.beat()
    with database.open(clock) as other:
        other.places.beat()
        assert isinstance(other.places.take("key", None, 1, None), str)
        store.places.beat()
        clock.now += timedelta(seconds=jump_s)
        store.places.beat()
        assert store.places.take("key", None, 1, None) == (1, 1)
        for _ in range(4):
            clock.passes(LEASE_S - 1)
            other.places.beat()
            store.places.beat()
            assert store.places.take("key", None, 1, None) == (1, 1)
