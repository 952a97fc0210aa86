import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from backchannel.config import Settings
from backchannel.engine.base import File, OnBegun
from backchannel.engine.load_shedding import Thresholds
from backchannel.engine.local import LocalEngine
from backchannel.errors import Problem
from backchannel.values import MediaLimits, Segment, SegmentResult

LIMITS = MediaLimits()
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def workers_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@asynccontextmanager
async def engine(
    workers: int = 1, module: str = "tests.engine.faulty", **settings: float
) -> AsyncIterator[LocalEngine]:
    made = LocalEngine(Settings(workers=workers, **settings), module)  # type: ignore[arg-type]
    await made.start()
    try:
        yield made
    finally:
        await made.close()


async def ask(engine: LocalEngine, command: bytes, state: bytes = b"") -> tuple[bytes, SegmentResult]:
    return await engine.analyze(state, Segment(command), LIMITS)


async def refusal(call: Awaitable[object]) -> str:
    with pytest.raises(Problem) as caught:
        await call
    return caught.value.error_id


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await scenario()

    asyncio.run(bounded())


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_state_and_result_cross_and_come_back() -> None:
    async def scenario() -> None:
        async with engine() as pool:
            state, first = await ask(pool, b"hello")
            state, second = await ask(pool, b"x" * 33_554_432, state)
            assert (state, first.span.start_s, second.span.start_s) == (b"xx", 0.0, 1.0)
            assert second.quality.clarity == 33554432
            assert second.quality.authority != os.getpid()

    run(scenario)


def test_a_problem_crosses_whole_and_the_worker_goes_on() -> None:
    async def scenario() -> None:
        async with engine() as pool:
            with pytest.raises(Problem) as caught:
                await ask(pool, b"refuse")
            assert (caught.value.error_id, caught.value.message) == ("ih5006", "Too short.")
            assert caught.value.retry_after_s == 1.5
            before = pool.pids
            await ask(pool, b"hello")
            assert pool.pids == before

    run(scenario)


def test_a_worker_that_dies_is_replaced_and_its_segment_tried_once_more(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            state, _ = await ask(pool, b"die-once " + os.fsencode(tmp_path / "died"))
            assert state == b"x"
            assert (tmp_path / "died").exists()

    run(scenario)


def test_a_segment_that_kills_twice_gets_ih1001_and_the_next_one_is_analysed() -> None:
    async def scenario() -> None:
        async with engine() as pool:
            assert await refusal(ask(pool, b"die")) == "ih1001"
            assert (await ask(pool, b"hello"))[0] == b"x"

    run(scenario)


def test_a_worker_killed_from_outside_while_it_works_is_replaced(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            await ask(pool, b"hello")
            (pid,) = pool.pids
            call = asyncio.create_task(ask(pool, b"wait " + os.fsencode(tmp_path / "gate")))
            await asyncio.sleep(0)
            os.kill(pid, signal.SIGKILL)
            (tmp_path / "gate").touch()
            assert (await call)[0] == b"x"
            assert pid not in pool.pids

    run(scenario)


def test_a_worker_that_dies_idle_is_replaced() -> None:
    async def scenario() -> None:
        async with engine() as pool:
            await ask(pool, b"hello")
            os.kill(pool.pids[0], signal.SIGKILL)
            assert (await ask(pool, b"hello"))[0] == b"x"

    run(scenario)


def test_a_segment_that_hangs_once_is_answered_elsewhere(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with engine(wall_min_s=0.3, wall_factor=4.0) as pool:
            await ask(pool, b"hello")
            (pid,) = pool.pids
            _, result = await ask(pool, b"hang-once " + os.fsencode(tmp_path / "hung"))
            assert not alive(pid)
            assert (result.quality.authority,) == pool.slow_pids

    run(scenario)


def test_a_segment_that_hangs_twice_gets_ih1001_and_nobody_waits_for_the_second_time() -> None:
    async def scenario() -> None:
        async with engine(wall_min_s=0.3, wall_factor=4.0) as pool:
            await ask(pool, b"hello")
            (pid,) = pool.pids
            started = asyncio.get_running_loop().time()
            assert await refusal(ask(pool, b"hang")) == "ih1001"
            assert 0.6 < asyncio.get_running_loop().time() - started < 15
            assert not alive(pid)
            assert (await ask(pool, b"hello"))[0] == b"x"

    run(scenario)


def test_a_fault_of_ours_is_ih1001_and_its_text_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            assert await refusal(ask(pool, b"raise")) == "ih1001"
            (await ask(pool, b"hello"))

    run(scenario)
    output = "".join(capfd.readouterr())
    assert "holds media" not in output
    assert "RuntimeError" in output


def test_what_a_library_prints_is_no_reply_and_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            assert (await ask(pool, b"print"))[0] == b"x"

    run(scenario)
    assert "not a reply" not in "".join(capfd.readouterr())


def test_memory_is_bounded_and_who_ran_out_of_it_makes_room_for_another() -> None:
    async def scenario() -> None:
        async with engine(worker_memory_bytes=64 * 1024 * 1024) as pool:
            first = (await ask(pool, b"hello"))[1].quality.authority
            assert await refusal(ask(pool, b"allocate 100000000")) == "ih1001"
            assert (await ask(pool, b"allocate 10000000"))[0] == b"x"
            while first in pool.pids:
                await ask(pool, b"hello")

    run(scenario)


def test_calls_are_served_in_the_order_they_are_made(tmp_path: Path) -> None:
    async def scenario() -> None:
        order: list[int] = []

        async def call(pool: LocalEngine, number: int, command: bytes) -> None:
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


def test_a_caller_that_gives_up_costs_nobody_else_a_turn(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with engine() as pool:
            await ask(pool, b"hello")
            gate = tmp_path / "gate"
            working = asyncio.create_task(ask(pool, b"wait " + os.fsencode(gate)))
            waiting = asyncio.create_task(ask(pool, b"die"))
            next_in_line = asyncio.create_task(ask(pool, b"hello"))
            await asyncio.sleep(0)
            before = pool.pids
            waiting.cancel()
            working.cancel()
            gate.touch()
            assert (await next_in_line)[0] == b"x"
            assert pool.pids == before

    run(scenario)


def test_closing_leaves_no_process(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with engine(workers=2) as pool:
            await ask(pool, b"hello")
            call = asyncio.create_task(ask(pool, b"hang"))
            await asyncio.sleep(0)
            pids = pool.pids
        assert not any(map(alive, pids))
        with pytest.raises(asyncio.CancelledError):
            await call

    run(scenario)


def test_ready_when_warm_and_not_before() -> None:
    async def scenario() -> None:
        async with engine() as pool:
            readiness = [pool.ready]
            await ask(pool, b"hello")
            assert [*readiness, pool.ready] == [False, True]
            assert not pool.failed

    run(scenario)


def test_workers_that_cannot_start_are_told_of_and_nobody_waits_for_ever(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async def scenario() -> None:
        async with engine(workers=2, module="tests.engine.unfit") as pool:
            assert await refusal(ask(pool, b"hello")) == "ih1003"
            assert pool.failed
            assert not pool.ready
            assert await refusal(ask(pool, b"hello")) == "ih1003"

    run(scenario)
    assert "face_landmark.tflite is missing" in "".join(capfd.readouterr())


# --- fairness --------------------------------------------------------------------------------------


def test_a_usual_segment_does_not_wait_behind_long_ones(tmp_path: Path) -> None:
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
                assert (result.quality.authority,) == pool.slow_pids
            usual, slow = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (*pool.pids, *pool.slow_pids))
            assert usual < slow

    run(scenario)


def test_who_sends_no_long_segment_pays_for_no_worker_that_waits_for_one() -> None:
    async def scenario() -> None:
        async with engine() as pool:
            await ask(pool, b"hello")
            assert not pool.slow_pids

    run(scenario)


def test_what_a_client_left_behind_is_not_analysed(tmp_path: Path) -> None:
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


# --- recycling -------------------------------------------------------------------------------------


def test_a_worker_makes_room_for_another_after_so_many_segments() -> None:
    async def scenario() -> None:
        async with engine(worker_segments=3) as pool:
            seen: list[float] = []
            while len(set(seen)) < 3:
                seen.append((await ask(pool, b"hello"))[1].quality.authority)
            # Nobody waited for a new one: the old one worked until it was warm.
            assert all(seen.count(pid) >= 3 for pid in seen[:-1])
            assert seen == sorted(seen, key=seen.index), "none came back"

    run(scenario)


def test_a_worker_that_holds_too_much_memory_makes_room_for_another() -> None:
    async def scenario() -> None:
        async with engine(worker_rss_bytes=150 * 1024 * 1024) as pool:
            first = (await ask(pool, b"hello"))[1].quality.authority
            assert (await ask(pool, b"keep 1000000"))[1].quality.authority == first
            await ask(pool, b"keep 200000000")
            while (await ask(pool, b"hello"))[1].quality.authority == first:
                pass
            while first in pool.pids:
                await ask(pool, b"hello")

    run(scenario)


# --- more to do than can be done -------------------------------------------------------------------


def test_pictures_are_looked_at_less_often_before_anything_is_refused(tmp_path: Path) -> None:
    at_once = Thresholds(fall_wait_s=0.1, fall_busy=0.0, fall_pause_s=0.0)

    async def scenario() -> None:
        made = LocalEngine(
            Settings(workers=1, overload_wait_s=0.1), "tests.engine.faulty", thresholds=at_once
        )
        await made.start()
        try:
            rates = [(await ask(made, b"hello"))[1].coverage.analysis_rate_hz]
            assert not made.overloaded
            for number in range(3):
                gate = os.fsencode(tmp_path / str(number))
                working = asyncio.create_task(ask(made, b"wait " + gate))
                waiting = asyncio.create_task(ask(made, b"hello"))
                while made.waiting_s <= 0.1:  # it is the wait itself that is measured
                    await asyncio.sleep(0)
                Path(os.fsdecode(gate)).touch()
                await working
                rates.append((await waiting)[1].coverage.analysis_rate_hz)
            assert rates == [15.0, 10.0, 8.0, 8.0]
            assert made.overloaded
        finally:
            await made.close()

    run(scenario)


# --- files -----------------------------------------------------------------------------------------


async def nothing(duration_s: float) -> None:
    pass


async def ask_file(
    engine: LocalEngine, command: bytes, on_begun: OnBegun = nothing
) -> tuple[SegmentResult, ...]:
    return await engine.analyze_file(File(command, LIMITS), on_begun)


def test_a_file_crosses_whole_and_its_duration_is_told_first() -> None:
    async def scenario() -> None:
        told: list[float] = []

        async def on_begun(duration_s: float) -> None:
            told.append(duration_s)

        async with engine() as pool:
            (result,) = await ask_file(pool, b"x" * 33_554_432, on_begun)
            assert result.quality.clarity == 33_554_432
            assert told == [0.1]
            assert result.quality.authority == pool.file_pids[0] not in pool.pids

    run(scenario)


def test_a_segment_does_not_wait_behind_a_file(tmp_path: Path) -> None:
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
            segment, file = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (*pool.pids, *pool.file_pids))
            assert segment < file

    run(scenario)


def test_who_starts_no_file_pays_for_no_file_worker() -> None:
    async def scenario() -> None:
        async with engine() as pool:
            await ask(pool, b"hello")
            assert not pool.file_pids

    run(scenario)


def test_a_file_that_nobody_wants_any_more_is_let_go_of(tmp_path: Path) -> None:
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


def test_a_file_worker_that_dies_or_hangs(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with engine(file_workers=1, file_wall_min_s=0.3) as pool:
            assert len(await ask_file(pool, b"die-once " + os.fsencode(tmp_path / "died"))) == 1
            assert await refusal(ask_file(pool, b"hang")) == "ih1001"
            assert await refusal(ask_file(pool, b"refuse")) == "ih5006"
            assert len(await ask_file(pool, b"hello")) == 1

    run(scenario)
