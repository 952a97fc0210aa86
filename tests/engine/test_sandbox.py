"""What a worker can still do once it is warm, in real processes: compute, and no more."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from backchannel.engine.base import WorkerLostError
from backchannel.engine.jobs import Failed, FileDone, FileJob, LiveState, PieceDone, PieceJob, Reply
from backchannel.engine.process import WORK_MODULE, ProcessCarrier
from backchannel.engine.worker import MediaWorker
from backchannel.values import MediaLimits, Segment
from tests.media.making import Recipe, make
from tests.media.test_containers import RECIPES

ROOT = Path(__file__).resolve().parents[2]
PRYING = "tests.engine.prying"
LIMITS = MediaLimits()
REFUSED = ["read", "write", "delete", "list", "look", "socket", "connect", "run", "fork", "exec", "signal"]
REFUSED += ["trace", "lift-limits"]

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")


@pytest.fixture(autouse=True)
def _workers_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def arguments(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What each attempt works on. All of it is there, and allowed for anybody outside the sandbox."""
    (tmp_path / "kept").write_text("x")
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield {
            "read": "/etc/passwd",
            "write": str(tmp_path / "new"),
            "delete": str(tmp_path / "kept"),
            "list": str(tmp_path),
            "look": "/etc/passwd",
            "connect": str(server.getsockname()[1]),
            "signal": str(os.getpid()),
        }


# --- what it cannot do -----------------------------------------------------------------------------


@linux_only
@pytest.mark.parametrize("thread", ["", "older-thread "], ids=["main thread", "thread from before"])
def test_files_network_programs_and_other_processes_are_out_of_reach(
    thread: str, arguments: dict[str, str]
) -> None:
    commands = [f"{thread}{name} {arguments.get(name, '')}" for name in REFUSED]

    replies = dict(zip(REFUSED, attempt(*commands), strict=True))

    assert {name: _kind(reply) for name, reply in replies.items()} == dict.fromkeys(
        REFUSED, "PermissionError"
    )
    assert not Path(arguments["write"]).exists()
    assert Path(arguments["delete"]).exists()


def test_without_the_sandbox_each_of_these_attempts_succeeds(arguments: dict[str, str]) -> None:
    # Or the test above would prove nothing. A worker that became another program could not answer.
    commands = [f"{name} {arguments.get(name, '')}" for name in REFUSED if name != "exec"]

    assert attempt(*commands, sandboxed=False) == [FileDone(())] * len(commands)


@linux_only
def test_a_crash_leaves_no_core_file() -> None:
    async def scenario() -> None:
        worker = await ProcessCarrier(1 << 30, 60.0, PRYING).start(niceness=0)
        process = worker._process
        try:
            with pytest.raises(WorkerLostError):
                await worker.run(_job("abort"), _nothing)
            assert await process.wait() == -signal.SIGABRT
        finally:
            await worker.kill()

    asyncio.run(scenario())


# --- what it can do --------------------------------------------------------------------------------


def test_threads_memory_clocks_and_random_numbers_work() -> None:
    assert attempt("threads", "older-thread threads") == [FileDone(()), FileDone(())]


def test_media_of_every_container_is_analysed_as_outside() -> None:
    jobs = [_file(make(replace(recipe, duration_s=3.2))) for recipe in RECIPES.values()]
    outside = MediaWorker()

    inside = asyncio.run(_answers(jobs, WORK_MODULE))

    assert inside == [outside.run(job, lambda _: None) for job in jobs]
    assert all(isinstance(reply, FileDone) and reply.results for reply in inside)


def test_a_recording_of_a_person_is_analysed_as_outside(recorder: Path) -> None:
    job = _file((recorder / "webm-vp8-restart-4s" / "01.bin").read_bytes())

    inside = asyncio.run(_answers([job], WORK_MODULE))

    assert inside == [MediaWorker().run(job, lambda _: None)]


def test_a_live_stream_is_analysed_to_its_end() -> None:
    segment = Segment(make(Recipe(duration_s=5.2)))
    first = PieceJob(LiveState(), segment, LIMITS, 60.0, closes_window=True)

    async def scenario() -> Reply:
        worker = await ProcessCarrier(1 << 30, 60.0).start(niceness=0)
        try:
            reply = await worker.run(first, _nothing)
            assert isinstance(reply, PieceDone)
            return await worker.run(PieceJob(reply.state, None, LIMITS, 60.0, ends=True), _nothing)
        finally:
            await worker.kill()

    assert isinstance(asyncio.run(scenario()), PieceDone)


def test_damaged_media_is_refused_as_outside() -> None:
    data = make(Recipe(duration_s=3.2))
    jobs = [_file(b"no media"), _file(data[: len(data) // 2]), _file(data[:200])]

    assert {type(reply).__name__ for reply in asyncio.run(_answers(jobs, WORK_MODULE))} == {"Refused"}


# --- where there is no sandbox ---------------------------------------------------------------------


def test_a_sandboxed_worker_logs_nothing() -> None:
    structlog.reset_defaults()
    with capture_logs() as logs:
        attempt("threads")

    assert logs == []


def test_the_setting_off_is_logged_once_for_all_workers() -> None:
    async def scenario() -> None:
        carrier = ProcessCarrier(1 << 30, 60.0, PRYING, sandboxed=False)
        for _ in range(2):
            await (await carrier.start(niceness=0)).kill()

    structlog.reset_defaults()
    with capture_logs() as logs:
        asyncio.run(scenario())

    assert [(line["event"], line["log_level"], line["reason"]) for line in logs] == [
        ("workers without sandbox", "warning", "switched off by BACKCHANNEL_SANDBOX")
    ]


@linux_only
def test_where_the_kernel_has_no_filters_one_line_says_so_and_media_is_analysed() -> None:
    # A process of its own, because it takes seccomp(2) from itself and its workers for good.
    done = subprocess.run(
        [sys.executable, "-m", "tests.engine.without_seccomp"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.stdout.split() == ["FileDone", "FileDone"], done.stderr
    assert done.stderr.count("workers without sandbox") == 1
    assert "the kernel accepts no filter of system calls (ENOSYS)" in done.stderr


# --- helpers ---------------------------------------------------------------------------------------


def attempt(*commands: str, sandboxed: bool = True) -> list[Reply]:
    return asyncio.run(_answers([_job(command) for command in commands], PRYING, sandboxed=sandboxed))


async def _answers(jobs: list[FileJob], module: str, *, sandboxed: bool = True) -> list[Reply]:
    worker = await ProcessCarrier(1 << 30, 60.0, module, sandboxed=sandboxed).start(niceness=0)
    try:
        return [await worker.run(job, _nothing) for job in jobs]
    finally:
        await worker.kill()


async def _nothing(_: float) -> None:
    pass


def _job(command: str) -> FileJob:
    return _file(command.encode())


def _file(data: bytes) -> FileJob:
    return FileJob(Segment(data), LIMITS, 60.0, False, False, False)


def _kind(reply: Reply) -> str:
    return reply.kind if isinstance(reply, Failed) else type(reply).__name__
