from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event

from backchannel.store import STREAM_SCOPE, Caps, Store
from backchannel.store.refusals import (
    BytesSpent,
    KeyRevoked,
    QuotaSpent,
    Refusal,
    TokenRevoked,
    VideoSpent,
)
from backchannel.store.runners import LEASE_S
from backchannel.store.usage import Used
from tests.store.conftest import Clock, Database


@pytest.fixture
def key_id(store: Store) -> str:
    return store.keys.create("server")[0].id


def token(store: Store, key_id: str, caps: Caps) -> str:
    return store.tokens.mint(key_id, [STREAM_SCOPE], 300, caps)[0].id


def left_s(store: Store, key_id: str, token_id: str | None = None, **asked: Any) -> float | None:
    return store.usage.charge(key_id, token_id, **asked).left_s


def refused(store: Store, key_id: str, token_id: str | None = None, **asked: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        store.usage.charge(key_id, token_id, **asked)
    return caught.value


def is_(refusal: Refusal, expected: Refusal) -> bool:
    return type(refusal) is type(expected) and vars(refusal) == vars(expected)


# --- what is counted -------------------------------------------------------------------------------


def test_use_adds_up_by_month(store: Store, key_id: str, clock: Clock) -> None:
    assert store.usage.used(key_id) == Used()
    for _ in range(3):
        assert left_s(store, key_id, size_bytes=100, video_s=1.5) is None
    store.usage.note(key_id, None, 0.25)
    assert store.usage.used(key_id) == Used(300, 4.75)
    clock.now = datetime(2026, 2, 1, tzinfo=UTC)
    assert store.usage.used(key_id) == Used()


def test_a_token_spends_no_byte_and_no_second_more_than_it_has(store: Store, key_id: str) -> None:
    token_id = token(store, key_id, Caps(max_bytes=100, max_video_s=10))
    assert left_s(store, key_id, token_id, size_bytes=100, video_s=4.0) == 6.0
    assert is_(refused(store, key_id, token_id, size_bytes=1), BytesSpent(100, 100, 1))
    assert is_(refused(store, key_id, token_id, video_s=6.001), VideoSpent(10.0, 4.0, 6.001))
    assert left_s(store, key_id, token_id, video_s=6.0) == 0.0
    # Spent is spent: not even nothing more is let in, or a session would go on for ever.
    assert is_(refused(store, key_id, token_id), VideoSpent(10.0, 10.0, 0.0))
    assert store.usage.used(key_id) == Used(100, 10.0), "what was refused is not counted"


def test_the_smaller_of_quota_and_budget_is_what_is_left(store: Store, key_id: str) -> None:
    token_id = token(store, key_id, Caps(max_video_s=10))
    assert left_s(store, key_id, token_id, quota_s=20.0) == 10.0
    assert left_s(store, key_id, token_id, quota_s=5.0) == 5.0
    assert left_s(store, key_id, token_id, analysed_s=4.0, quota_s=5.0) == 1.0


def test_what_was_analysed_counts_even_past_the_budget(store: Store, key_id: str) -> None:
    token_id = token(store, key_id, Caps(max_video_s=1))
    store.usage.note(key_id, token_id, 2.5)
    assert is_(refused(store, key_id, token_id), VideoSpent(1.0, 2.5, 0.0))


def test_what_was_analysed_counts_even_if_the_next_piece_is_refused(store: Store, key_id: str) -> None:
    token_id = token(store, key_id, Caps(max_bytes=100, max_video_s=10))
    refusal = refused(store, key_id, token_id, size_bytes=101, analysed_s=4.0)
    assert is_(refusal, BytesSpent(100, 0, 101))
    assert store.usage.used(key_id) == Used(0, 4.0)
    assert left_s(store, key_id, token_id, size_bytes=100) == 6.0
    assert is_(refused(store, key_id, token_id, analysed_s=6.0), VideoSpent(10.0, 10.0, 0.0))
    assert store.usage.used(key_id) == Used(100, 10.0)


def test_a_quota_comes_back_with_the_month(store: Store, key_id: str, clock: Clock) -> None:
    clock.now = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    assert left_s(store, key_id, video_s=60.0, quota_s=60.0) == 0.0
    assert is_(refused(store, key_id, quota_s=60.0), QuotaSpent(60.0, 60.0, 0.0, 60.0))
    clock.now = datetime(2027, 1, 1, tzinfo=UTC)
    assert left_s(store, key_id, video_s=1.0, quota_s=60.0) == 59.0


def test_the_revoked_are_refused_at_the_next_charge(store: Store, key_id: str) -> None:
    minted, credential = store.tokens.mint(key_id, [STREAM_SCOPE], 300, Caps())
    nothing_and_a_byte: list[dict[str, Any]] = [{}, {"size_bytes": 1}]
    for asked in nothing_and_a_byte:
        left_s(store, key_id, minted.id, **asked)
    store.tokens.revoke(key_id, credential)
    for asked in nothing_and_a_byte:
        assert isinstance(refused(store, key_id, minted.id, **asked), TokenRevoked)
        left_s(store, key_id, **asked)
    store.keys.revoke(key_id)
    for asked in nothing_and_a_byte:
        assert isinstance(refused(store, key_id, **asked), KeyRevoked)
    assert store.usage.used(key_id).size_bytes == 2


# --- what is given back ----------------------------------------------------------------------------


def test_a_refund_gives_back_the_video_and_not_the_bytes(store: Store, key_id: str) -> None:
    token_id = token(store, key_id, Caps(max_video_s=10))
    charge = store.usage.charge(key_id, token_id, size_bytes=100, video_s=10.0)
    refused(store, key_id, token_id)
    store.usage.refund(charge)
    assert store.usage.used(key_id) == Used(100, 0.0)
    assert left_s(store, key_id, token_id) == 10.0


def test_a_refund_goes_to_the_month_that_paid(store: Store, key_id: str, clock: Clock) -> None:
    clock.now = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
    charge = store.usage.charge(key_id, None, video_s=5.0)
    clock.now = datetime(2026, 2, 1, tzinfo=UTC)
    store.usage.refund(charge)
    assert store.usage.used(key_id) == Used()
    assert left_s(store, key_id, quota_s=5.0) == 5.0
    clock.now = datetime(2026, 1, 31, tzinfo=UTC)
    assert store.usage.used(key_id) == Used(0, 0.0)


def test_a_charge_is_refunded_once_and_not_at_all_when_it_is_settled(store: Store, key_id: str) -> None:
    lost, paid = (store.usage.charge(key_id, None, video_s=4.0) for _ in range(2))
    store.usage.settle(paid)
    for charge in (lost, lost, paid):
        store.usage.refund(charge)
    assert store.usage.used(key_id) == Used(0, 4.0)


def test_what_a_killed_process_was_paid_for_is_paid_back(
    store: Store, key_id: str, database: Database, clock: Clock
) -> None:
    token_id = token(store, key_id, Caps(max_video_s=10))
    with database.open(clock) as killed:
        killed.places.beat()
        killed.usage.settle(killed.usage.charge(key_id, token_id, video_s=1.0))
        killed.usage.charge(key_id, token_id, size_bytes=100, video_s=4.0)
    mine = store.usage.charge(key_id, None, video_s=0.5)
    assert store.usage.refund_orphans() == 0.0, "it may still live"
    clock.passes(LEASE_S)
    store.places.beat()
    assert [store.usage.refund_orphans() for _ in range(2)] == [4.0, 0.0]
    assert store.usage.used(key_id) == Used(100, 1.5)
    assert left_s(store, key_id, token_id) == 9.0
    store.usage.refund(mine)
    assert store.usage.used(key_id) == Used(100, 1.0)


# --- what it costs ---------------------------------------------------------------------------------


@contextmanager
def observed() -> Iterator[list[str]]:
    """Collect the first word of each statement, and each commit, of every database."""
    seen: list[str] = []

    def statement(_c: Any, _u: Any, text: str, *_: Any) -> None:
        seen.append(text.split(maxsplit=1)[0])

    def commit(_c: Any) -> None:
        seen.append("COMMIT")

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "commit", commit)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
        event.remove(Engine, "commit", commit)


def test_a_piece_costs_one_transaction_that_writes_before_it_reads(store: Store, key_id: str) -> None:
    token_id = token(store, key_id, Caps(max_video_s=100))
    left_s(store, key_id, token_id, size_bytes=1)
    with observed() as seen:
        left_s(store, key_id, token_id, size_bytes=1, analysed_s=1.0, quota_s=100.0)
    assert seen == ["UPDATE", "UPDATE", "SELECT", "SELECT", "COMMIT"]
    with observed() as seen:
        left_s(store, key_id, size_bytes=1, analysed_s=1.0)
    assert seen == ["UPDATE", "SELECT", "COMMIT"]


def test_asking_only_whether_something_is_left_writes_nothing(store: Store, key_id: str) -> None:
    token_id = token(store, key_id, Caps(max_video_s=100))
    with observed() as seen:
        left_s(store, key_id, token_id, quota_s=100.0)
    assert seen == ["SELECT", "SELECT", "COMMIT"]


def test_a_refusal_costs_one_transaction_too(store: Store, key_id: str) -> None:
    token_id = token(store, key_id, Caps(max_bytes=10))
    left_s(store, key_id, token_id, size_bytes=10)
    with observed() as seen:
        refused(store, key_id, token_id, size_bytes=1, analysed_s=1.0)
    assert seen.count("COMMIT") == 1


# --- at once ---------------------------------------------------------------------------------------


def test_processes_that_spend_at_once_never_spend_more(
    store: Store, key_id: str, database: Database, clock: Clock
) -> None:
    token_id = token(store, key_id, Caps(max_bytes=50))

    def spend(_: int) -> int:
        with database.open(clock) as other:
            spent = 0
            for _ in range(20):
                try:
                    other.usage.charge(key_id, token_id, size_bytes=1, analysed_s=0.5)
                    spent += 1
                except BytesSpent:
                    break
            return spent

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(spend, range(4))) == 50
    used = store.usage.used(key_id)
    assert used.size_bytes == 50
    assert used.video_s >= 0.5 * 50, "what was analysed counts for each attempt, the refused ones too"
