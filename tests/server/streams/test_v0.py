"""Stream v0 over real sockets. What is analysed, and how well, is tested elsewhere."""

import asyncio
import io
import json
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from backchannel.store import STREAM_SCOPE, UPLOAD_SCOPE
from backchannel.store.keys import generate
from tests.server.live import PATH, Live, Stream, running

LIMIT = 33_554_432
WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80\x3e\0\0\0\x7d\0\0\2\0\x10\0data\0\0\0\0"


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(100):
            await scenario()

    asyncio.run(bounded())


# --- who is let in ---------------------------------------------------------------------------------


async def refusal(live: Live, url: str = "", **options: Any) -> tuple[int, dict[str, Any], str]:
    with pytest.raises(InvalidStatus) as caught:
        await connect(url or live.ws, **options)
    response = caught.value.response
    return response.status_code, json.loads(response.body or b""), response.headers["X-Correlation-ID"]


@pytest.mark.parametrize(
    ("options", "status", "error_id"),
    [
        ({}, 401, "ih2002"),
        ({"additional_headers": {"Authorization": "Bearer wrong"}}, 401, "ih2001"),
        ({"additional_headers": {"Authorization": f"Bearer {generate()}"}}, 401, "ih2001"),
        ({"additional_headers": {"Authorization": "Basic YTpi"}}, 401, "ih2001"),
        ({"subprotocols": [generate()]}, 401, "ih2001"),
        ({"subprotocols": ["access_token", generate()]}, 401, "ih2001"),
        ({"subprotocols": ["chat", "superchat"]}, 401, "ih2002"),
    ],
)
def test_without_a_good_key_the_upgrade_is_refused(
    faulty_live: Live, options: dict[str, Any], status: int, error_id: str
) -> None:
    async def scenario() -> None:
        got, body, correlation_id = await refusal(faulty_live, **options)
        assert (got, body["error_id"], body["retryable"]) == (status, error_id, False)
        assert body["correlation_id"] == correlation_id
        assert "bk_live_" not in body["message"]

    run(scenario)


def test_a_revoked_key_and_one_without_the_scope(faulty_live: Live) -> None:
    async def scenario() -> None:
        key, revoked = faulty_live.store.keys.create("old")
        faulty_live.store.keys.revoke(key.id)
        _, upload_only = faulty_live.store.keys.create("upload", [UPLOAD_SCOPE])
        for secret, expected in ((revoked, (401, "ih2001")), (upload_only, (403, "ih2003"))):
            status, body, _ = await refusal(faulty_live, subprotocols=[Subprotocol(secret)])
            assert (status, body["error_id"]) == expected
        assert STREAM_SCOPE in body["message"]

    run(scenario)


def test_the_key_as_subprotocol_bare_and_in_a_pair(faulty_live: Live) -> None:
    async def scenario() -> None:
        key = Subprotocol(faulty_live.key)
        for offered, selected in (([key], key), ([Subprotocol("access_token"), key], "access_token")):
            async with faulty_live.stream(subprotocols=offered, additional_headers={}) as stream:
                assert stream.socket.subprotocol == selected
                assert await stream.error_of(b"") == "ih5004"

    run(scenario)


def test_another_address_has_no_stream(faulty_live: Live) -> None:
    async def scenario() -> None:
        status, body, _ = await refusal(faulty_live, faulty_live.ws.replace(PATH, "/v7/stream"))
        assert (status, body["error_id"]) == (404, "ih4005")

    run(scenario)


def test_the_correlation_id_of_the_upgrade_is_in_every_message(faulty_live: Live) -> None:
    async def scenario() -> None:
        ids = set()
        for _ in range(2):
            async with faulty_live.stream() as stream:
                assert stream.socket.response is not None
                correlation_id = stream.socket.response.headers["X-Correlation-ID"]
                messages = await stream.ask(b"")
                assert {message["correlation_id"] for message in messages} == {correlation_id}
                ids.add(correlation_id)
        assert len(ids) == 2

    run(scenario)


# --- what is sent ----------------------------------------------------------------------------------


def test_what_is_no_media_gets_its_error_and_the_session_goes_on(faulty_live: Live) -> None:
    async def scenario() -> None:
        async with faulty_live.stream() as stream:
            for data in (b"", b"x", b"\0", png(), b"%PDF-1.7 " * 99, WAV):
                assert await stream.error_of(data) == "ih5004"
            await stream.socket.send("hello")
            error = await stream.receive()
            assert (error["status"], error["error_id"], error["segment"]) == ("error", "ih6001", None)
            assert "hello" not in error["message"]
            processing, *_ = await stream.ask(b"")
            assert processing["segment"] == 7

    run(scenario)


def test_the_size_limit_is_inclusive_and_beyond_it_the_session_goes_on(faulty_live: Live) -> None:
    async def scenario() -> None:
        async with faulty_live.stream() as stream:
            assert await stream.error_of(bytes(LIMIT)) == "ih5004"  # of the right size, but no media
            _, error = await stream.ask(bytes(LIMIT + 1))
            assert error["error_id"] == "ih6002"
            assert error["link"].endswith("#ih6002-message-too-large")
            assert str(LIMIT) in error["message"]
            assert await stream.error_of(bytes(2 * LIMIT - 1)) == "ih6002"
            assert await stream.error_of(b"") == "ih5004"

    run(scenario)


def test_beyond_the_hard_limit_the_connection_ends(faulty_live: Live) -> None:
    async def scenario() -> None:
        async with faulty_live.stream() as stream:
            with pytest.raises(ConnectionClosed):
                await stream.ask(bytes(2 * LIMIT + 1))
        async with faulty_live.stream() as stream:
            assert await stream.error_of(b"") == "ih5004"

    run(scenario)


def png() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="image2pipe") as output:
        stream = output.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "rgb24"
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return buffer.getvalue()


# --- what is analysed ------------------------------------------------------------------------------


def segment(command: str, path: Path | None = None) -> bytes:
    """A complete file as far as the server can tell; the worker does what the command says."""
    body = f"|{command}{f' {path}' if path else ''}"
    return b"RIFF\0\0\1\0AVI LIST" + body.encode()


def test_a_segments_messages_and_their_order(faulty_live: Live) -> None:
    async def scenario() -> None:
        async with faulty_live.stream() as stream:
            for number in (1, 2):
                messages = await stream.ask(segment("hello"))
                assert [message["status"] for message in messages] == ["processing", "result", "completed"]
                assert {message["segment"] for message in messages} == {number}

    run(scenario)


def test_the_session_clock_goes_on_and_a_failed_segment_leaves_it(faulty_live: Live) -> None:
    async def scenario() -> None:
        starts = []
        async with faulty_live.stream("?include[]=conversation_quality_timeline") as stream:
            for command in ("hello", "refuse", "raise", "hello", "die", "hello"):
                *_, last = await stream.ask(segment(command))
                if last["status"] == "error":
                    starts.append(last["error_id"])
                    continue
                quality = _[1]["conversation_quality"]
                assert list(quality) == ["timeline"]
                starts.append(quality["timeline"][0]["start"])
        assert starts == [0, "ih5006", "ih1001", 1, "ih1001", 2]

    run(scenario)


def test_segments_sent_at_once_are_answered_in_their_order(faulty_live: Live, tmp_path: Path) -> None:
    async def scenario() -> None:
        gate = tmp_path / "gate"
        async with faulty_live.stream() as stream:
            for data in (segment("wait", gate), b"", segment("hello"), bytes(LIMIT + 1), segment("refuse")):
                await stream.socket.send(data)
            await stream.socket.send(segment("hello"))
            assert [(await stream.receive())["segment"] for _ in range(6)] == [1, 2, 3, 4, 5, 6]
            gate.touch()
            said = [await stream.receive() for _ in range(9)]
        answers = [(message["segment"], message.get("error_id", message["status"])) for message in said]
        assert answers == [
            (1, "result"),
            (1, "completed"),
            (2, "ih5004"),
            (3, "result"),
            (3, "completed"),
            (4, "ih6002"),
            (5, "ih5006"),
            (6, "result"),
            (6, "completed"),
        ]

    run(scenario)


def test_a_full_queue_holds_the_client_back_and_loses_nothing(faulty_live: Live, tmp_path: Path) -> None:
    async def scenario() -> None:
        gate = tmp_path / "gate"
        async with faulty_live.stream() as stream:
            await stream.socket.send(segment("wait", gate))
            for _ in range(11):
                await stream.socket.send(segment("hello"))
            said = [await stream.receive() for _ in range(8)]
            assert {message["status"] for message in said} == {"processing"}
            gate.touch()
            said += [await stream.receive() for _ in range(4 + 12 * 2)]
        order = [(message["status"], message["segment"]) for message in said]
        # The ninth is not even numbered before the first has left the queue.
        assert order.index(("completed", 1)) < order.index(("processing", 9))
        assert [number for status, number in order if status == "completed"] == list(range(1, 13))

    run(scenario)


def test_a_worker_killed_while_it_works_costs_the_client_nothing(faulty_live: Live, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with faulty_live.stream() as stream:
            await stream.ask(segment("hello"))
            await stream.socket.send(segment("wait", tmp_path / "gate"))
            await stream.receive()
            (pid,) = faulty_live.engine.worker_ids
            os.kill(pid, signal.SIGKILL)
            (tmp_path / "gate").touch()
            said = [await stream.receive() for _ in range(2)]
            assert [message["status"] for message in said] == ["result", "completed"]
            assert faulty_live.engine.worker_ids != (pid,)

    run(scenario)


def test_what_a_client_leaves_behind_is_not_analysed(faulty_live: Live, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with faulty_live.stream() as stream:
            await stream.socket.send(segment("wait", tmp_path / "gate"))
            await stream.socket.send(segment("touch", tmp_path / "analysed"))
            await stream.receive()
            await stream.receive()
        (tmp_path / "gate").touch()
        async with faulty_live.stream() as stream:
            assert len(await stream.ask(segment("hello"))) == 3
        assert not (tmp_path / "analysed").exists()

    run(scenario)


# --- limits ----------------------------------------------------------------------------------------


def test_one_key_has_so_many_sessions(faulty_live: Live) -> None:
    async def scenario() -> None:
        async with AsyncExitStack() as held:
            for _ in range(10):
                await held.enter_async_context(faulty_live.stream())
            status, body, _ = await refusal(faulty_live, subprotocols=[Subprotocol(faulty_live.key)])
            assert (status, body["error_id"], body["retryable"]) == (429, "ih3002", True)
            assert body["retry_after_seconds"] > 0
        async with faulty_live.stream() as stream:
            assert len(await stream.ask(segment("hello"))) == 3

    run(scenario)


@pytest.mark.parametrize(
    ("limit", "reason"),
    [({"idle_timeout_s": 0.2}, "ih6003"), ({"session_max_s": 0.3}, "ih6004")],
    ids=["when it is silent", "at its longest"],
)
def test_a_session_ends_but_not_before_what_it_accepted_is_answered(
    limit: dict[str, Any], reason: str, workers_find_the_tests: None, tmp_path: Path
) -> None:
    async def scenario(live: Live) -> None:
        async with live.stream() as stream:
            await stream.socket.send(segment("wait", tmp_path / "gate"))
            await stream.receive()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await stream.socket.recv()
            (tmp_path / "gate").touch()
            assert [(await stream.receive())["status"] for _ in range(2)] == ["result", "completed"]
            assert await farewell(stream) == (reason, 1000)

    with running(tmp_path / "data", "tests.engine.faulty", **limit) as live:
        run(lambda: scenario(live))


def test_a_client_that_never_reads_is_given_up(workers_find_the_tests: None, tmp_path: Path) -> None:
    async def scenario(live: Live) -> None:
        # Small buffers, so that they are full soon.
        taken = socket.socket()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        taken.connect((live.settings.host, live.settings.port))
        async with live.stream(sock=taken, max_queue=1, close_timeout=0.1) as deaf:
            for _ in range(60_000):
                await deaf.socket.send("x")
            while not await admitted(live):
                pass

    with running(tmp_path, "tests.engine.faulty", sessions_per_key=1, send_timeout_s=0.3) as live:
        run(lambda: scenario(live))


async def admitted(live: Live) -> bool:
    try:
        async with live.stream():
            return True
    except InvalidStatus:
        return False


async def farewell(stream: Stream) -> tuple[str, int]:
    error = await stream.receive()
    with pytest.raises(ConnectionClosed) as caught:
        await stream.receive()
    assert error["segment"] is None
    assert caught.value.rcvd is not None
    return error["error_id"], caught.value.rcvd.code
