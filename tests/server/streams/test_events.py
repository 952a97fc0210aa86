"""Streams v1 and v2 over real sockets. What is analysed, and how well, is tested elsewhere."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from backchannel.engine.base import Piece
from backchannel.engine.dispatch import Dispatcher
from backchannel.engine.jobs import LiveState
from backchannel.engine.load_shedding import Thresholds
from backchannel.errors import Problem
from backchannel.store import UPLOAD_SCOPE
from backchannel.store.keys import generate
from backchannel.updates import Changes
from tests.media.making import Recipe, make
from tests.server.live import Live, Message, running

VERSIONS = ("v1", "v2")
CLOSE = '{"type":"session.close"}'
TOO_LONG_S = 0.05
ASKED = "v2?include[]=conversation_quality_timeline"
LIMIT = 33_554_432


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(100):
            await scenario()

    asyncio.run(bounded())


def segment(command: str, path: Path | None = None) -> bytes:
    """A complete file as far as the server can tell; the worker does what the command says."""
    return b"RIFF\0\0\1\0AVI LIST" + f"|{command}{f' {path}' if path else ''}".encode()


class Talk:
    """An open session, seen from its client."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def receive(self) -> Message:
        async with asyncio.timeout(60):
            message: Message = json.loads(await self.socket.recv())
        return message

    async def until(self, kind: str) -> list[Message]:
        said = [await self.receive()]
        while said[-1]["type"] != kind:
            said.append(await self.receive())
        return said

    async def rest(self) -> tuple[list[Message], int]:
        """Everything that is still said, and the close code."""
        said: list[Message] = []
        try:
            while True:
                said.append(await self.receive())
        except ConnectionClosed as closed:
            return said, closed.rcvd.code if closed.rcvd is not None else 1006


@asynccontextmanager
async def opened(live: Live, address: str = "v2", **options: Any) -> AsyncIterator[Talk]:
    """Connect to ``v1``, or ``v2?model=inter-2`` and the like; the first message is not yet read."""
    version, _, query = address.partition("?")
    options.setdefault("additional_headers", {"Authorization": f"Bearer {live.key}"})
    url = f"{live.http.replace('http', 'ws', 1)}/{version}/stream/analyze?{query}"
    async with connect(url, max_size=None, ping_timeout=None, **options) as socket:
        yield Talk(socket)


@asynccontextmanager
async def session(live: Live, address: str = "v2", **options: Any) -> AsyncIterator[Talk]:
    async with opened(live, address, **options) as talk:
        assert (await talk.receive())["type"] == "session.ready"
        yield talk


def types(said: list[Message]) -> list[str]:
    return [message["type"] for message in said]


# --- who is let in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("options", "error_id"),
    [
        ({"additional_headers": {}}, "ih2002"),
        ({"additional_headers": {"Authorization": "Bearer wrong"}}, "ih2001"),
        ({"subprotocols": ["access_token", generate()], "additional_headers": {}}, "ih2001"),
    ],
)
def test_without_a_good_key_the_upgrade_is_refused(
    faulty_live: Live, version: str, options: dict[str, Any], error_id: str
) -> None:
    async def scenario() -> None:
        with pytest.raises(InvalidStatus) as caught:
            async with opened(faulty_live, version, **options):
                pass
        response = caught.value.response
        body = json.loads(response.body or b"")
        assert (response.status_code, body["error_id"]) == (401, error_id)
        assert body["correlation_id"] == response.headers["X-Correlation-ID"]

    run(scenario)


def ways_to_offer(key: str) -> list[dict[str, Any]]:
    return [
        {"additional_headers": {"Authorization": f"Bearer {key}"}},
        {"additional_headers": {}, "subprotocols": [Subprotocol(key)]},
        {"additional_headers": {}, "subprotocols": [Subprotocol("access_token"), Subprotocol(key)]},
    ]


async def refusal(live: Live, address: str, **options: Any) -> tuple[str, int, Message]:
    async with opened(live, address, **options) as talk:
        ((error,), code) = await talk.rest()
        assert talk.socket.response is not None
        assert error["correlation_id"] == talk.socket.response.headers["X-Correlation-ID"]
    assert error["type"] == "error"
    assert error["data"]["segment"] is None
    return error["data"]["code"], code, error["data"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_key_without_the_scope_is_told_after_the_handshake(faulty_live: Live, version: str) -> None:
    async def scenario() -> None:
        _, upload_only = faulty_live.store.keys.create("upload", [UPLOAD_SCOPE])
        for offer in ways_to_offer(upload_only):
            assert (await refusal(faulty_live, version, **offer))[:2] == ("ih2003", 4003)

    run(scenario)


def test_a_model_that_there_is_not(faulty_live: Live) -> None:
    async def scenario() -> None:
        for offer in ways_to_offer(faulty_live.key):
            error_id, code, data = await refusal(faulty_live, "v2?model=inter-2-deep", **offer)
            assert (error_id, code) == ("ih4005", 1008)
            assert "inter-2-audio" in data["message"]
        async with session(faulty_live, "v1?model=inter-9&ih_sdk=python") as talk:
            await talk.socket.send("{}")
            assert (await talk.receive())["data"]["model"] is None
        async with session(faulty_live, "v2?model=inter-2-audio") as talk:
            await talk.socket.send("{}")
            assert (await talk.receive())["data"]["model"] == "inter-2-audio"

    run(scenario)


def test_without_anything_that_analyses(faulty_live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(Dispatcher, "failed", property(lambda _self: True))
        assert (await refusal(faulty_live, "v2"))[:2] == ("ih1003", 1013)

    run(scenario)


def test_one_key_has_so_many_sessions(workers_find_the_tests: None, tmp_path: Path) -> None:
    async def scenario(live: Live) -> None:
        async with session(live):
            error_id, code, data = await refusal(live, "v1")
            assert (error_id, code, data["retryable"]) == ("ih3002", 4029, True)
            assert data["retry_after_seconds"] > 0
        said = ""
        while said != "session.ready":  # as soon as the server has seen the other go
            async with opened(live, "v1") as talk:
                said = (await talk.receive())["type"]

    with running(tmp_path, "tests.engine.faulty", sessions_per_key=1) as live:
        run(lambda: scenario(live))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_key_as_subprotocol_bare_and_in_a_pair(faulty_live: Live, version: str) -> None:
    async def scenario() -> None:
        for offer in ways_to_offer(faulty_live.key):
            async with session(faulty_live, version, **offer) as talk:
                assert talk.socket.subprotocol == next(iter(offer.get("subprotocols", [None])))

    run(scenario)


# --- what is sent ----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_from_its_first_word_to_its_last(faulty_live: Live, version: str) -> None:
    async def scenario() -> None:
        async with session(faulty_live, version + "?include[]=conversation_quality_timeline") as talk:
            for _ in range(3):
                await talk.socket.send(segment("hello"))
            await talk.socket.send(CLOSE)
            said, code = await talk.rest()
        updates = [message for message in said if message["type"] == "conversation_quality.updated"]
        assert [update["data"]["timeline"][0]["start"] for update in updates] == [0, 1, 2]
        assert types(said)[-1] == "session.ended"
        assert "session.closing" in types(said)
        assert said[-1]["data"] == {"reason": "client_shutdown"}
        assert code == 1000

    run(scenario)


def test_what_cannot_be_used_gets_its_error_and_the_session_goes_on(faulty_live: Live) -> None:
    async def scenario() -> None:
        async with session(faulty_live) as talk:
            for number, (data, expected) in enumerate(
                [
                    (b"", "ih5004"),
                    (b"%PDF-1.7 " * 99, "ih5004"),
                    (bytes(LIMIT + 1), "ih6002"),
                    (segment("raise"), "ih1001"),
                    (segment("refuse"), "ih5006"),
                ],
                start=1,
            ):
                await talk.socket.send(data)
                error = await talk.receive()
                assert (error["data"]["code"], error["data"]["segment"]) == (expected, number)
            for text in ("hello", '{"include":7}', '{"model":"inter-2-deep"}', "[]", '{"type":"x"}'):
                await talk.socket.send(text)
                error = await talk.receive()
                assert (error["data"]["code"], error["data"]["segment"]) == ("ih6001", None)
            await talk.socket.send('{"include":["conversation_quality_overall"]}')
            assert (await talk.receive())["type"] == "session.updated"
            await talk.socket.send(segment("hello"))
            assert (await talk.receive())["type"] == "conversation_quality.updated"

    run(scenario)


def test_a_worker_killed_while_it_works_costs_the_client_nothing(faulty_live: Live, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with session(faulty_live, "v2?include[]=conversation_quality_overall") as talk:
            await talk.socket.send(segment("die-once", tmp_path / "died"))
            assert (await talk.receive())["type"] == "conversation_quality.updated"
            assert (tmp_path / "died").exists()

    run(scenario)


def test_a_full_queue_holds_the_client_back_and_loses_nothing(faulty_live: Live, tmp_path: Path) -> None:
    async def scenario() -> None:
        gate = tmp_path / "gate"
        async with session(faulty_live, "v2?include[]=conversation_quality_overall") as talk:
            await talk.socket.send(segment("wait", gate))
            for _ in range(20):
                await talk.socket.send(segment("hello") + bytes(70_000) + b"|hello")
            # More than the queue takes; what is said to this frame shows when it was read.
            await talk.socket.send("{}")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.4):
                    await talk.socket.recv()
            gate.touch()
            await talk.until("session.updated")
            await talk.socket.send('{"include":["conversation_quality_overall"]}')
            await talk.socket.send(CLOSE)
            said, code = await talk.rest()
        assert "error" not in types(said)
        assert code == 1000

    run(scenario)


# --- more to do than can be done -------------------------------------------------------------------


@contextmanager
def overloaded_by(tmp_path: Path) -> Iterator[tuple[Live, Path]]:
    """A server whose only worker is busy until the gate is made; who waits a moment waits too long."""
    at_once = Thresholds(fall_wait_s=0.02, fall_busy=0.0, fall_pause_s=0.0, window_s=600.0)
    settings: dict[str, Any] = {"overload_wait_s": TOO_LONG_S, "queue_segments": 64}
    with running(tmp_path / "data", "tests.engine.faulty", thresholds=at_once, **settings) as live:
        yield live, tmp_path / "gate"


async def until_busy(live: Live) -> None:
    while live.engine._pool._idle:
        await asyncio.sleep(0.005)


async def until_overloaded(live: Live) -> None:
    while not live.engine.overloaded:
        await asyncio.sleep(0.005)


def test_overload_leaves_out_the_oldest_media_and_tells_it(
    workers_find_the_tests: None, tmp_path: Path
) -> None:
    async def scenario(live: Live, gate: Path) -> None:
        async with session(live) as busy, session(live, ASKED) as late:
            await busy.socket.send(segment("wait", gate))
            await until_busy(live)
            await late.socket.send(segment("hello"))  # waits for the worker, and so do those behind it
            for _ in range(5):
                await late.socket.send(segment("touch", tmp_path / "analysed"))
            await until_overloaded(live)
            await late.socket.send(segment("hello"))
            await late.socket.send("{}")
            await late.until("session.updated")  # all of it has been read
            read_s = asyncio.get_running_loop().time()
            while asyncio.get_running_loop().time() < read_s + 2 * TOO_LONG_S:  # it is age that is measured
                await asyncio.sleep(0.005)
            gate.touch()
            said = await late.until("coverage.dropped")
            dropped = said[-1]["data"]["ranges"]
            await late.socket.send('{"include":["conversation_quality_timeline"]}')
            await late.socket.send(CLOSE)
            said, code = await late.rest()
        # Five of a second each were left out; the clock went on, and the newest was answered.
        assert dropped == [{"start": 1, "end": 6}]
        assert not (tmp_path / "analysed").exists()
        assert "error" not in types(said)
        assert code == 1000

    with overloaded_by(tmp_path) as (live, gate):
        run(lambda: scenario(live, gate))


def test_overload_refuses_newcomers_before_they_are_ready_and_keeps_who_is_there(
    workers_find_the_tests: None, tmp_path: Path
) -> None:
    async def scenario(live: Live, gate: Path) -> None:
        async with session(live, ASKED) as busy, session(live, ASKED) as waiting:
            await busy.socket.send(segment("wait", gate))
            await until_busy(live)
            await waiting.socket.send(segment("hello"))
            await until_overloaded(live)
            for version in VERSIONS:
                error_id, code, data = await refusal(live, version)
                assert (error_id, code, data["retryable"]) == ("ih1003", 1013, True)
                assert data["retry_after_seconds"] > 0
            with pytest.raises(InvalidStatus) as caught:
                async with opened(live, "v0"):
                    pass
            assert caught.value.response.status_code == 503
            gate.touch()
            for talk in (busy, waiting):
                assert (await talk.receive())["type"] == "conversation_quality.updated"

    with overloaded_by(tmp_path) as (live, gate):
        run(lambda: scenario(live, gate))


def test_a_process_holds_so_many_streams(workers_find_the_tests: None, tmp_path: Path) -> None:
    async def scenario(live: Live) -> None:
        async with session(live), session(live, "v1"):
            assert (await refusal(live, "v2"))[:2] == ("ih1003", 1013)
        said = ""
        while said != "session.ready":  # as soon as the server has seen the others go
            async with opened(live) as talk:
                said = (await talk.receive())["type"]

    with running(tmp_path, "tests.engine.faulty", streams_per_worker=2) as live:
        run(lambda: scenario(live))


# --- how it ends -----------------------------------------------------------------------------------


def test_what_was_accepted_is_finished_and_nothing_more_is_taken(faulty_live: Live, tmp_path: Path) -> None:
    async def scenario() -> None:
        gate = tmp_path / "gate"
        async with session(faulty_live, "v2?include[]=conversation_quality_overall") as talk:
            await talk.socket.send(segment("wait", gate))
            await talk.socket.send(CLOSE)
            closing = await talk.receive()
            assert (closing["type"], closing["data"]) == ("session.closing", {"max_drain_seconds": 30})
            await talk.socket.send(segment("touch", tmp_path / "analysed"))
            await talk.socket.send("{}")
            await talk.socket.send(CLOSE)
            for _ in range(2):
                assert (await talk.receive())["data"]["code"] == "ih6001"
            gate.touch()
            said, code = await talk.rest()
        assert types(said) == ["conversation_quality.updated", "session.ended"]
        assert code == 1000
        assert not (tmp_path / "analysed").exists()

    run(scenario)


def test_the_end_is_analysed_although_the_last_media_cannot_be_used(
    faulty_live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = make(Recipe("mpegts", video="mpeg2video", audio="mp2", duration_s=3.0))
    last: list[Piece] = []
    follow = Dispatcher.follow

    async def refusing(engine: Dispatcher, state: LiveState, piece: Piece) -> tuple[LiveState, Changes]:
        last.extend([piece] if piece.ends else [])
        if piece.ends and piece.segment is not None:
            raise Problem("ih5004", "Broken.")
        return await follow(engine, state, piece)

    async def scenario() -> None:
        monkeypatch.setattr(Dispatcher, "follow", refusing)
        async with session(faulty_live) as talk:
            await talk.socket.send(film[: len(film) // 2 // 188 * 188])  # amid a packet of a picture
            await talk.socket.send(CLOSE)
            said, code = await talk.rest()
        assert types(said) == ["session.closing", "error", "session.ended"]
        assert (said[1]["data"]["code"], code) == ("ih5004", 1000)
        assert [piece.segment is None for piece in last] == [False, True]

    run(scenario)


def test_a_drain_is_cut_short_at_its_limit(workers_find_the_tests: None, tmp_path: Path) -> None:
    async def scenario(live: Live) -> None:
        async with session(live) as talk:
            await talk.socket.send(segment("wait", tmp_path / "gate"))
            await talk.socket.send(CLOSE)
            said, code = await talk.rest()
        (tmp_path / "gate").touch()
        assert types(said) == ["session.closing", "error", "session.ended"]
        assert said[1]["data"]["code"] == "ih1003", "what was accepted and not analysed is named"
        assert (said[-1]["data"]["reason"], code) == ("client_shutdown", 1000)

    with running(tmp_path / "data", "tests.engine.faulty", drain_s=0.3) as live:
        run(lambda: scenario(live))


def test_a_silent_session_ends_but_not_while_we_are_the_late_ones(
    workers_find_the_tests: None, tmp_path: Path
) -> None:
    async def scenario(live: Live) -> None:
        async with session(live, "v1?include[]=conversation_quality_overall") as talk:
            await talk.socket.send(segment("wait", tmp_path / "gate"))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.7):
                    await talk.socket.recv()
            (tmp_path / "gate").touch()
            said, code = await talk.rest()
        assert types(said) == ["conversation_quality.updated", "error", "session.ended"]
        assert said[1]["data"]["code"] == "ih6003"
        assert (said[2]["data"], code) == ({"reason": "idle_timeout"}, 1000)

    with running(tmp_path / "data", "tests.engine.faulty", idle_timeout_s=0.3) as live:
        run(lambda: scenario(live))


def test_a_session_ends_at_its_longest_and_what_it_accepted_is_finished(
    workers_find_the_tests: None, tmp_path: Path
) -> None:
    async def scenario(live: Live) -> None:
        async with session(live, "v2?include[]=conversation_quality_overall") as talk:
            await talk.socket.send(segment("wait", tmp_path / "gate"))
            error = await talk.receive()
            assert error["data"]["code"] == "ih6004"
            (tmp_path / "gate").touch()
            said, code = await talk.rest()
        assert types(said) == ["conversation_quality.updated", "session.ended"]
        assert (said[-1]["data"], code) == ({"reason": "max_duration"}, 1000)

    with running(tmp_path / "data", "tests.engine.faulty", session_max_s=0.4) as live:
        run(lambda: scenario(live))


def test_a_server_that_stops_says_goodbye(workers_find_the_tests: None, tmp_path: Path) -> None:
    async def scenario() -> None:
        server = running(tmp_path, "tests.engine.faulty")
        live = await asyncio.to_thread(server.__enter__)
        async with session(live, "v2?include[]=conversation_quality_overall") as talk:
            await talk.socket.send(segment("hello"))
            await talk.until("conversation_quality.updated")
            goodbye = asyncio.create_task(talk.rest())
            await asyncio.to_thread(server.__exit__, None, None, None)
            said, code = await goodbye
        assert types(said) == ["session.ended"]
        assert (said[0]["data"], code) == ({"reason": "server_shutdown"}, 1000)

    run(scenario)


def test_who_leaves_leaves_nothing_behind(faulty_live: Live, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with session(faulty_live) as talk:
            await talk.socket.send(segment("wait", tmp_path / "gate"))
            await talk.socket.send("{}")
            await talk.receive()
            await talk.socket.send(segment("touch", tmp_path / "analysed"))
        (tmp_path / "gate").touch()
        async with session(faulty_live, "v2?include[]=conversation_quality_overall") as talk:
            await talk.socket.send(segment("hello"))
            await talk.until("conversation_quality.updated")
        assert not (tmp_path / "analysed").exists()

    run(scenario)
