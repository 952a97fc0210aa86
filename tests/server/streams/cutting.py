"""Sessions whose connection is cut at random points, and compared with one that is not.

A test does a few cuts. For more: ``python -m tests.server.streams.cutting --cuts 50 --seed 1``.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from backchannel.engine.process import WORK_MODULE
from backchannel.store import Caps, open_store
from tests.server.apart import Apart, apart
from tests.store import postgres

Message = dict[str, Any]
Api = Literal["v0", "v1", "v2"]
How = Literal["connection", "SIGTERM", "SIGKILL"]
ROOT = Path(__file__).resolve().parents[3]
CAPTURES = ROOT / "tests" / "data" / "recorder"
MEDIA = {"v0": "webm-vp8-timeslice-3s", "v1": "mp4-timeslice-3s", "v2": "webm-vp9-timeslice-1s"}
QUERY = "include[]=evidence&include[]=conversation_quality_overall&include[]=conversation_quality_timeline"
LONGEST_DELAY_S = 0.7


@dataclass(frozen=True)
class Cut:
    """A cut after a chunk was sent.

    Attributes
    ----------
    chunk
        Its number; the one after the last is the end of the session.
    delay_s
        How long after that.
    """

    chunk: int
    delay_s: float
    how: How


def random_cuts(rng: random.Random, chunks: int, count: int) -> list[Cut]:
    """Return cuts of different chunks, half of them with the server restarted, in one way or the other."""
    places = sorted(rng.sample(range(1, chunks + 2), count))
    ways: list[How] = ["connection"] * (count - count // 2)
    ways += [rng.choice(["SIGTERM", "SIGKILL"]) for _ in range(count // 2)]
    rng.shuffle(ways)
    delays_s = [rng.choice([0.0, rng.uniform(0.0, LONGEST_DELAY_S)]) for _ in places]
    return [Cut(*cut) for cut in zip(places, delays_s, ways, strict=True)]


class Gateway:
    """A server that can be restarted on the same store.

    Parameters
    ----------
    store_url
        Its database; empty for a file in `data_dir`.
    """

    def __init__(self, stack: ExitStack, data_dir: Path, store_url: str = "") -> None:
        self._stack = stack
        self._data_dir = data_dir
        self._store_url = store_url
        self.server = self._start()
        self.key = self.server.key()

    def restart(self, how: How) -> None:
        self.server.process.send_signal(getattr(signal, how))
        self.server.process.wait(60)
        self.server = self._start()

    def one_at_a_time(self) -> str:
        """Make a client token that holds one place."""
        with open_store(self._data_dir, url=self._store_url) as store:
            key = store.keys.verify(self.key)
            assert key is not None
            return store.tokens.mint(key.id, key.scopes, 3600, Caps(max_concurrent=1))[1]

    def _start(self) -> Apart:
        return self._stack.enter_context(apart(self._data_dir, WORK_MODULE, store_url=self._store_url))


@dataclass
class Client:
    """A client that resumes its session as the documentation says, and nothing else of ours.

    Attributes
    ----------
    said
        Every numbered message, in order.
    """

    api: Api
    gateway: Gateway
    credential: str
    said: list[Message] = field(default_factory=list)
    token: str = ""
    socket: ClientConnection | None = None
    chunks: list[bytes] = field(default_factory=list)
    keep_from: int = 1
    closing: bool = False

    @property
    def last_seq(self) -> int:
        return self.said[-1]["seq"] if self.said else 0

    async def connect(self) -> None:
        """Begin a session, or resume it and send again what the server asks for."""
        query = f"{QUERY}&resume={self.token}&after={self.last_seq}"
        url = f"{self.gateway.server.ws}/{self.api}/stream/analyze?{query}"
        headers = {"Authorization": f"Bearer {self.credential}"}
        self.socket = await connect(url, additional_headers=headers, max_size=None, ping_timeout=None)
        resumed = bool(self.token)
        if self.api == "v0":
            assert self.socket.response is not None
            given = self.socket.response.headers
            self.token = given["X-Resume-Token"]
            resend_from = int(given.get("X-Resend-From", "1"))
            assert given.get("X-Lost-Messages", "0") == "0"
        else:
            ready = json.loads(await self.socket.recv())
            assert ready["type"] == "session.ready", ready
            assert "seq" not in ready
            self.token = ready["data"]["resume_token"]
            assert ("resumed" in ready["data"]) == resumed
            where = ready["data"].get("resumed", {"through": 0, "resend_from": 1, "lost_messages": 0})
            self._through, resend_from = where["through"], where["resend_from"]
            assert where["lost_messages"] == 0
        assert resend_from >= self.keep_from, "the server asks for what it said is not necessary"
        with suppress(ConnectionClosed):  # it had ended already, and all that is left is to read
            for chunk in self.chunks[resend_from - 1 :]:
                await self.socket.send(chunk)
            if self.closing:
                await self.socket.send('{"type":"session.close"}')

    async def send(self, chunk: bytes) -> None:
        self.chunks.append(chunk)
        assert self.socket is not None
        await self.socket.send(chunk)

    async def close(self) -> None:
        self.closing = True
        assert self.socket is not None
        await self.socket.send('{"type":"session.close"}')

    async def read_until_answered(self) -> None:
        """Read until every chunk is answered for, and the session has ended if it was closed."""
        while not self._is_answered():
            await self._read()

    async def read_for(self, time_s: float) -> None:
        try:
            async with asyncio.timeout(time_s):
                while True:
                    await self._read()
        except (TimeoutError, ConnectionClosed):
            return

    async def cut(self, how: How) -> None:
        """Lose the connection, with the server restarted or not, and resume."""
        assert self.socket is not None
        if how == "connection":
            self.socket.transport.abort()
        else:
            await asyncio.to_thread(self.gateway.restart, how)
        await self.socket.wait_closed()
        await self.connect()

    async def _read(self) -> None:
        assert self.socket is not None
        message = json.loads(await self.socket.recv())
        assert message.get("type") != "error", message
        if message.get("type") == "media.received":
            self.keep_from = message["data"]["resend_from"]
            self._through = message["data"]["through"]
        elif message.get("status") != "processing":
            assert message["seq"] == self.last_seq + 1, "a message is missing, or came twice"
            self.said.append(message)
            self.keep_from = message.get("resend_from", self.keep_from)

    _through: int = 0

    def _is_answered(self) -> bool:
        if self.closing:
            return bool(self.said) and self.said[-1].get("type") == "session.ended"
        if self.api == "v0":
            return bool(self.chunks) and any(
                one["status"] in {"completed", "error"} and one["segment"] == len(self.chunks)
                for one in self.said
            )
        return self._through >= len(self.chunks)


def comparable(said: Sequence[Message]) -> list[Message]:
    """Messages without ids, wall times, addresses, and what a client must keep."""
    left_out = {"correlation_id", "timestamp", "resend_from", "link"}
    return [{name: value for name, value in one.items() if name not in left_out} for one in said]


async def play(
    gateway: Gateway, api: Api, cuts: Sequence[Cut] = (), most: int | None = None
) -> list[Message]:
    """Send a recording, or its beginning, one chunk after the other; return what the server said of it."""
    chunks = [path.read_bytes() for path in sorted((CAPTURES / MEDIA[api]).iterdir())][:most]
    client = Client(api, gateway, gateway.one_at_a_time())
    planned = {cut.chunk: cut for cut in cuts}
    await client.connect()
    async with asyncio.timeout(120 + 30 * len(cuts)):
        for number, chunk in enumerate([*chunks, b""], 1):
            if number > len(chunks) and api == "v0":
                break
            await (client.send(chunk) if chunk else client.close())
            if number in planned:
                await client.read_for(planned[number].delay_s)
                if not client._is_answered() or not client.closing:
                    await client.cut(planned[number].how)
            await client.read_until_answered()
    assert client.socket is not None
    await client.socket.close()
    return comparable(client.said)


async def compare(
    gateway: Gateway, api: Api, cuts: Sequence[Cut], uncut: Sequence[Message], most: int | None = None
) -> None:
    """Cut a session and compare it."""
    said = await play(gateway, api, cuts, most)
    different = [pair for pair in zip(said, uncut, strict=False) if pair[0] != pair[1]]
    assert not different, f"{api}, {cuts}: {different[0]}"
    assert len(said) == len(uncut)


def chunk_count(api: Api) -> int:
    return len(list((CAPTURES / MEDIA[api]).iterdir()))


async def many(cuts: int, seed: int, apis: Sequence[Api], *, in_postgresql: bool) -> None:
    rng = random.Random(seed)  # noqa: S311 -- the same cuts each time
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        url = ""
        if in_postgresql:
            programs = postgres.find()
            assert programs is not None, "PostgreSQL is not installed"
            url = stack.enter_context(postgres.running(programs)).database()
        gateway = Gateway(stack, Path(folder), url)
        uncut = {api: await play(gateway, api) for api in apis}
        done = 0
        while done < cuts:
            api = apis[done % len(apis)]
            planned = random_cuts(rng, chunk_count(api) - (api == "v0"), min(4, cuts - done))
            await compare(gateway, api, planned, uncut[api])
            done += len(planned)
            sys.stdout.write(f"{done} cuts, the last session on {api}: {len(uncut[api])} messages equal\n")
            sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--api", choices=["v0", "v1", "v2"], action="append")
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()
    chosen = given.api or ["v0", "v1", "v2"]
    asyncio.run(many(given.cuts, given.seed, chosen, in_postgresql=given.postgresql))
