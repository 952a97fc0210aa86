import asyncio
from collections.abc import Awaitable, Callable

import pytest

from backchannel.server import holders as holding
from backchannel.server.holders import Holders


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10):
            await scenario()

    asyncio.run(bounded())


def test_the_next_one_gets_a_session_after_the_one_before_has_ended() -> None:
    async def scenario() -> None:
        holders, order = Holders(), list[str]()

        async def first() -> None:
            async with holders.hold("session"):
                order.append("first")
                try:
                    await asyncio.Event().wait()
                finally:
                    order.append("first ends")

        task = asyncio.create_task(first())
        await asyncio.sleep(0)
        async with holders.hold("another"):
            assert order == ["first"]
        async with holders.hold("session"):
            order.append("second")
        await task
        assert order == ["first", "first ends", "second"]

    run(scenario)


def test_one_that_can_give_way_finishes_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "FINISH_S", 0.05)

    async def scenario(*, finishes: bool) -> list[str]:
        holders, order, wanted = Holders(), list[str](), asyncio.Event()

        async def first() -> None:
            async with holders.hold("session") as holder:
                holder.give_way = wanted.set
                await wanted.wait()
                if not finishes:
                    await asyncio.Event().wait()
                order.append("finished")

        task = asyncio.create_task(first())
        await asyncio.sleep(0)
        async with holders.hold("session"):
            order.append("second")
        await task
        return order

    assert asyncio.run(scenario(finishes=True)) == ["finished", "second"]
    assert asyncio.run(scenario(finishes=False)) == ["second"]


def test_many_that_want_it_get_it_one_after_the_other() -> None:
    async def scenario() -> None:
        holders, held = Holders(), 0

        async def one() -> None:
            nonlocal held
            async with holders.hold("session"):
                held += 1
                assert held == 1
                try:
                    await asyncio.sleep(0)
                finally:
                    held -= 1

        await asyncio.gather(*(one() for _ in range(20)))

    run(scenario)


def test_a_timeout_of_the_block_itself_is_not_hidden() -> None:
    async def scenario() -> None:
        with pytest.raises(TimeoutError):
            async with Holders().hold("session"):
                raise TimeoutError

    run(scenario)
