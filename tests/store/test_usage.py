from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backchannel.store import STREAM_SCOPE, Caps, Store, open_store
from backchannel.store.refusals import BytesSpent, KeyRevoked, QuotaSpent, Refusal, TokenRevoked, VideoSpent
from backchannel.store.usage import Used
from tests.store.conftest import Clock


@pytest.fixture
def key_id(store: Store) -> str:
    return store.keys.create("server")[0].id


def token(store: Store, key_id: str, caps: Caps) -> str:
    return store.tokens.mint(key_id, [STREAM_SCOPE], 300, caps)[0].id


def refused(
    store: Store, key_id: str, token_id: str | None, size: int, video_s: float, quota: float | None = None
) -> Refusal:
    with pytest.raises(Refusal) as caught:
        store.usage.charge(key_id, token_id, size, video_s, quota)
    return caught.value


def test_use_adds_up_by_month(store: Store, key_id: str, clock: Clock) -> None:
    assert store.usage.used(key_id) == Used()
    for _ in range(3):
        assert store.usage.charge(key_id, None, 100, 1.5, None) is None
    store.usage.note(key_id, None, 0.25)
    assert store.usage.used(key_id) == Used(300, 4.75)
    clock.now = datetime(2026, 2, 1, tzinfo=UTC)
    assert store.usage.used(key_id) == Used()


def test_a_token_spends_no_byte_and_no_second_more_than_it_has(store: Store, key_id: str) -> None:
    token_id = token(store, key_id, Caps(max_bytes=100, max_video_s=10))
    assert store.usage.charge(key_id, token_id, 100, 4.0, None) == 6.0
    assert vars(refused(store, key_id, token_id, 1, 0.0)) == vars(BytesSpent(100, 100, 1))
    assert vars(refused(store, key_id, token_id, 0, 6.001)) == vars(VideoSpent(10.0, 4.0, 6.001))
    assert store.usage.charge(key_id, token_id, 0, 6.0, None) == 0.0
    # Spent is spent: not even nothing more is let in, or a session would go on for ever.
    assert vars(refused(store, key_id, token_id, 0, 0.0)) == vars(VideoSpent(10.0, 10.0, 0.0))
    assert store.usage.used(key_id) == Used(100, 10.0), "what was refused is not counted"


def test_what_was_analysed_counts_even_past_the_budget(store: Store, key_id: str) -> None:
    token_id = token(store, key_id, Caps(max_video_s=1))
    store.usage.note(key_id, token_id, 2.5)
    assert vars(refused(store, key_id, token_id, 0, 0.0)) == vars(VideoSpent(1.0, 2.5, 0.0))


def test_a_quota_comes_back_with_the_month(store: Store, key_id: str, clock: Clock) -> None:
    clock.now = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    assert store.usage.charge(key_id, None, 0, 60.0, 60.0) == 0.0
    assert vars(refused(store, key_id, None, 0, 0.0, 60.0)) == vars(QuotaSpent(60.0, 60.0, 0.0, 60.0))
    clock.now = datetime(2027, 1, 1, tzinfo=UTC)
    assert store.usage.charge(key_id, None, 0, 1.0, 60.0) == 59.0


def test_the_revoked_are_told_at_the_next_charge(store: Store, key_id: str) -> None:
    minted, credential = store.tokens.mint(key_id, [STREAM_SCOPE], 300, Caps())
    store.usage.charge(key_id, minted.id, 1, 0.0, None)
    store.tokens.revoke(key_id, credential)
    assert isinstance(refused(store, key_id, minted.id, 1, 0.0), TokenRevoked)
    store.usage.charge(key_id, None, 1, 0.0, None)
    store.keys.revoke(key_id)
    assert isinstance(refused(store, key_id, None, 1, 0.0), KeyRevoked)


def test_processes_that_spend_at_once_never_spend_more(
    store: Store, key_id: str, data_dir: Path, clock: Clock
) -> None:
    token_id = token(store, key_id, Caps(max_bytes=50))

    def spend(_: int) -> int:
        with open_store(data_dir, clock) as other:
            spent = 0
            for _ in range(20):
                try:
                    other.usage.charge(key_id, token_id, 1, 0.0, None)
                    spent += 1
                except BytesSpent:
                    break
            return spent

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(spend, range(4))) == 50
    assert store.usage.used(key_id).size_bytes == 50
