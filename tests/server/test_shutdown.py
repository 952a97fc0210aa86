"""SIGTERM: whatever was accepted is answered, on every door. Real sockets, and a process with a signal."""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from backchannel.server.shutdown import Shutdown
from tests.server.apart import Apart, apart
from tests.server.live import Message

pytestmark = pytest.mark.usefixtures("workers_find_the_tests")

MP4 = b"\0\0\0\x18ftypisom\0\0\0\0isommp42"


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await scenario()

    asyncio.run(bounded())


def segment(command: str, path: Path | None = None) -> bytes:
    return b"RIFF\0\0\1\0AVI LIST" + f"|{command}{f' {path}' if path else ''}".encode()


def opening(server: Apart, door: str) -> connect:
    return connect(
        f"{server.ws}/{door}",
        additional_headers={"Authorization": f"Bearer {server.key()}"},
        max_size=None,
        ping_timeout=None,
    )


async def receive(socket: ClientConnection) -> Message:
    message: Message = json.loads(await socket.recv())
    return message


async def rest(socket: ClientConnection) -> tuple[list[Message], int]:
    """Everything that is still said, and the close code."""
    said: list[Message] = []
    try:
        while True:
            said.append(await receive(socket))
    except ConnectionClosed as closed:
        return said, closed.rcvd.code if closed.rcvd is not None else 1006


async def status(server: Apart, path: str = "/readyz") -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(server.http + path)


async def stop(server: Apart) -> None:
    """Send SIGTERM, and wait until the server takes on nothing new."""
    server.process.send_signal(signal.SIGTERM)
    while (await status(server)).json() != {"status": "stopping"}:
        pass


def outcomes(said: list[Message]) -> list[Any]:
    return [
        (message["segment"], message.get("error_id", message["status"]))
        for message in said
        if message["status"] in {"completed", "error"}
    ]


def test_v0_answers_every_segment_that_it_accepted(tmp_path: Path) -> None:
    async def scenario() -> None:
        gate = tmp_path / "gate"
        with apart(tmp_path / "data") as server:
            async with opening(server, "v0/stream/analyze") as socket:
                await socket.send(segment("wait", gate))
                for _ in range(5):
                    await socket.send(segment("hello"))
                for _ in range(6):
                    assert (await receive(socket))["status"] == "processing"
                await stop(server)
                await socket.send(segment("hello"))  # too late: it is neither accepted nor answered
                gate.touch()
                said, code = await rest(socket)
            await asyncio.to_thread(server.process.wait, 30)
        assert outcomes(said) == [*((number, "completed") for number in range(1, 7)), (None, "ih1003")]
        assert code == 1013

    run(scenario)


def test_v0_answers_for_what_cannot_be_finished_in_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        with apart(tmp_path / "data", drain_s=0.3) as server:
            async with opening(server, "v0/stream/analyze") as socket:
                for _ in range(2):
                    await socket.send(segment("hang"))
                    await receive(socket)
                server.process.send_signal(signal.SIGTERM)
                said, _ = await rest(socket)
        assert outcomes(said) == [(1, "ih1003"), (2, "ih1003"), (None, "ih1003")]
        assert all(message["retryable"] for message in said)

    run(scenario)


def test_events_finish_what_they_accepted_even_if_it_takes_longer_than_a_moment(tmp_path: Path) -> None:
    async def scenario() -> None:
        gate = tmp_path / "gate"
        query = "include[]=conversation_quality_overall"
        with apart(tmp_path / "data") as server:
            async with opening(server, f"v2/stream/analyze?{query}") as socket:
                await receive(socket)
                await socket.send(segment("wait", gate))
                await (await socket.ping())
                await stop(server)
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(4):
                        await socket.recv()
                gate.touch()
                said, code = await rest(socket)
        assert [message["type"] for message in said] == ["conversation_quality.updated", "session.ended"]
        assert (said[-1]["data"], code) == ({"reason": "server_shutdown"}, 1000)

    run(scenario)


def test_events_say_what_they_could_not_finish_in_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        with apart(tmp_path / "data", drain_s=0.3) as server:
            async with opening(server, "v2/stream/analyze") as socket:
                await receive(socket)
                await socket.send(segment("hang"))
                await (await socket.ping())
                server.process.send_signal(signal.SIGTERM)
                said, code = await rest(socket)
        assert [message["type"] for message in said] == ["error", "session.ended"]
        assert (said[0]["data"]["code"], said[0]["data"]["retryable"], code) == ("ih1003", True, 1000)

    run(scenario)


async def upload(server: Apart, path: str, command: bytes) -> httpx.Response:
    async with httpx.AsyncClient(timeout=60) as client:
        return await client.post(
            server.http + path,
            files={"file": MP4 + command},
            headers={"Authorization": f"Bearer {server.key()}"},
        )


def test_an_upload_is_finished_and_new_ones_are_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        gate, begun = tmp_path / "gate", tmp_path / "begun"
        with apart(tmp_path / "data") as server:
            answer = asyncio.create_task(upload(server, "/v1/upload/analyze", b"|wait " + os.fsencode(gate)))
            while len(server.workers) < 2:
                await asyncio.sleep(0.01)
            await stop(server)
            refused = await upload(server, "/v1/upload/analyze", b"|touch " + os.fsencode(begun))
            assert (refused.status_code, refused.json()["error_id"]) == (503, "ih1003")
            with pytest.raises(InvalidStatus):
                await opening(server, "v0/stream/analyze")
            assert (await status(server)).status_code == 503
            gate.touch()
            assert (await answer).status_code == 200
        assert not begun.exists()

    run(scenario)


def test_an_upload_that_cannot_be_finished_gets_an_answer_too(tmp_path: Path) -> None:
    async def scenario() -> None:
        with apart(tmp_path / "data", drain_s=0.3) as server:
            answer = asyncio.create_task(upload(server, "/v1/upload/analyze", b"|hang"))
            while len(server.workers) < 2:
                await asyncio.sleep(0.01)
            server.process.send_signal(signal.SIGTERM)
            late = await answer
        assert (late.status_code, late.json()["error_id"]) == (503, "ih1003")

    run(scenario)


def test_who_comes_during_a_shutdown_is_told_at_once() -> None:
    async def scenario() -> None:
        shutdown, told = Shutdown(), asyncio.Event()
        await shutdown.announce(10)
        with shutdown.attend(told.set):
            assert told.is_set()

    run(scenario)


def test_a_second_interrupt_waits_for_nobody() -> None:
    async def scenario() -> None:
        shutdown = Shutdown()
        with shutdown.attend(shutdown.hurry):
            await shutdown.announce(1000)

    run(scenario)
