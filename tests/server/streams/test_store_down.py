"""A store that another program locks while a real server works: nobody in a session notices."""

import asyncio
import json
import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from backchannel.server.access import ledger
from backchannel.store import database
from backchannel.store.usage import Used
from tests.server.access.test_charging import answered, until_used
from tests.server.access.test_tokens import FILM, ask, bearer, run
from tests.server.conftest import ROOT
from tests.server.live import Live, running
from tests.server.uploads.test_jobs import show, submit
from tests.server.uploads.test_upload import MP4, post
from tests.store.locking import locked

PIECES = 6
Asked = Callable[[int], Awaitable[None]]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server that soon gives up on its store, and soon tries it again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setattr(database, "BUSY_TIMEOUT_MS", 20)
        patch.setattr(ledger, "RETRY_S", 0.02)
        with running(tmp_path_factory.mktemp("down"), "tests.engine.faulty") as live:
            yield live


def readiness(live: Live) -> tuple[int, str]:
    answer = httpx.get(f"{live.http}/readyz")
    return answer.status_code, answer.json()["status"]


async def until_ready(live: Live) -> None:
    async with asyncio.timeout(30):
        while await asyncio.to_thread(readiness, live) != (200, "ready"):
            pass


def address(live: Live, version: str) -> str:
    return live.ws.replace("v0", version) + "?include[]=conversation_quality_timeline"


async def session(live: Live, version: str, before: Asked) -> Used:
    """Hold a session of a new key; returns what it used in the end."""
    key, secret = live.store.keys.create(version)
    async with connect(address(live, version), additional_headers=bearer(secret)) as socket:
        for number in range(PIECES):
            await before(number)
            await socket.send(FILM)
            await answered(socket, version)
    await before(PIECES)
    expected = Used(PIECES * len(FILM), float(PIECES))
    await until_used(live, key.id, expected)
    return live.store.usage.used(key.id)


async def nothing(_number: int) -> None:
    pass


@pytest.mark.parametrize("version", ["v0", "v1", "v2"])
def test_a_session_goes_on_through_an_outage_and_pays_what_it_would_have(live: Live, version: str) -> None:
    async def scenario() -> None:
        lock = locked(live.settings.data_dir)

        async def in_the_middle(number: int) -> None:
            if number == 2:
                lock.__enter__()
            elif number == 4:
                assert await asyncio.to_thread(readiness, live) == (503, "store down")
                lock.__exit__(None, None, None)
                await until_ready(live)

        assert await session(live, version, in_the_middle) == await session(live, version, nothing)

    run(scenario)


@pytest.mark.parametrize("version", ["v0", "v1", "v2"])
def test_a_session_that_ends_in_an_outage_pays_after_it_and_gives_its_place_back(
    live: Live, version: str
) -> None:
    async def scenario() -> None:
        lock = locked(live.settings.data_dir)

        async def at_the_end(number: int) -> None:
            if number == 2:
                lock.__enter__()
            elif number == PIECES:
                lock.__exit__(None, None, None)

        assert await session(live, version, at_the_end) == await session(live, version, nothing)
        await until_nobody_has_a_place(live)

    run(scenario)


async def until_nobody_has_a_place(live: Live) -> None:
    with closing(sqlite3.connect(live.settings.data_dir / "backchannel.sqlite3")) as other:
        async with asyncio.timeout(30):
            while other.execute("SELECT count(*) FROM places").fetchone() != (0,):
                await asyncio.sleep(0)


def test_new_sessions_get_a_retryable_error_and_are_let_in_after_it(live: Live) -> None:
    async def refused(version: str) -> None:
        url = address(live, version)
        if version == "v0":
            with pytest.raises(InvalidStatus) as caught:
                async with connect(url, additional_headers=bearer(live.key)):
                    pass
            response = caught.value.response
            assert response.status_code == 503
            assert "Retry-After" in response.headers
            told(json.loads(response.body or b""))
            return
        async with connect(url, additional_headers=bearer(live.key)) as socket:
            said = json.loads(await socket.recv())
            assert said["type"] == "error"
            told({"error_id": said["data"]["code"], **said["data"]})
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1013

    async def scenario() -> None:
        with locked(live.settings.data_dir):
            for version in ("v0", "v1", "v2", "v0"):  # the first finds out
                await refused(version)
        await until_ready(live)
        for version in ("v0", "v2"):
            async with connect(address(live, version), additional_headers=bearer(live.key)) as socket:
                await socket.send(FILM)
                await answered(socket, version)

    run(scenario)


@pytest.mark.parametrize("first", ["upload", "job", "token"])
def test_uploads_and_tokens_get_it_too(live: Live, first: str) -> None:
    calls: dict[str, Callable[[], httpx.Response]] = {
        "upload": lambda: post(live, FILM),
        "job": lambda: submit(live, FILM),
        "token": lambda: ask(live, {"api_key": live.key}),
    }
    asyncio.run(until_ready(live))
    with locked(live.settings.data_dir):
        for name in sorted(calls, key=lambda name: name != first):
            answer = calls[name]()
            assert answer.status_code == 503, name
            assert "Retry-After" in answer.headers
            told(answer.json())
        assert readiness(live) == (503, "store down")
        assert httpx.get(f"{live.http}/healthz").status_code == 200
    asyncio.run(until_ready(live))
    for call in calls.values():
        assert call().status_code in {200, 202}


def told(body: dict[str, Any]) -> None:
    assert body["error_id"] == "ih1003"
    assert body["retryable"]
    assert "store" in body["message"]
    assert "SQLITE" not in body["message"]


def test_a_job_that_ends_in_an_outage_keeps_its_result(live: Live, tmp_path: Path) -> None:
    async def until_down() -> None:
        async with asyncio.timeout(30):
            while await asyncio.to_thread(readiness, live) != (503, "store down"):
                pass

    gate = tmp_path / "gate"
    asyncio.run(until_ready(live))
    job = submit(live, MP4 + b"|wait " + os.fsencode(gate)).json()
    with locked(live.settings.data_dir):
        gate.touch()
        asyncio.run(until_down())  # it is the result that cannot be written
    asyncio.run(until_ready(live))
    key = live.store.keys.verify(live.key)
    assert key is not None
    while (kept := live.store.jobs.find(job["job_id"], key.id)) is not None and not kept.is_terminal:
        pass
    answer = show(live, job["status_url"]).json()
    assert answer["status"] == "completed"
    assert len(answer["result"]["windows"]) == 1
