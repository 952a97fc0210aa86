"""What is owed while the store is down: with a real lock, and a clock that the test moves."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from backchannel.config import Settings
from backchannel.errors import Problem
from backchannel.server.access import ledger as ledgers
from backchannel.server.access.auth import Principal
from backchannel.server.access.ledger import UNWRITTEN_S, Ledger
from backchannel.server.access.limits import Limits
from backchannel.server.access.meter import Meter
from backchannel.store import STREAM_SCOPE, Caps, Store, open_store
from backchannel.store import database as opening
from backchannel.store.usage import Used
from tests.store.locking import locked


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(opening, "BUSY_TIMEOUT_MS", 1)
    with open_store(tmp_path) as store:
        yield store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(store: Store, clock: Clock) -> Ledger:
    return Ledger(store, clock)


@pytest.fixture
def who(store: Store) -> Principal:
    return Principal(store.keys.create("server")[0])


def session(
    store: Store, ledger: Ledger, who: Principal, scenario: Callable[[Meter], Awaitable[None]]
) -> None:
    async def hold() -> None:
        async with Limits(store, Settings(), ledger).metered(who) as meter:
            await scenario(meter)

    asyncio.run(hold())


def refuses_new_work(ledger: Ledger) -> None:
    with pytest.raises(Problem) as caught:
        ledger.check()
    assert caught.value.error_id == "ih1003"


def test_pieces_of_an_outage_are_counted_once_with_the_first_one_after_it(
    store: Store, ledger: Ledger, who: Principal, tmp_path: Path
) -> None:
    async def scenario(meter: Meter) -> None:
        await meter.charge(1)
        meter.analysed(2.0)
        with locked(tmp_path):
            for _ in range(3):
                await meter.charge(10)
                meter.analysed(2.0)
        assert store.usage.used(who.key.id) == Used(1, 0.0)
        ledger.catch_up()
        await meter.charge(100)
        assert store.usage.used(who.key.id) == Used(131, 8.0)
        await meter.charge(1000)
        assert store.usage.used(who.key.id) == Used(1131, 8.0)

    session(store, ledger, who, scenario)
    assert store.usage.used(who.key.id) == Used(1131, 8.0)


def test_a_session_that_ends_in_an_outage_is_counted_once_after_it(
    store: Store, ledger: Ledger, who: Principal, tmp_path: Path
) -> None:
    async def scenario(meter: Meter) -> None:
        await meter.charge(10)
        meter.analysed(2.5)

    with locked(tmp_path):
        for _ in range(3):
            session(store, ledger, who, scenario)
        ledger.catch_up()
        refuses_new_work(ledger)
    assert store.usage.used(who.key.id) == Used()
    for _ in range(2):
        ledger.catch_up()
        ledger.check()
        assert store.usage.used(who.key.id) == Used(30, 7.5)


def test_nobody_asks_a_store_that_is_down(
    store: Store, ledger: Ledger, who: Principal, tmp_path: Path
) -> None:
    async def scenario(meter: Meter) -> None:
        with locked(tmp_path):
            await meter.charge(1)
        await meter.charge(1)
        assert store.usage.used(who.key.id) == Used(), "only the heartbeat does"

    session(store, ledger, who, scenario)
    assert ledger.down


def test_a_session_ends_when_the_store_is_down_for_too_long(
    store: Store, ledger: Ledger, clock: Clock, who: Principal, tmp_path: Path
) -> None:
    async def scenario(meter: Meter) -> None:
        await meter.charge(1)
        clock.now_s += UNWRITTEN_S
        await meter.charge(10)
        clock.now_s += 1
        with pytest.raises(Problem) as caught:
            await meter.charge(100)
        assert caught.value.error_id == "ih1003"
        assert caught.value.entry.retryable
        assert caught.value.entry.close_code == 1013

    with locked(tmp_path):
        session(store, ledger, who, scenario)
    ledger.catch_up()
    assert store.usage.used(who.key.id) == Used(11, 0.0), "the piece that was refused is not counted"


def test_a_budget_holds_in_an_outage_as_far_as_it_is_known(
    store: Store, ledger: Ledger, who: Principal, tmp_path: Path
) -> None:
    token, _ = store.tokens.mint(who.key.id, [STREAM_SCOPE], 300, Caps(max_video_s=10))

    async def scenario(meter: Meter) -> None:
        await meter.charge(1)
        with locked(tmp_path):
            await meter.charge(1)
            meter.analysed(7.0)
            assert await meter.left_s() == 3.0
            meter.analysed(4.0)
            assert await meter.left_s() == 0.0
        ledger.catch_up()
        with pytest.raises(Problem) as caught:
            await meter.left_s()
        assert caught.value.error_id == "ih3006"

    session(store, ledger, Principal(who.key, token), scenario)
    assert store.usage.used(who.key.id) == Used(2, 11.0)


def test_a_revocation_is_seen_only_when_the_store_is_back(
    store: Store, ledger: Ledger, who: Principal, tmp_path: Path
) -> None:
    async def scenario(meter: Meter) -> None:
        store.keys.revoke(who.key.id)
        with locked(tmp_path):
            await meter.charge(1)
        ledger.catch_up()
        with pytest.raises(Problem) as caught:
            await meter.charge(1)
        assert caught.value.error_id == "ih2001"

    session(store, ledger, who, scenario)
    assert store.usage.used(who.key.id) == Used(1, 0.0)


def test_a_charge_cancelled_in_an_outage_counts_nothing_twice(
    store: Store, ledger: Ledger, who: Principal, tmp_path: Path
) -> None:
    async def scenario(meter: Meter) -> None:
        meter.analysed(2.5)
        charge = asyncio.create_task(meter.charge(1))
        await asyncio.to_thread(len, "")
        charge.cancel()
        with pytest.raises(asyncio.CancelledError):
            await charge

    with locked(tmp_path):
        session(store, ledger, who, scenario)
    ledger.catch_up()
    ledger.catch_up()
    assert store.usage.used(who.key.id) in {Used(0, 2.5), Used(1, 2.5)}


def test_a_refund_waits_and_is_made_in_its_month(
    store: Store, ledger: Ledger, who: Principal, tmp_path: Path
) -> None:
    limits = Limits(store, Settings(), ledger)

    async def scenario() -> None:
        charge = await limits.charge(who, 10, 4.0)
        with locked(tmp_path):
            await limits.settle(charge, refund=True)

    asyncio.run(scenario())
    assert store.usage.used(who.key.id) == Used(10, 4.0)
    for _ in range(2):
        ledger.catch_up()
        assert store.usage.used(who.key.id) == Used(10, 0.0)


def test_a_place_comes_free_after_the_outage(
    store: Store, ledger: Ledger, who: Principal, tmp_path: Path
) -> None:
    limits = Limits(store, Settings(sessions_per_key=1), ledger)

    async def scenario() -> None:
        first = await limits.take_place(who)
        with locked(tmp_path):
            await limits.give_back(first)
            assert ledger.down
        ledger.catch_up()
        second = await limits.take_place(who)
        with locked(tmp_path):
            ledger.note(who.key.id, None, 1.0)
            await limits.give_back(second)  # nobody asks the store this time
        ledger.catch_up()
        await limits.give_back(await limits.take_place(who))

    asyncio.run(scenario())


def test_the_log_says_when_it_begins_and_when_it_ends_and_not_why_in_the_drivers_words(
    ledger: Ledger, clock: Clock, who: Principal, tmp_path: Path
) -> None:
    structlog.reset_defaults()
    with capture_logs() as lines:
        with locked(tmp_path):
            for _ in range(3):
                ledger.note(who.key.id, None, 1.0)
                ledger.catch_up()
        clock.now_s += 7
        ledger.catch_up()
        ledger.catch_up()
    assert lines == [
        {"event": "store down", "log_level": "error", "reason": "SQLITE_BUSY"},
        {"event": "store back", "log_level": "warning", "down_s": 7.0},
    ]


def test_what_is_owed_has_a_bound_and_its_loss_is_logged(
    store: Store, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledgers, "MAX_OWING", 2)
    keys = [store.keys.create(name)[0].id for name in "abc"]
    structlog.reset_defaults()
    with capture_logs() as lines:
        with locked(tmp_path):
            for key_id in [*keys, *keys]:
                ledger.note(key_id, None, 1.0)
            ledger.close()
        ledger.catch_up()
    assert [store.usage.used(key_id).video_s for key_id in keys] == [2.0, 2.0, 0.0]
    lost = [line for line in lines if line["event"] == "use not counted"]
    assert [line.get("key") or line.get("payers") for line in lost] == [keys[2], keys[2], 2]
