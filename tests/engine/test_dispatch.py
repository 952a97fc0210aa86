"""Retries, deadlines, long pieces, fairness and wear: the same for every carrier."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from backchannel.engine import pool as pools
from backchannel.engine.base import File, OnBegun, Piece
from backchannel.engine.dispatch import Dispatcher
from backchannel.engine.jobs import LiveState
from backchannel.engine.load_shedding import Thresholds
from backchannel.engine.losses import MAX_KILLS, MAX_LOSSES
from backchannel.engine.pool import FAILURES_TO_GIVE_UP
from backchannel.errors import Problem
from backchannel.updates import Changes
from backchannel.values import MediaLimits, Segment, SegmentResult, Span
from tests.engine.carriers import Carriage, Processes, Threads, started
from tests.engine.hesitant import FAILURES, FOLDER

LIMITS = MediaLimits()
ROOT = Path(__file__).resolve().parents[2]
Engine = Callable[..., AbstractAsyncContextManager[Dispatcher]]


@pytest.fixture(autouse=True)
def workers_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture(params=[pytest.param(Processes, marks=pytest.mark.process), Threads])
def carriage(request: pytest.FixtureRequest) -> Carriage:
    """A kind of workers; policy must not know which."""
    made: Carriage = request.param()
    return made


@pytest.fixture
def engine(carriage: Carriage) -> Engine:
    """Starts an engine with faulty workers."""
    return partial(started, carriage)


async def follow(engine: Dispatcher, piece: Piece, state: bytes = b"") -> tuple[bytes, Changes]:
    after, changes = await engine.follow(LiveState(state), piece)
    return after.conversation, changes


async def ask(engine: Dispatcher, command: bytes, state: bytes = b"") -> tuple[bytes, SegmentResult]:
    state, changes = await follow(engine, Piece(Segment(command), LIMITS), state)
    (result,) = changes.results
    return state, result


async def who_does(
    engine: Dispatcher, command: bytes = b"hello", continues: bytes = b"", reaches: bytes = b""
) -> float:
    """Ask for the next piece of a running stream; returns the id of the worker that did it."""
    segment = Segment(command, continuous=True, continues=continues, reaches=reaches)
    _, changes = await follow(engine, Piece(segment, LIMITS))
    (result,) = changes.results
    return result.quality.authority


async def refusal(call: Awaitable[object]) -> str:
    with pytest.raises(Problem) as caught:
        await call
    return caught.value.error_id


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await scenario()

    asyncio.run(bounded())


def test_state_and_result_cross_and_come_back(engine: Engine) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            state, first = await ask(pool, b"hello")
            state, second = await ask(pool, b"x" * 33_554_432, state)
            assert (state, first.span.start_s, second.span.start_s) == (b"xx", 0.0, 1.0)
            assert second.quality.clarity == 33554432
            assert second.quality.authority != os.getpid()

    run(scenario)


def test_media_that_is_skipped_and_the_end_of_a_session_cross_too(engine: Engine) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            skipped = (Segment(b"late"), Segment(b"later"))
            state, changes = await follow(pool, Piece(Segment(b"hello"), LIMITS, skipped=skipped))
            assert (state, changes.reached_s, changes.dropped) == (b"xxx", 3.0, (Span(0.0, 2.0),))
            state, changes = await follow(pool, Piece(None, LIMITS, skipped=skipped, ends=True), state)
            assert (state, changes.results, changes.dropped) == (b"xxxxx", (), (Span(3.0, 5.0),))

    run(scenario)


def test_a_problem_crosses_whole_and_the_worker_goes_on(engine: Engine) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            with pytest.raises(Problem) as caught:
                await ask(pool, b"refuse")
            assert (caught.value.error_id, caught.value.message) == ("ih5006", "Too short.")
            assert caught.value.retry_after_s == 1.5
            before = pool.worker_ids
            await ask(pool, b"hello")
            assert pool.worker_ids == before

    run(scenario)


def test_a_worker_that_dies_is_replaced_and_its_segment_tried_once_more(
    engine: Engine, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            state, _ = await ask(pool, b"die-once " + os.fsencode(tmp_path / "died"))
            assert state == b"x"
            assert (tmp_path / "died").exists()

    run(scenario)


def test_a_segment_that_kills_twice_gets_ih1001_and_the_next_one_is_analysed(engine: Engine) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            assert await refusal(ask(pool, b"die")) == "ih1001"
            assert (await ask(pool, b"hello"))[0] == b"x"

    run(scenario)


def test_a_worker_killed_from_outside_while_it_works_is_replaced(
    engine: Engine, carriage: Carriage, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            await ask(pool, b"hello")
            (worker,) = pool.worker_ids
            call = asyncio.create_task(ask(pool, b"wait " + os.fsencode(tmp_path / "gate")))
            await asyncio.sleep(0)
            carriage.kill(worker)
            (tmp_path / "gate").touch()
            assert (await call)[0] == b"x"
            assert worker not in pool.worker_ids

    run(scenario)


def test_a_segment_whose_workers_are_killed_again_and_again_is_answered(
    engine: Engine, carriage: Carriage, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            await ask(pool, b"hello")
            call = asyncio.create_task(ask(pool, b"wait " + os.fsencode(tmp_path / "gate")))
            killed: set[int] = set()
            while len(killed) < MAX_LOSSES:
                await asyncio.sleep(0)
                for worker in set(pool.worker_ids) - killed:
                    carriage.kill(worker)
                    killed.add(worker)
            (tmp_path / "gate").touch()
            assert (await call)[0] == b"x"

    run(scenario)


def test_a_segment_whose_workers_are_always_killed_gets_ih1001(tmp_path: Path) -> None:
    async def scenario() -> None:
        threads = Threads()  # they start at once
        async with started(threads) as pool:
            call = asyncio.create_task(ask(pool, b"wait " + os.fsencode(tmp_path / "gate")))
            killed: set[int] = set()
            while not call.done():
                await asyncio.sleep(0)
                for worker in set(pool.worker_ids) - killed:
                    threads.kill(worker)
                    killed.add(worker)
            assert await refusal(call) == "ih1001"
            assert len(killed) >= MAX_KILLS

    run(scenario)


def test_a_worker_that_dies_idle_is_replaced(engine: Engine, carriage: Carriage) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            await ask(pool, b"hello")
            carriage.kill(pool.worker_ids[0])
            assert (await ask(pool, b"hello"))[0] == b"x"

    run(scenario)


def test_a_segment_that_hangs_once_is_answered_elsewhere(
    engine: Engine, carriage: Carriage, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with engine(wall_min_s=0.3, wall_factor=4.0) as pool:
            await ask(pool, b"hello")
            (worker,) = pool.worker_ids
            _, result = await ask(pool, b"hang-once " + os.fsencode(tmp_path / "hung"))
            assert not carriage.alive(worker)
            assert (result.quality.authority,) == pool.slow_worker_ids

    run(scenario)


def test_a_segment_that_hangs_twice_gets_ih1001_and_nobody_waits_for_the_second_time(
    engine: Engine, carriage: Carriage
) -> None:
    async def scenario() -> None:
        async with engine(wall_min_s=0.3, wall_factor=4.0) as pool:
            await ask(pool, b"hello")
            (worker,) = pool.worker_ids
            started = asyncio.get_running_loop().time()
            assert await refusal(ask(pool, b"hang")) == "ih1001"
            assert 0.6 < asyncio.get_running_loop().time() - started < 15
            assert not carriage.alive(worker)
            assert (await ask(pool, b"hello"))[0] == b"x"

    run(scenario)


def test_a_fault_of_ours_is_ih1001_and_its_text_goes_nowhere(
    engine: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            assert await refusal(ask(pool, b"raise")) == "ih1001"
            (await ask(pool, b"hello"))

    run(scenario)
    output = "".join(capfd.readouterr())
    assert "holds media" not in output
    assert "RuntimeError" in output


def test_memory_is_bounded_and_who_ran_out_of_it_makes_room_for_another(engine: Engine) -> None:
    async def scenario() -> None:
        async with engine(worker_memory_bytes=64 * 1024 * 1024) as pool:
            first = (await ask(pool, b"hello"))[1].quality.authority
            assert await refusal(ask(pool, b"allocate 100000000")) == "ih1001"
            assert (await ask(pool, b"allocate 10000000"))[0] == b"x"
            while first in pool.worker_ids:
                await ask(pool, b"hello")

    run(scenario)


def test_calls_are_served_in_the_order_they_are_made(engine: Engine, tmp_path: Path) -> None:
    async def scenario() -> None:
        order: list[int] = []

        async def call(pool: Dispatcher, number: int, command: bytes) -> None:
            await ask(pool, command)
            order.append(number)

        async with engine() as pool:
            gate = tmp_path / "gate"
            first = asyncio.create_task(call(pool, 0, b"wait " + os.fsencode(gate)))
            later = [asyncio.create_task(call(pool, number, b"hello")) for number in range(1, 6)]
            await asyncio.sleep(0)
            gate.touch()
            await asyncio.gather(first, *later)
            assert order == [0, 1, 2, 3, 4, 5]

    run(scenario)


def test_a_caller_that_gives_up_costs_nobody_else_a_turn(engine: Engine, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            await ask(pool, b"hello")
            gate = tmp_path / "gate"
            working = asyncio.create_task(ask(pool, b"wait " + os.fsencode(gate)))
            waiting = asyncio.create_task(ask(pool, b"die"))
            next_in_line = asyncio.create_task(ask(pool, b"hello"))
            await asyncio.sleep(0)
            before = pool.worker_ids
            waiting.cancel()
            working.cancel()
            gate.touch()
            assert (await next_in_line)[0] == b"x"
            assert pool.worker_ids == before

    run(scenario)


def test_closing_leaves_no_process(engine: Engine, carriage: Carriage, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with engine(workers=2) as pool:
            await ask(pool, b"hello")
            call = asyncio.create_task(ask(pool, b"hang"))
            await asyncio.sleep(0)
            workers = pool.worker_ids
        assert not any(map(carriage.alive, workers))
        with pytest.raises(asyncio.CancelledError):
            await call

    run(scenario)


def test_ready_when_warm_and_not_before(engine: Engine) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            readiness = [pool.ready]
            await ask(pool, b"hello")
            assert [*readiness, pool.ready] == [False, True]
            assert not pool.failed

    run(scenario)


def test_workers_that_cannot_start_are_told_of_and_nobody_waits_for_ever(
    engine: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        async with engine(workers=2, module="tests.engine.unfit") as pool:
            assert await refusal(ask(pool, b"hello")) == "ih1003"
            assert pool.failed
            assert not pool.ready
            assert await refusal(ask(pool, b"hello")) == "ih1003"

    run(scenario)
    assert "face_landmark.tflite is missing" in "".join(capfd.readouterr())


def test_starts_that_fail_a_few_times_cost_no_segment(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setenv(FAILURES, str(2 * (FAILURES_TO_GIVE_UP - 1)))

    async def scenario() -> None:
        async with engine(workers=2, module="tests.engine.hesitant") as pool:
            answers = await asyncio.gather(*(ask(pool, b"hello") for _ in range(8)))
            assert [state for state, _ in answers] == [b"x"] * 8
            assert not pool.failed

    run(scenario)


def test_starts_that_fail_after_workers_ran_are_waited_for(
    engine: Engine, carriage: Carriage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(pools, "LONGEST_HOPEFUL_PAUSE_S", 0.01)
    monkeypatch.setattr(pools, "PATIENCE_S", 1000.0)
    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setenv(FAILURES, "0")

    async def scenario() -> None:
        async with engine(module="tests.engine.hesitant") as pool:
            await ask(pool, b"hello")
            monkeypatch.setenv(FAILURES, str(FAILURES_TO_GIVE_UP))
            carriage.kill(pool.worker_ids[0])
            assert (await ask(pool, b"hello"))[0] == b"x"

    run(scenario)


def test_workers_that_never_start_again_are_given_up(
    engine: Engine, carriage: Carriage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(pools, "PATIENCE_S", 0.01)
    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setenv(FAILURES, "0")

    async def scenario() -> None:
        async with engine(module="tests.engine.hesitant") as pool:
            await ask(pool, b"hello")
            monkeypatch.setenv(FAILURES, "1000")
            carriage.kill(pool.worker_ids[0])
            assert await refusal(ask(pool, b"hello")) == "ih1003"

    run(scenario)


def test_owners_take_turns_however_many_sessions_each_has(engine: Engine, tmp_path: Path) -> None:
    async def scenario() -> None:
        order: list[str] = []

        async def session(pool: Dispatcher, owner: str, command: bytes) -> None:
            await follow(pool, Piece(Segment(command), LIMITS, owner=owner))
            order.append(owner)

        async with engine() as pool, asyncio.TaskGroup() as tasks:
            gate = tmp_path / "gate"
            await ask(pool, b"hello")
            tasks.create_task(session(pool, "many", b"wait " + os.fsencode(gate)))
            for owner in ["many"] * 6 + ["few", "few", "one"]:
                tasks.create_task(session(pool, owner, b"hello"))
            while pool.waiting_s <= 0:
                await asyncio.sleep(0)
            gate.touch()
        assert order == ["many", "many", "few", "one", "many", "few", "many", "many", "many", "many"]

    run(scenario)


# --- fairness --------------------------------------------------------------------------------------


def test_a_usual_segment_does_not_wait_behind_long_ones(
    engine: Engine, carriage: Carriage, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with engine(file_workers=1) as pool:
            gate = tmp_path / "gate"
            heavy = [
                asyncio.create_task(ask(pool, b"long wait " + os.fsencode(gate))),
                asyncio.create_task(ask(pool, b"long wait " + os.fsencode(gate))),
            ]
            await ask(pool, b"hello")  # both long ones were asked for before
            for _ in range(20):
                assert (await ask(pool, b"hello"))[0] == b"x"
            assert not any(call.done() for call in heavy)
            gate.touch()
            for _, result in await asyncio.gather(*heavy):
                assert (result.quality.authority,) == pool.slow_worker_ids
            usual, slow = (carriage.niceness(worker) for worker in (*pool.worker_ids, *pool.slow_worker_ids))
            assert usual < slow

    run(scenario)


def test_who_sends_no_long_segment_pays_for_no_worker_that_waits_for_one(engine: Engine) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            await ask(pool, b"hello")
            assert not pool.slow_worker_ids

    run(scenario)


def test_what_a_client_left_behind_is_not_analysed(engine: Engine, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            gate = tmp_path / "gate"
            working = asyncio.create_task(ask(pool, b"wait " + os.fsencode(gate)))
            left = asyncio.create_task(ask(pool, b"touch " + os.fsencode(tmp_path / "analysed")))
            await asyncio.sleep(0)
            left.cancel()
            gate.touch()
            await working
            assert (await ask(pool, b"hello"))[0] == b"x"
            assert not (tmp_path / "analysed").exists()

    run(scenario)


# --- running streams -------------------------------------------------------------------------------


async def until_warm(engine: Dispatcher, workers: int) -> None:
    while len(engine.worker_ids) < workers:
        await ask(engine, b"hello")


async def until_by(engine: Dispatcher, worker: float, reaches: bytes) -> None:
    """Begin streams until one is in the hands of a certain worker, which then holds its decoder."""
    while await who_does(engine, reaches=reaches) != worker:
        pass


def test_the_next_piece_of_a_stream_goes_to_the_worker_that_holds_its_decoder(engine: Engine) -> None:
    async def scenario() -> None:
        async with engine(workers=3) as pool:
            await until_warm(pool, 3)
            holder = await who_does(pool, reaches=b"0")
            others = {await who_does(pool) for _ in range(6)}
            assert len(others) > 1  # without a decoder they take turns
            for number in range(6):
                here, there = str(number).encode(), str(number + 1).encode()
                assert await who_does(pool, continues=here, reaches=there) == holder
                await who_does(pool)

    run(scenario)


def test_no_piece_waits_for_the_worker_that_holds_its_decoder(engine: Engine, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with engine(workers=2) as pool:
            await until_warm(pool, 2)
            holder = await who_does(pool, reaches=b"ours")
            await until_by(pool, holder, reaches=b"theirs")
            gate = tmp_path / "gate"
            working = asyncio.create_task(
                who_does(pool, b"wait " + os.fsencode(gate), continues=b"theirs", reaches=b"theirs")
            )
            await asyncio.sleep(0)
            other = await who_does(pool, continues=b"ours", reaches=b"ours")
            assert other != holder
            assert not working.done()
            gate.touch()
            assert await working == holder
            # The decoder is now with the one that did the piece.
            assert await who_does(pool, continues=b"ours") == other

    run(scenario)


def test_a_decoder_gives_nobody_an_earlier_turn(engine: Engine, tmp_path: Path) -> None:
    async def scenario() -> None:
        order: list[str] = []

        async def call(pool: Dispatcher, name: str, continues: bytes = b"") -> None:
            await who_does(pool, continues=continues)
            order.append(name)

        async with engine() as pool:
            await who_does(pool, reaches=b"ours")
            gate = tmp_path / "gate"
            working = asyncio.create_task(who_does(pool, b"wait " + os.fsencode(gate)))
            await asyncio.sleep(0)
            others = [
                asyncio.create_task(call(pool, "first")),
                asyncio.create_task(call(pool, "stream", b"ours")),
                asyncio.create_task(call(pool, "last")),
            ]
            await asyncio.sleep(0)
            gate.touch()
            await asyncio.gather(working, *others)
            assert order == ["first", "stream", "last"]

    run(scenario)


def test_a_stream_whose_worker_has_died_goes_on_elsewhere(engine: Engine, carriage: Carriage) -> None:
    async def scenario() -> None:
        async with engine(workers=2) as pool:
            await until_warm(pool, 2)
            holder = await who_does(pool, reaches=b"ours")
            carriage.kill(round(holder))
            assert await who_does(pool, continues=b"ours") != holder

    run(scenario)


# --- recycling -------------------------------------------------------------------------------------


def test_a_worker_makes_room_for_another_after_so_many_segments(engine: Engine) -> None:
    async def scenario() -> None:
        async with engine(worker_segments=3) as pool:
            seen: list[float] = []
            while len(set(seen)) < 3:
                seen.append((await ask(pool, b"hello"))[1].quality.authority)
            # Nobody waited for a new one: the old one worked until it was warm.
            assert all(seen.count(worker) >= 3 for worker in seen[:-1])
            assert seen == sorted(seen, key=seen.index), "none came back"

    run(scenario)


def test_a_worker_that_holds_too_much_memory_makes_room_for_another(engine: Engine) -> None:
    async def scenario() -> None:
        async with engine(worker_rss_bytes=150 * 1024 * 1024) as pool:
            first = (await ask(pool, b"hello"))[1].quality.authority
            assert (await ask(pool, b"keep 1000000"))[1].quality.authority == first
            await ask(pool, b"keep 200000000")
            while (await ask(pool, b"hello"))[1].quality.authority == first:
                pass
            while first in pool.worker_ids:
                await ask(pool, b"hello")

    run(scenario)


# --- more to do than can be done -------------------------------------------------------------------


def test_pictures_are_looked_at_less_often_before_anything_is_refused(engine: Engine, tmp_path: Path) -> None:
    at_once = Thresholds(fall_wait_s=0.1, fall_busy=0.0, fall_pause_s=0.0)

    async def scenario() -> None:
        async with engine(overload_wait_s=0.1, thresholds=at_once) as pool:
            rates = [(await ask(pool, b"hello"))[1].coverage.analysis_rate_hz]
            assert not pool.overloaded
            for number in range(3):
                gate = os.fsencode(tmp_path / str(number))
                working = asyncio.create_task(ask(pool, b"wait " + gate))
                waiting = asyncio.create_task(ask(pool, b"hello"))
                while pool.waiting_s <= 0.1:  # it is the wait itself that is measured
                    await asyncio.sleep(0)
                Path(os.fsdecode(gate)).touch()
                await working
                rates.append((await waiting)[1].coverage.analysis_rate_hz)
            assert rates == [15.0, 10.0, 8.0, 8.0]
            assert pool.overloaded

    run(scenario)


# --- files -----------------------------------------------------------------------------------------


async def nothing(duration_s: float) -> None:
    pass


async def ask_file(
    engine: Dispatcher, command: bytes, on_begun: OnBegun = nothing
) -> tuple[SegmentResult, ...]:
    return await engine.analyze_file(File(command, LIMITS), on_begun)


def test_a_file_crosses_whole_and_its_duration_is_told_first(engine: Engine) -> None:
    async def scenario() -> None:
        told: list[float] = []

        async def on_begun(duration_s: float) -> None:
            told.append(duration_s)

        async with engine() as pool:
            (result,) = await ask_file(pool, b"x" * 33_554_432, on_begun)
            assert result.quality.clarity == 33_554_432
            assert told == [0.1]
            assert result.quality.authority == pool.file_worker_ids[0] not in pool.worker_ids

    run(scenario)


def test_a_segment_does_not_wait_behind_a_file(engine: Engine, carriage: Carriage, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with engine(file_workers=1) as pool:
            gate = tmp_path / "gate"
            files = [
                asyncio.create_task(ask_file(pool, b"wait " + os.fsencode(gate))),
                asyncio.create_task(ask_file(pool, b"hello")),
            ]
            await asyncio.sleep(0)
            assert (await ask(pool, b"hello"))[0] == b"x"
            assert not any(file.done() for file in files)
            gate.touch()
            await asyncio.gather(*files)
            segment, file = (
                carriage.niceness(worker) for worker in (*pool.worker_ids, *pool.file_worker_ids)
            )
            assert segment < file

    run(scenario)


def test_who_starts_no_file_pays_for_no_file_worker(engine: Engine) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            await ask(pool, b"hello")
            assert not pool.file_worker_ids

    run(scenario)


def test_a_file_that_nobody_wants_any_more_is_let_go_of(engine: Engine, tmp_path: Path) -> None:
    async def scenario() -> None:
        begun = asyncio.Event()

        async def on_begun(duration_s: float) -> None:
            begun.set()

        async def unwanted(duration_s: float) -> None:
            raise Problem("ih3006", "Spent.")

        async with engine(file_workers=1) as pool:
            call = asyncio.create_task(ask_file(pool, b"hang", on_begun))
            await begun.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert await refusal(ask_file(pool, b"hang", unwanted)) == "ih3006"
            assert len(await ask_file(pool, b"hello")) == 1

    run(scenario)


def test_a_file_worker_that_dies_or_hangs(engine: Engine, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with engine(file_workers=1, file_wall_min_s=0.3) as pool:
            assert len(await ask_file(pool, b"die-once " + os.fsencode(tmp_path / "died"))) == 1
            assert await refusal(ask_file(pool, b"hang")) == "ih1001"
            assert await refusal(ask_file(pool, b"refuse")) == "ih5006"
            assert len(await ask_file(pool, b"hello")) == 1

    run(scenario)
