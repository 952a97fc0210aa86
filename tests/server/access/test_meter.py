import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from backchannel.config import Settings
from backchannel.errors import Problem
from backchannel.server.access.auth import Principal
from backchannel.server.access.ledger import Ledger
from backchannel.server.access.limits import Limits
from backchannel.server.access.meter import Meter
from backchannel.store import STREAM_SCOPE, Caps, KeyLimits, Store, open_store
from backchannel.store.usage import Used


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as store:
        yield store


def by_token(store: Store, max_video_s: int) -> Principal:
    key, _ = store.keys.create("server")
    token, _ = store.tokens.mint(key.id, [STREAM_SCOPE], 300, Caps(max_video_s=max_video_s))
    return Principal(key, token)


def by_key(store: Store, quota_s: float | None = None) -> Principal:
    return Principal(store.keys.create("server", limits=KeyLimits(video_s_per_month=quota_s))[0])


def session(store: Store, who: Principal, scenario: Callable[[Meter], Awaitable[None]]) -> None:
    """Hold a session for as long as the scenario lasts."""

    async def hold() -> None:
        async with Limits(store, Settings(), Ledger(store)).metered(who) as meter:
            await scenario(meter)

    asyncio.run(hold())


async def error_id(call: Awaitable[object]) -> str:
    with pytest.raises(Problem) as caught:
        await call
    return caught.value.error_id


def test_video_is_counted_with_the_bytes_of_the_next_piece(store: Store) -> None:
    who = by_key(store)

    async def scenario(meter: Meter) -> None:
        await meter.charge(100)
        meter.analysed(2.0)
        meter.analysed(0.5)
        assert store.usage.used(who.key.id) == Used(100, 0.0)
        await meter.charge(100)
        assert store.usage.used(who.key.id) == Used(200, 2.5)
        await meter.charge(100)
        assert store.usage.used(who.key.id) == Used(300, 2.5)

    session(store, who, scenario)


def test_what_is_not_yet_counted_is_counted_once_when_the_session_ends(store: Store) -> None:
    who = by_token(store, max_video_s=10)

    async def scenario(meter: Meter) -> None:
        await meter.charge(100)
        meter.analysed(2.5)
        await meter.settle()

    session(store, who, scenario)
    assert store.usage.used(who.key.id) == Used(100, 2.5)
    assert store.usage.charge(who.key.id, who.token_id).left_s == 7.5


def test_it_is_counted_however_the_session_ends(store: Store) -> None:
    who = by_key(store)

    async def breaks(meter: Meter) -> None:
        await meter.charge(100)
        meter.analysed(2.5)
        raise RuntimeError

    async def cancelled() -> None:
        async with Limits(store, Settings(), Ledger(store)).metered(who) as meter:
            await meter.charge(100)
            meter.analysed(2.5)
            here = asyncio.current_task()
            assert here is not None
            here.cancel()
            await asyncio.Event().wait()

    with pytest.raises(RuntimeError):
        session(store, who, breaks)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert store.usage.used(who.key.id) == Used(200, 5.0)


def test_a_charge_that_nobody_waits_for_any_more_counts_nothing_twice(store: Store, tmp_path: Path) -> None:
    who = by_key(store)

    async def scenario(meter: Meter) -> None:
        await meter.charge(1)
        meter.analysed(2.5)
        other = sqlite3.connect(tmp_path / "backchannel.sqlite3")
        other.execute("BEGIN IMMEDIATE")  # the charge has to wait for this
        charge = asyncio.create_task(meter.charge(1))
        await asyncio.to_thread(len, "")
        charge.cancel()
        with pytest.raises(asyncio.CancelledError):
            await charge
        other.rollback()
        other.close()
        await meter.settle()

    session(store, who, scenario)
    assert store.usage.used(who.key.id).video_s == 2.5


def test_what_is_left_falls_as_media_is_analysed_without_asking_the_store(store: Store) -> None:
    who = by_token(store, max_video_s=10)

    async def scenario(meter: Meter) -> None:
        await meter.charge(1)
        assert await meter.left_s() == 10.0
        meter.analysed(4.0)
        assert await meter.left_s() == 6.0
        assert store.usage.used(who.key.id).video_s == 0.0
        await meter.charge(1)
        assert await meter.left_s() == 6.0

    session(store, who, scenario)


def test_where_nothing_limits_it_nothing_does(store: Store) -> None:
    async def scenario(meter: Meter) -> None:
        await meter.charge(1)
        meter.analysed(1e6)
        assert await meter.left_s() is None

    session(store, by_key(store), scenario)


@pytest.mark.parametrize("spent_s", [8.0, 8.7])
def test_what_is_spent_is_refused_before_the_next_analysis_and_at_the_next_piece(
    store: Store, spent_s: float
) -> None:
    for who, expected in ((by_token(store, max_video_s=8), "ih3006"), (by_key(store, 8.0), "ih3003")):

        async def scenario(meter: Meter, expected: str = expected) -> None:
            await meter.charge(1)
            meter.analysed(spent_s)
            assert await error_id(meter.left_s()) == expected
            assert await error_id(meter.left_s()) == expected
            assert await error_id(meter.charge(1)) == expected

        session(store, who, scenario)
        assert store.usage.used(who.key.id) == Used(1, spent_s), "the analysed video, once; no refused byte"


def test_another_session_of_the_same_token_is_seen_at_the_next_piece(store: Store) -> None:
    who = by_token(store, max_video_s=10)

    async def scenario(meter: Meter) -> None:
        await meter.charge(1)

        async def other(second: Meter) -> None:
            await second.charge(1)
            second.analysed(7.0)
            await second.charge(1)

        async with Limits(store, Settings(), Ledger(store)).metered(who) as second:
            await other(second)
        assert await meter.left_s() == 10.0, "until its own next piece"
        await meter.charge(1)
        assert await meter.left_s() == 3.0

    session(store, who, scenario)


def test_a_revocation_is_seen_at_the_next_piece(store: Store) -> None:
    who = by_key(store)

    async def scenario(meter: Meter) -> None:
        await meter.charge(1)
        meter.analysed(2.0)
        store.keys.revoke(who.key.id)
        assert await error_id(meter.charge(1)) == "ih2001"

    session(store, who, scenario)
    assert store.usage.used(who.key.id) == Used(1, 2.0)


def test_rounding_loses_nothing_over_many_pieces(store: Store) -> None:
    who = by_key(store)

    async def scenario(meter: Meter) -> None:
        for _ in range(30):
            meter.analysed(1 / 3)
            await meter.charge(1)

    session(store, who, scenario)
    assert store.usage.used(who.key.id).video_s == 10.0


def test_a_store_that_fails_at_the_end_does_not_fail_the_session(store: Store, tmp_path: Path) -> None:
    async def scenario(meter: Meter) -> None:
        await meter.charge(1)
        meter.analysed(1.0)
        other = sqlite3.connect(tmp_path / "backchannel.sqlite3")
        other.execute("DROP TABLE usage")
        other.commit()
        other.close()

    session(store, by_key(store), scenario)
