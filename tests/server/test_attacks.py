"""One client against all: what it may cost the others. Raw sockets, and a server in a process of its own."""

import asyncio
import json
import resource
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.server.apart import Apart, apart

pytestmark = pytest.mark.usefixtures("workers_find_the_tests")

MB = 1_000_000
STREAM = "/v2/stream/analyze"
TEXT, MEDIA, PING, CONTINUED = 1, 2, 9, 0
LONGEST_S = 0.2
"""What an attack may add to `/healthz`. Before, these held it up for 0.5 to 5 s."""


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(100):
            await scenario()

    asyncio.run(bounded())


def frame(opcode: int, payload: bytes = b"", *, last: bool = True) -> bytes:
    """A frame of less than 126 bytes, as a client sends it, masked with zeros."""
    return struct.pack("!BB4x", 0x80 * last | opcode, 0x80 | len(payload)) + payload


@contextmanager
def plain(server: Apart) -> Iterator[socket.socket]:
    """A connection on which nothing was said yet."""
    host, port = server.http.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as made:
        yield made


def send_for_ever(made: socket.socket, data: bytes) -> NoReturn:
    while True:
        made.sendall(data)


@contextmanager
def upgraded(server: Apart, path: str = STREAM, headers: str = "", key: str = "") -> Iterator[socket.socket]:
    """A stream's connection, without a library that would answer pings or hold back."""
    with plain(server) as made:
        made.sendall(
            f"GET {path} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {key or server.key()}\r\n{headers}\r\n".encode()
        )
        # Nothing may be sent before the answer. It is left for the test to read.
        while b"\r\n\r\n" not in made.recv(MB, socket.MSG_PEEK):
            pass
        yield made


async def added_s(server: Apart, attack: Callable[[], None]) -> float:
    """What an attack adds to the longest time that `/healthz` takes, s; the least of three attacks.

    A machine that does other things adds to each, and takes nothing away. What it adds without an attack is
    measured too.
    """
    found = []
    for _ in range(3):
        found.append(await _longest_s(server, attack))
        if found[-1] < LONGEST_S:
            break
        found[-1] -= await _longest_s(server, lambda: time.sleep(2))
    return min(found)


async def _longest_s(server: Apart, attack: Callable[[], None]) -> float:
    took_s = [0.0]
    attacking = asyncio.create_task(asyncio.to_thread(attack))
    async with httpx.AsyncClient(timeout=60) as client:
        while not attacking.done():
            began_s = time.perf_counter()
            assert (await client.get(f"{server.http}/healthz")).status_code == 200
            took_s.append(time.perf_counter() - began_s)
    await attacking
    return max(took_s)


def test_a_small_answer_is_sent_at_once(tmp_path: Path) -> None:
    # In two pieces, of which the second waited for 40 ms until the client had confirmed the first.
    with apart(tmp_path) as server, httpx.Client() as client:
        took = [client.get(f"{server.http}/healthz").elapsed.total_seconds() for _ in range(20)]
    assert min(took) < 0.03


# --- the loop --------------------------------------------------------------------------------------


def flood(server: Apart, data: bytes, path: str = STREAM) -> Callable[[], None]:
    """Send all at once, then read until a message that can only be answered after it."""
    key = server.key()

    def attack() -> None:
        with upgraded(server, path, key=key) as made, suppress(ConnectionError):
            made.recv(65536)
            made.settimeout(5)
            made.sendall(data)
            with suppress(TimeoutError):
                until_s = time.monotonic() + 4
                while time.monotonic() < until_s and made.recv(MB):
                    pass

    return attack


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (frame(MEDIA, b"12345678") * 10_000, STREAM),
        (frame(MEDIA, b"12345678") * 10_000, "/v0/stream/analyze"),
        (frame(TEXT, b"{}") * 10_000, STREAM),
        (frame(MEDIA, b"x", last=False) + frame(CONTINUED, b"x", last=False) * 200_000, STREAM),
        (frame(PING) * 200_000, STREAM),
    ],
    ids=["tiny messages", "tiny segments", "tiny texts", "continuation frames of a byte", "empty pings"],
)
def test_a_flood_of_frames_leaves_the_others_their_turns(tmp_path: Path, data: bytes, path: str) -> None:
    async def scenario() -> None:
        with apart(tmp_path, log_level="error") as server:
            assert await added_s(server, flood(server, data, path)) < LONGEST_S

    run(scenario)


def test_an_upload_in_chunks_of_a_byte_leaves_the_others_their_turns(tmp_path: Path) -> None:
    async def scenario() -> None:
        with apart(tmp_path, log_level="error") as server:
            head = (
                f"POST /v1/upload/analyze HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {server.key()}\r\n"
                "Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n"
            ).encode()

            def attack() -> None:
                with plain(server) as made, suppress(ConnectionError):
                    made.sendall(head + b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n")
                    made.recv(MB)

            assert await added_s(server, attack) < LONGEST_S

    run(scenario)


def test_frames_before_the_handshake_is_over_end_the_connection_and_nothing_else(tmp_path: Path) -> None:
    with apart(tmp_path) as server, plain(server) as made:
        made.sendall(
            f"GET {STREAM} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {server.key()}\r\n\r\n".encode()
            + b"x" * MB
        )
        with suppress(ConnectionError):
            while made.recv(MB):
                pass
        assert "Fatal error" not in server.log.read_text()


# --- memory ----------------------------------------------------------------------------------------


def test_pings_of_a_client_that_never_reads_do_not_fill_the_server(tmp_path: Path) -> None:
    with apart(tmp_path, send_timeout_s=1.0) as server, upgraded(server) as made:
        before = server.memory_bytes
        pings = frame(PING, b"x" * 125) * 1000
        with pytest.raises((ConnectionError, TimeoutError)):  # first it is held back, then given up
            send_for_ever(made, pings)
        assert server.memory_bytes - before < 20 * MB
        assert '"client does not read"' in server.log.read_text()


def test_a_message_in_frames_of_a_byte_costs_its_bytes(tmp_path: Path) -> None:
    with apart(tmp_path) as server, upgraded(server) as made:
        before = server.memory_bytes
        made.sendall(frame(MEDIA, b"x", last=False))
        for _ in range(20):
            made.sendall(frame(CONTINUED, b"x", last=False) * 50_000)
        made.sendall(frame(CONTINUED, b"x") + frame(PING, b"done"))
        said = b""
        while b"done" not in said:
            said += made.recv(MB)
        assert b"ih5004" in said or b"session.ready" in said
        assert server.memory_bytes - before < 20 * MB, "a million bytes"


# --- places ----------------------------------------------------------------------------------------


def test_a_client_that_has_vanished_gives_its_place_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        with apart(tmp_path, sessions_per_key=1, vanished_timeout_s=1.0) as server:
            key = server.key()
            with upgraded(server, "/v0/stream/analyze", key=key) as made:
                made.recv(65536)  # it answers no ping from here on, as if its network were gone
                began_s = time.monotonic()
                while not await admitted(server, key):
                    pass
                assert 0.5 < time.monotonic() - began_s < 5
            assert '"client vanished"' in server.log.read_text()

    run(scenario)


async def admitted(server: Apart, key: str) -> bool:
    url = f"{server.ws}/v0/stream/analyze"
    try:
        async with connect(url, additional_headers={"Authorization": f"Bearer {key}"}):
            return True
    except InvalidStatus:
        await asyncio.sleep(0.02)  # or it uses up the requests of its minute
        return False


async def says_nothing_more(stream: ClientConnection) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(drained(stream), 1.5)


async def drained(stream: ClientConnection) -> None:
    while True:
        await stream.recv()


def test_a_client_that_is_held_back_or_only_silent_has_not_vanished(tmp_path: Path) -> None:
    async def scenario() -> None:
        gate = tmp_path / "gate"
        header = b"RIFF\0\0\1\0AVI LIST"
        with apart(tmp_path / "data", vanished_timeout_s=0.4, queue_segments=1) as server:
            headers = {"Authorization": f"Bearer {server.key()}"}
            url = f"{server.ws}/v0/stream/analyze"
            async with connect(url, additional_headers=headers, ping_interval=None) as held_back:
                for _ in range(3):
                    await held_back.send(header + f"|wait {gate}".encode())
                await says_nothing_more(held_back)
                gate.touch()
                said = [json.loads(await held_back.recv())["status"] for _ in range(8)]
                assert said.count("completed") == 3
                await says_nothing_more(held_back)  # silent, but it answers pings
                await held_back.send(header + b"|hello")
                assert json.loads(await held_back.recv())["status"] == "processing"

    run(scenario)


# --- before authentication -------------------------------------------------------------------------


def test_idle_connections_do_not_take_the_server_away(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as held, apart(tmp_path, idle_connections=50) as server:
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (200, hard))
        assert soft > 400, "this process needs as many"
        for _ in range(300):
            held.enter_context(plain(server))
        for _ in range(5):
            assert httpx.get(f"{server.http}/healthz", timeout=5).status_code == 200
        rows = [json.loads(row)["event"] for row in server.log.read_text().splitlines()]
        assert "idle connection closed" in rows
        assert len(rows) < 150, "250 were closed"
        assert not any("out of system resource" in row for row in rows)


def test_headers_that_do_not_come_get_an_answer_and_an_end(tmp_path: Path) -> None:
    with apart(tmp_path, header_timeout_s=0.3) as server, plain(server) as half, plain(server) as silent:
        half.sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\nX-Slow: ")
        assert half.recv(4096).startswith(b"HTTP/1.1 408 ")
        assert half.recv(4096) == b""
        assert silent.recv(4096) == b""


def test_a_connection_that_sends_its_second_request_too_slowly_ends_too(tmp_path: Path) -> None:
    with apart(tmp_path, header_timeout_s=0.3) as server, plain(server) as made:
        made.sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
        first = b""
        while b'"ok"}' not in first:
            first += made.recv(4096)
        made.sendall(b"GET /healthz HT")
        assert made.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_an_upload_may_take_longer_than_its_headers(tmp_path: Path) -> None:
    with apart(tmp_path, header_timeout_s=0.2) as server, plain(server) as made:
        made.sendall(
            b"POST /v1/auth HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
            b"Content-Length: 2\r\n\r\n{"
        )
        made.settimeout(0.6)
        with pytest.raises(TimeoutError):
            made.recv(4096)
        made.sendall(b"}")
        assert made.recv(4096).startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(("size", "status"), [(9_000, 431), (60_000, 400)])
def test_long_headers_of_a_handshake_get_an_answer(tmp_path: Path, size: int, status: int) -> None:
    with apart(tmp_path) as server, upgraded(server, headers=f"X-Long: {'a' * size}\r\n") as made:
        assert made.recv(4096).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_client_that_never_reads_its_answer_is_given_up(tmp_path: Path) -> None:
    with apart(tmp_path, send_timeout_s=0.5) as server, plain(server) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with pytest.raises((ConnectionError, TimeoutError)):
            send_for_ever(made, b"GET /docs/index.html HTTP/1.1\r\nHost: here\r\n\r\n" * 100)


def test_a_stream_still_ends_as_it_should(tmp_path: Path) -> None:
    async def scenario() -> None:
        with apart(tmp_path) as server:
            headers = {"Authorization": f"Bearer {server.key()}"}
            async with connect(f"{server.ws}{STREAM}", additional_headers=headers) as stream:
                await stream.recv()
                await stream.send('{"type":"session.close"}')
                with pytest.raises(ConnectionClosed) as closed:
                    await drained(stream)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1000

    run(scenario)
