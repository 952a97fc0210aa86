"""Our own clients over a wire that is cut at random points: nothing is lost, and nobody has to care."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec import UNSET
from sqlalchemy import create_engine, text

from backchannel.client.events import ClientError, EventClient, QualityUpdated, Received, Reconnected
from backchannel.client.v0 import play
from backchannel.protocol import v0
from tests.server.live import Live
from tests.server.streams.test_events import segment
from tests.server.streams.wire import Wire, wire

CHUNKS = 16
TIMELINE = ("conversation_quality_timeline",)
AT_ONCE = (0.0, *[0.01] * 20)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await scenario()

    asyncio.run(bounded())


async def send_all(client: EventClient, before: Callable[[int], Awaitable[None]]) -> None:
    for number in range(1, CHUNKS + 1):
        await before(number)
        assert await client.send(segment("window"))
    await client.finish()


async def session(
    live: Live, before: Callable[[Wire, int], Awaitable[None]], **options: Any
) -> tuple[list[Any], list[Reconnected]]:
    """Send chunks; returns what the server said, as types and times, and what the client reported.

    `session.closing` is left out: it comes as soon as the server reads that the client has finished.
    """
    options.setdefault("retry_after_s", AT_ONCE)
    said, reported = list[Any](), list[Reconnected]()
    async with (
        wire(live.http) as line,
        EventClient(line.url, live.key, include=TIMELINE, **options) as client,
    ):
        sending = asyncio.create_task(send_all(client, lambda number: before(line, number)))
        async for event in client:
            if isinstance(event, Reconnected):
                reported.append(event)
            elif event.type != "session.closing":
                said.append((event.type, times(event)))
        await sending
    return said, reported


def times(event: Received) -> list[tuple[float, float]]:
    data = event.data
    if not isinstance(data, QualityUpdated) or data.timeline is UNSET:
        return []
    return [(entry.start, entry.end) for entry in data.timeline]


async def nothing(_line: Wire, _number: int) -> None:
    return


@pytest.mark.parametrize("seed", [1, 2])
def test_events_come_once_and_in_order_however_often_the_wire_is_cut(faulty_live: Live, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 -- the same cuts each time

    async def cutting(line: Wire, _number: int) -> None:
        await asyncio.sleep(rng.choice([0.0, 0.0, 0.05, 0.3]))
        if rng.random() < 0.4:
            line.cut()

    async def scenario() -> None:
        uncut, _ = await session(faulty_live, nothing)
        said, reported = await session(faulty_live, cutting)
        assert said == uncut
        assert reported
        assert {(one.sessions, one.lost_chunks, one.resumed, one.lost_messages) for one in reported} == {
            (1, 0, True, 0)
        }

    run(scenario)


def test_what_is_sent_without_a_connection_waits_for_the_next(faulty_live: Live) -> None:
    async def down_for_a_while(line: Wire, number: int) -> None:
        if number == 4:
            line.upstream = "http://127.0.0.1:1"
            line.cut()
        if number == 10:
            line.upstream = faulty_live.http

    async def scenario() -> None:
        uncut, _ = await session(faulty_live, nothing)
        said, reported = await session(faulty_live, down_for_a_while)
        assert said == uncut
        assert reported[-1].resumed

    run(scenario)


def test_a_session_that_is_gone_is_followed_by_a_new_one_and_the_loss_is_reported(faulty_live: Live) -> None:
    async def forgetting(line: Wire, number: int) -> None:
        if number == 8:
            await asyncio.sleep(1.2)  # until what came before is answered
            for session_id, holder in holders(faulty_live):
                faulty_live.store.kept.forget(session_id, holder)
            line.cut()
            await asyncio.sleep(0.5)

    async def scenario() -> None:
        said, (reconnected,) = await session(faulty_live, forgetting, retry_after_s=[0.01] * 5)
        assert (reconnected.sessions, reconnected.resumed) == (2, False)
        assert [kind for kind, _ in said].count("session.ready") == 2
        assert said[-1][0] == "session.ended"

    run(scenario)


def holders(live: Live) -> list[tuple[str, str]]:
    engine = create_engine(f"sqlite:///{live.settings.data_dir}/backchannel.sqlite3")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, holder FROM kept_sessions")).all()
    engine.dispose()
    return [(row.id, row.holder) for row in rows]


def test_a_server_that_stays_away_is_given_up(faulty_live: Live) -> None:
    async def away(line: Wire, number: int) -> None:
        if number == 4:
            line.upstream = "http://127.0.0.1:1"
            line.cut()

    async def scenario() -> None:
        with pytest.raises(ClientError, match="before all results arrived"):
            await session(faulty_live, away, retry_after_s=[0.01, 0.01])

    run(scenario)


# --- v0 ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    data: bytes
    duration_s: float = 0.02


def start_of(result: v0.Result) -> float:
    assert result.conversation_quality is not UNSET
    timeline = result.conversation_quality.timeline
    assert timeline is not UNSET
    return timeline[0].start


async def segments(live: Live, cuts: Callable[[Wire, int], None]) -> list[v0.Message]:
    """Play segments over a wire; returns every message."""

    def media(line: Wire) -> Iterator[Piece]:
        for number in range(1, CHUNKS + 1):
            cuts(line, number)
            yield Piece(segment("window"))

    async with wire(live.http) as line:
        playing = play(media(line), line.url, live.key, TIMELINE, AT_ONCE)
        return [v0.decode(text) async for text in playing]


@pytest.mark.parametrize("seed", [1, 2])
def test_segments_are_answered_once_and_in_order_however_often_the_wire_is_cut(
    faulty_live: Live, seed: int
) -> None:
    rng = random.Random(seed)  # noqa: S311 -- the same cuts each time
    cuts = 0

    async def scenario() -> None:
        loop = asyncio.get_running_loop()

        def cutting(line: Wire, _number: int) -> None:
            nonlocal cuts
            if rng.random() < 0.4:
                cuts += 1
                loop.call_soon_threadsafe(line.cut)

        said = await segments(faulty_live, cutting)
        answers = [one for one in said if not isinstance(one, v0.Processing)]
        assert [(type(one), one.segment) for one in answers] == [
            (kind, number) for number in range(1, CHUNKS + 1) for kind in (v0.Result, v0.Completed)
        ]
        assert [start_of(one) for one in answers if isinstance(one, v0.Result)] == list(range(CHUNKS))
        # One that was lost does not come again when its segment is answered already.
        announced = [one.segment for one in said if isinstance(one, v0.Processing)]
        assert announced == sorted(set(announced))
        assert cuts > 2

    run(scenario)
