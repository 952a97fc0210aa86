"""A real server with real worker processes, on its own port, in a thread of the test."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect

from backchannel.config import Settings
from backchannel.engine.dispatch import Dispatcher
from backchannel.engine.jobs import PACKAGED
from backchannel.engine.load_shedding import Thresholds
from backchannel.engine.process import WORK_MODULE, ProcessCarrier
from backchannel.perception.whisper import built_in_whisper
from backchannel.server.run import listen, make_server
from backchannel.store import Store, open_store
from tests.server.specification import Checked

PATH = "/v0/stream/analyze"
Message = dict[str, Any]


@dataclass(frozen=True)
class Live:
    """A running server."""

    settings: Settings
    store: Store
    engine: Dispatcher
    key: str

    @property
    def http(self) -> str:
        return self.settings.base_url

    @property
    def ws(self) -> str:
        return self.settings.base_url.replace("http", "ws", 1) + PATH

    @asynccontextmanager
    async def stream(self, query: str = "", **options: Any) -> AsyncIterator["Stream"]:
        options.setdefault("additional_headers", {"Authorization": f"Bearer {self.key}"})
        async with connect(self.ws + query, max_size=None, ping_timeout=None, **options) as socket:
            yield Stream(socket)


@dataclass(frozen=True)
class Stream:
    """The client side of an open v0 session."""

    socket: ClientConnection

    async def receive(self) -> Message:
        async with asyncio.timeout(60):
            message: Message = json.loads(await self.socket.recv())
        return message

    async def ask(self, data: bytes) -> list[Message]:
        """Send a segment, and return its messages."""
        await self.socket.send(data)
        messages = [await self.receive()]
        while messages[-1]["status"] not in {"completed", "error"}:
            messages.append(await self.receive())
        return messages

    async def error_of(self, data: bytes) -> str:
        first, last = await self.ask(data)
        assert first["status"] == "processing"
        assert first["bytes"] == len(data)
        error_id: str = last["error_id"]
        return error_id


@contextmanager
def running(
    data_dir: Path, module: str = WORK_MODULE, thresholds: Thresholds | None = None, **settings: Any
) -> Iterator[Live]:
    """Run a server for as long as the block lasts. It is ready when the block begins."""
    # Most tests are about something else than words, and a worker without them starts sooner.
    chosen: dict[str, Any] = {"workers": 1, "port": 0, "data_dir": data_dir, "words": "off", **settings}
    taken, final = listen(Settings(**chosen))
    with open_store(data_dir) as store:
        _, key = store.keys.create("test")
        carrier = ProcessCarrier(
            final.worker_memory_bytes,
            final.worker_start_s,
            module,
            sandboxed=module == WORK_MODULE,
            words=PACKAGED if final.words == "on" else "",
        )
        engine = Dispatcher(final, carrier, thresholds)
        server = make_server(final, store, engine)
        faults: list[str] = []
        server.config.app = Checked(cast("ASGIApp", server.config.app), faults)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        try:
            _wait_until_ready(final.base_url)
            yield Live(final, store, engine, key)
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()
        assert not faults, "\n".join(dict.fromkeys(faults))


@contextmanager
def listening_server(data_dir: Path) -> Iterator[Live]:
    """Run a server that listens for words; skip where the build cannot."""
    if built_in_whisper() is None:
        pytest.skip("needs the network for words, which this build does not have")
    with running(data_dir, words="on") as live:
        yield live


def _wait_until_ready(base_url: str) -> None:
    deadline = time.monotonic() + 60
    while httpx.get(f"{base_url}/readyz").status_code != 200:
        assert time.monotonic() < deadline, "the server did not become ready"
        time.sleep(0.05)
