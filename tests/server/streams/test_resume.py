"""Sessions that go on after their connection is lost, over real sockets."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from backchannel.store import Caps
from tests.server.conftest import ROOT
from tests.server.live import Live, Message, running
from tests.server.streams.cutting import Api, Gateway, compare, play, random_cuts
from tests.server.streams.test_events import segment

VERSIONS = ("v1", "v2")
MOST_CHUNKS = 4
CLOSE = '{"type":"session.close"}'


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(100):
            await scenario()

    asyncio.run(bounded())


class Talk:
    """A connection, and what was read on it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def read(self, kind: str) -> Message:
        """Read until a message of a type or status."""
        async with asyncio.timeout(30):
            while True:
                message: Message = json.loads(await self.socket.recv())
                if kind in {message.get("type"), message.get("status")}:
                    return message

    async def rest(self) -> tuple[list[Message], int]:
        said: list[Message] = []
        async with asyncio.timeout(30):
            try:
                while True:
                    said.append(json.loads(await self.socket.recv()))
            except ConnectionClosed as closed:
                return said, closed.rcvd.code if closed.rcvd is not None else 1006

    async def lose(self) -> None:
        self.socket.transport.abort()
        await self.socket.wait_closed()

    @property
    def headers(self) -> dict[str, str]:
        assert self.socket.response is not None
        return {name.lower(): value for name, value in self.socket.response.headers.items()}


@asynccontextmanager
async def opened(
    live: Live, api: str, resume: str | None = "", after: int = 0, key: str = ""
) -> AsyncIterator[Talk]:
    query = "" if resume is None else f"?resume={resume}&after={after}"
    url = f"{live.http.replace('http', 'ws', 1)}/{api}/stream/analyze{query}"
    headers = {"Authorization": f"Bearer {key or live.key}"}
    async with connect(url, additional_headers=headers, max_size=None, ping_timeout=None) as socket:
        yield Talk(socket)


async def begun(talk: Talk, api: str) -> str:
    """Begin a session and have a segment answered; returns its token."""
    if api == "v0":
        token = talk.headers["x-resume-token"]
        await talk.socket.send(segment("window"))
        await talk.read("completed")
        return token
    token = (await talk.read("session.ready"))["data"]["resume_token"]
    await talk.socket.send(segment("window"))
    await talk.read("media.received")
    return str(token)


def one_at_a_time(live: Live) -> str:
    key = live.store.keys.verify(live.key)
    assert key is not None
    return live.store.tokens.mint(key.id, key.scopes, 3600, Caps(max_concurrent=1))[1]


def kept(live: Live, what: str = "sessions") -> int:
    """How many sessions, or messages, are in the store."""
    engine = create_engine(f"sqlite:///{live.settings.data_dir}/backchannel.sqlite3")
    with engine.connect() as connection:
        found = connection.scalar(text(f"SELECT count(*) FROM kept_{what}"))  # noqa: S608 -- our own names
    engine.dispose()
    return int(found or 0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(condition):
            pass


# --- the result is the same ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A server with the real analysis, in a process that can be killed."""
    with ExitStack() as stack:
        yield Gateway(stack, tmp_path_factory.mktemp("gateway"))


@pytest.mark.parametrize("api", ["v0", "v1", "v2"])
def test_a_session_that_is_cut_and_whose_server_restarts_says_what_the_uncut_one_says(
    gateway: Gateway, api: Api
) -> None:
    async def scenario() -> None:
        cuts = random_cuts(random.Random(api), MOST_CHUNKS - (api == "v0"), 2)  # noqa: S311
        await compare(gateway, api, cuts, await play(gateway, api, most=MOST_CHUNKS), MOST_CHUNKS)

    run(scenario)


# --- nobody else notices ---------------------------------------------------------------------------


def test_without_asking_there_is_nothing_of_it_and_nothing_is_kept(faulty_live: Live) -> None:
    async def scenario() -> None:
        before = kept(faulty_live)
        async with opened(faulty_live, "v2", resume=None) as talk:
            await talk.socket.send(segment("window"))
            await talk.socket.send(CLOSE)
            said, _ = await talk.rest()
            assert "media.received" not in {message["type"] for message in said}
            assert not any("seq" in message for message in said)
            assert not {"resume_token", "resumed"} & said[0]["data"].keys()
        async with opened(faulty_live, "v0", resume=None) as talk:
            assert not any(name.startswith(("x-resume", "x-resend")) for name in talk.headers)
            await talk.socket.send(segment("window"))
            assert not {"seq", "resend_from"} & (await talk.read("completed")).keys()
        assert kept(faulty_live) == before

    run(scenario)


def test_a_server_that_keeps_nothing_offers_nothing(tmp_path: Path, workers_find_the_tests: None) -> None:
    async def scenario() -> None:
        with running(tmp_path, "tests.engine.faulty", resume_s=0.0) as live:
            async with opened(live, "v2") as talk:
                assert "resume_token" not in (await talk.read("session.ready"))["data"]
            assert kept(live) == 0

    run(scenario)


# --- who may resume ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def neighbour(faulty_live: Live) -> Iterator[Live]:
    """Another server on the same store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        with running(faulty_live.settings.data_dir, "tests.engine.faulty") as live:
            yield live


@pytest.mark.parametrize("api", ["v0", "v1", "v2"])
def test_the_reconnect_of_a_one_at_a_time_token_gets_the_place_of_a_connection_that_hangs(
    faulty_live: Live, api: str
) -> None:
    async def scenario() -> None:
        credential = one_at_a_time(faulty_live)
        async with opened(faulty_live, api, key=credential) as old:
            token = await begun(old, api)
            async with opened(faulty_live, api, resume=token, after=99, key=credential) as new:
                await new.socket.send(segment("window"))
                message = await new.read("completed" if api == "v0" else "media.received")
                number = message["segment"] if api == "v0" else message["data"]["through"]
                assert number == 2
                assert (await old.rest())[1] in {1008, 1012}

    run(scenario)


@pytest.mark.parametrize("api", ["v0", "v2"])
def test_another_gateway_on_the_same_store_takes_a_session_over(
    faulty_live: Live, neighbour: Live, api: str
) -> None:
    async def scenario() -> None:
        credential = one_at_a_time(faulty_live)
        async with opened(faulty_live, api, key=credential) as old:
            token = await begun(old, api)
            async with opened(neighbour, api, resume=token, key=credential) as new:
                if api == "v0":
                    assert new.headers["x-resend-from"] == "2"
                    assert (await new.read("result"))["segment"] == 1
                else:
                    resumed = (await new.read("session.ready"))["data"]["resumed"]
                    assert resumed == {"through": 1, "resend_from": 2, "last_seq": 0, "lost_messages": 0}
                # What the old one still gets counts no more.
                await old.socket.send(segment("window"))
                assert (await old.rest())[1] == 1008
                await new.socket.send(segment("window"))
                await new.read("completed" if api == "v0" else "media.received")

    run(scenario)


@pytest.mark.parametrize("version", VERSIONS)
def test_others_and_wrong_tokens_resume_nothing(faulty_live: Live, version: str) -> None:
    async def scenario() -> None:
        _, other = faulty_live.store.keys.create("other")
        async with opened(faulty_live, version) as talk:
            token = await begun(talk, version)
            for resume, key in ((token, other), (token + "x", ""), ("x", "")):
                async with opened(faulty_live, version, resume, key=key) as refused:
                    (error,), code = await refused.rest()
                    assert (error["data"]["code"], code) == ("ih4005", 1008)
            await talk.socket.send(segment("window"))
            assert (await talk.read("media.received"))["data"]["through"] == 2

    run(scenario)


def test_on_v0_the_handshake_is_refused(faulty_live: Live) -> None:
    async def refused(query: Any) -> int:
        with pytest.raises(InvalidStatus) as caught:
            async with opened(faulty_live, "v0", *query):
                pass
        assert json.loads(caught.value.response.body or b"")["error_id"] == "ih4005"
        return caught.value.response.status_code

    async def scenario() -> None:
        assert await refused(("unknown",)) == 400
        assert await refused(("", "-1")) == 400

    run(scenario)


# --- for how long ------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", ["v0", "v1", "v2"])
def test_a_client_that_hangs_up_leaves_nothing(faulty_live: Live, api: str) -> None:
    async def scenario() -> None:
        before = kept(faulty_live)
        async with opened(faulty_live, api) as talk:
            await begun(talk, api)
            assert kept(faulty_live) == before + 1
        await until(lambda: kept(faulty_live) == before)

    run(scenario)


def test_the_end_that_a_client_did_not_read_comes_again_and_is_then_gone(faulty_live: Live) -> None:
    async def scenario() -> None:
        before = kept(faulty_live)
        async with opened(faulty_live, "v2") as talk:
            token = await begun(talk, "v2")
            await talk.socket.send(CLOSE)
            ended = (await talk.rest())[0][-1]
        async with opened(faulty_live, "v2", token, ended["seq"] - 1) as talk:
            said, code = await talk.rest()
            assert code == 1000
            assert [(message["type"], message.get("seq")) for message in said] == [
                ("session.ready", None),
                ("session.ended", ended["seq"]),
            ]
            assert said[1]["correlation_id"] == talk.headers["x-correlation-id"]
        await until(lambda: kept(faulty_live) == before)

    run(scenario)


# --- what goes on --------------------------------------------------------------------------------------


def test_what_was_accepted_is_answered_while_nobody_is_connected(faulty_live: Live, tmp_path: Path) -> None:
    async def scenario() -> None:
        gate = tmp_path / "gate"
        async with opened(faulty_live, "v0") as talk:
            token = await begun(talk, "v0")
            await talk.socket.send(segment("wait", gate))
            await talk.socket.send(segment("window"))
            await talk.read("processing")
            await talk.read("processing")
            await talk.lose()
        before = kept(faulty_live, "messages")
        gate.touch()
        await until(lambda: kept(faulty_live, "messages") == before + 2)
        async with opened(faulty_live, "v0", token, after=2) as talk:
            assert talk.headers["x-resend-from"] == "4"
            assert (await talk.read("completed"))["segment"] == 2
            assert (await talk.read("completed"))["segment"] == 3

    run(scenario)


def test_configuration_and_refusals_go_on_with_the_session(faulty_live: Live) -> None:
    async def scenario() -> None:
        async with opened(faulty_live, "v2") as talk:
            token = await begun(talk, "v2")
            await talk.socket.send('{"include":["conversation_quality_timeline"]}')
            await talk.socket.send(b"")
            error = await talk.read("error")
            assert (error["data"]["code"], error["data"]["segment"]) == ("ih5004", 2)
            await talk.lose()
        async with opened(faulty_live, "v2", token, error["seq"]) as talk:
            ready = await talk.read("session.ready")
            resumed = ready["data"]["resumed"]
            assert (resumed["through"], resumed["resend_from"], resumed["last_seq"]) == (2, 3, error["seq"])
            await talk.socket.send('{"model":"inter-2-audio"}')
            assert "before the first media" in (await talk.read("error"))["data"]["message"]
            await talk.socket.send(segment("window"))
            quality = await talk.read("conversation_quality.updated")
            assert "timeline" in quality["data"]
            assert quality["seq"] == error["seq"] + 2

    run(scenario)
