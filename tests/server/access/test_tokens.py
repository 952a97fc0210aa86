"""Client tokens and limits over real connections: every cap, and what browsers need."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from backchannel.store import STREAM_SCOPE, UPLOAD_SCOPE, KeyLimits
from tests.media.making import Recipe, make
from tests.server.live import PATH, Live, Stream, running
from tests.server.streams.test_v0 import refusal
from tests.server.uploads.test_jobs import submit
from tests.server.uploads.test_upload import MP4, V1, post, told

FILM = MP4 + b"|hello, all of you who are out there"
BOTH = [STREAM_SCOPE, UPLOAD_SCOPE]


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await scenario()

    asyncio.run(bounded())


def ask(live: Live, body: object, path: str = "/v1/client_tokens") -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(live.http + path, content=content, headers={"Content-Type": "application/json"})


def mint(live: Live, **fields: Any) -> str:
    answer = ask(live, {"api_key": live.key, "scopes": BOTH, "max_concurrent": 9, **fields})
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def revoke(live: Live, token: str) -> httpx.Response:
    return ask(live, {"api_key": live.key, "token": token}, "/v1/client_tokens/revoke")


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **more}


# --- making them -----------------------------------------------------------------------------------


def test_what_a_new_token_says_of_itself(faulty_live: Live) -> None:
    plain = ask(faulty_live, {"api_key": faulty_live.key, "future_option": 1}).json()
    assert plain["access_token"].startswith("bk_ct_")
    del plain["access_token"]
    assert plain == {
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": STREAM_SCOPE,
        "max_concurrent": 1,
    }
    caps = {
        "max_duration_seconds": 60,
        "max_bytes": 1000,
        "max_concurrent": 2,
        "max_video_seconds": 30,
    }
    asked = {**caps, "scopes": BOTH, "allowed_origins": ["https://App.example.com/", "http://[::1]:8080"]}
    full = ask(faulty_live, {"api_key": faulty_live.key, **asked}).json()
    assert {name: full[name] for name in caps} == caps
    assert full["allowed_origins"] == ["https://app.example.com", "http://[::1]:8080"]
    assert full["scope"] == " ".join(BOTH)


@pytest.mark.parametrize(
    ("asked", "given"), [(None, 300), (1, 60), (-5, 60), (60, 60), (3600, 3600), (10**9, 3600)]
)
def test_how_long_it_lives(faulty_live: Live, asked: int | None, given: int) -> None:
    assert ask(faulty_live, {"api_key": faulty_live.key, "expires_in": asked}).json()["expires_in"] == given


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "ih4005")),
        (b"[]", (400, "ih4005")),
        (b"\xff", (400, "ih4005")),
        (b"{" * 70_000, (413, "ih4003")),
        ({}, (401, "ih2002")),
        ({"api_key": "wrong"}, (401, "ih2001")),
        ({"api_key": 7}, (400, "ih4005")),
        ({"max_bytes": 0}, (400, "ih4005")),
        ({"max_video_seconds": "much"}, (400, "ih4005")),
        ({"max_concurrent": 2**70}, (400, "ih4005")),
        ({"scopes": []}, (400, "ih4005")),
        ({"scopes": ["everything"]}, (400, "ih4005")),
        ({"allowed_origins": ["app.example.com/path"]}, (400, "ih4005")),
        ({"allowed_origins": ["https://a b"]}, (400, "ih4005")),
        ({"allowed_origins": ["https://a.example"] * 21}, (400, "ih4005")),
    ],
)
def test_what_is_not_made(faulty_live: Live, body: Any, expected: tuple[int, str]) -> None:
    if isinstance(body, dict) and body and "api_key" not in body:
        body = {"api_key": faulty_live.key, **body}
    answer = ask(faulty_live, body)
    assert told(answer) == expected
    assert faulty_live.key not in answer.text


def test_a_token_can_do_no_more_than_its_key_and_makes_no_others(faulty_live: Live) -> None:
    _, upload_only = faulty_live.store.keys.create("upload", [UPLOAD_SCOPE])
    assert told(ask(faulty_live, {"api_key": upload_only})) == (403, "ih2003")
    answer = ask(faulty_live, {"api_key": upload_only, "scopes": ["interhumanai.upload.inter-2"]})
    assert answer.json()["scope"] == UPLOAD_SCOPE
    token = mint(faulty_live)
    assert told(ask(faulty_live, {"api_key": token})) == (401, "ih2001")


def test_the_older_exchange(faulty_live: Live) -> None:
    key, secret = faulty_live.store.keys.create("legacy")
    body = {"key_id": key.id, "key_secret": secret, "scopes": [UPLOAD_SCOPE]}
    token = ask(faulty_live, body, "/v1/auth").json()
    assert (token["expires_in"], token["scope"]) == (3600, UPLOAD_SCOPE)
    assert post(faulty_live, MP4, headers=bearer(token["access_token"])).status_code == 200
    assert told(ask(faulty_live, {**body, "key_id": "other"}, "/v1/auth")) == (401, "ih2001")


# --- using them ------------------------------------------------------------------------------------


def test_scopes_hold_at_every_door(faulty_live: Live) -> None:
    stream, upload = (mint(faulty_live, scopes=[scope]) for scope in BOTH)
    assert told(post(faulty_live, MP4, headers=bearer(stream))) == (403, "ih2003")
    assert told(post(faulty_live, MP4, "/v2/upload/analyze", headers=bearer(stream))) == (403, "ih2003")
    job = faulty_live.http + "/v2/upload/jobs/" + "0" * 32
    assert told(httpx.get(job, headers=bearer(stream))) == (403, "ih2003")
    assert post(faulty_live, MP4, headers=bearer(upload)).status_code == 200

    async def scenario() -> None:
        status, body, _ = await refusal(faulty_live, subprotocols=[Subprotocol(upload)])
        assert (status, body["error_id"]) == (403, "ih2003")
        async with connect(faulty_live.ws, subprotocols=[Subprotocol("access_token"), Subprotocol(stream)]):
            pass

    run(scenario)


def test_origins(faulty_live: Live) -> None:
    token = mint(faulty_live, allowed_origins=["https://a.example"])
    assert post(faulty_live, MP4, headers=bearer(token, Origin="https://a.example")).status_code == 200
    # Browsers leave the origin out of a GET to the page's own server, and say that it is the same.
    own = mint(faulty_live, allowed_origins=[faulty_live.http])
    same = bearer(own, **{"Sec-Fetch-Site": "same-origin"})
    assert post(faulty_live, MP4, headers=same).status_code == 200
    for origin in (
        {"Origin": "https://b.example"},
        {"Origin": "null"},
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "cross-site", "Host": "a.example"},
    ):
        assert told(post(faulty_live, MP4, headers=bearer(token, **origin))) == (403, "ih2003")

    async def scenario() -> None:
        status, body, _ = await refusal(
            faulty_live, additional_headers=bearer(token, Origin="https://b.example")
        )
        assert (status, body["error_id"]) == (403, "ih2003")
        async with connect(faulty_live.ws, additional_headers=bearer(token, Origin="https://a.example")):
            pass

    run(scenario)


def test_a_revoked_token_is_refused_at_once(faulty_live: Live) -> None:
    token = mint(faulty_live)
    assert post(faulty_live, MP4, headers=bearer(token)).status_code == 200
    assert [revoke(faulty_live, token).status_code for _ in range(2)] == [204, 204]
    assert told(post(faulty_live, MP4, headers=bearer(token))) == (401, "ih2014")
    assert told(revoke(faulty_live, token + "x")) == (401, "ih2011")
    assert told(revoke(faulty_live, "")) == (400, "ih4005")
    assert told(post(faulty_live, MP4, headers=bearer(token + "x"))) == (401, "ih2011")


async def farewell(stream: Stream) -> tuple[str, int]:
    message = await stream.receive()
    while message["status"] != "error" or message["segment"] is not None:
        message = await stream.receive()
    with pytest.raises(ConnectionClosed) as caught:
        await stream.receive()
    assert caught.value.rcvd is not None
    return message["error_id"], caught.value.rcvd.code


def test_a_live_session_ends_at_its_next_chunk_once_its_credential_is_revoked(faulty_live: Live) -> None:
    async def scenario() -> None:
        key, secret = faulty_live.store.keys.create("mid-session")
        token = mint(faulty_live)
        for credential, end, expected in (
            (token, lambda: revoke(faulty_live, token), ("ih2014", 4001)),
            (secret, lambda: faulty_live.store.keys.revoke(key.id), ("ih2001", 4001)),
        ):
            async with faulty_live.stream(additional_headers=bearer(credential)) as stream:
                assert len(await stream.ask(FILM)) == 3
                await asyncio.to_thread(end)
                await stream.socket.send(FILM)
                assert await farewell(stream) == expected

    run(scenario)


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    ("caps", "end", "expected"),
    [({}, True, ("ih2014", 4001)), ({"max_bytes": len(FILM)}, False, ("ih3006", 4029))],
)
def test_an_event_stream_ends_in_its_own_words(
    faulty_live: Live, version: str, caps: dict[str, int], end: bool, expected: tuple[str, int]
) -> None:
    async def scenario() -> None:
        token = mint(faulty_live, **caps)
        url = faulty_live.ws.replace("v0", version)
        async with connect(url, additional_headers=bearer(token)) as socket:
            assert json.loads(await socket.recv())["type"] == "session.ready"
            await socket.send(FILM)
            if end:
                await asyncio.to_thread(revoke, faulty_live, token)
            await socket.send(FILM)
            message = json.loads(await socket.recv())
            while message["type"] != "error" or message["data"]["code"] != expected[0]:
                message = json.loads(await socket.recv())
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == expected[1]

    run(scenario)


def test_a_budget_of_bytes_over_sessions_and_uploads(faulty_live: Live) -> None:
    token = mint(faulty_live, max_bytes=3 * len(FILM))

    async def scenario() -> None:
        async with faulty_live.stream(additional_headers=bearer(token)) as stream:
            assert len(await stream.ask(FILM)) == 3
        answer = await asyncio.to_thread(post, faulty_live, FILM, headers=bearer(token))
        assert answer.status_code == 200
        async with faulty_live.stream(additional_headers=bearer(token)) as stream:
            assert len(await stream.ask(FILM)) == 3
            await stream.socket.send(FILM)
            assert await farewell(stream) == ("ih3006", 4029)

    run(scenario)
    assert told(post(faulty_live, FILM, headers=bearer(token))) == (429, "ih3006")


def test_a_budget_of_video(live: Live) -> None:
    token = mint(live, max_video_seconds=8)
    film = make(Recipe(duration_s=4.0))
    long = make(Recipe(duration_s=5.0))

    async def scenario() -> None:
        async with live.stream(additional_headers=bearer(token)) as stream:
            assert len(await stream.ask(film)) == 3
            assert await stream.error_of(long) == "ih3006"
            assert len(await stream.ask(film)) == 3
            await stream.socket.send(film)
            assert await farewell(stream) == ("ih3006", 4029)

    run(scenario)
    assert told(post(live, film, headers=bearer(token))) == (429, "ih3006")
    other = mint(live, max_video_seconds=4)
    assert told(post(live, long, headers=bearer(other))) == (429, "ih3006")
    assert post(live, film, headers=bearer(other)).status_code == 200
    assert told(post(live, film, headers=bearer(other))) == (429, "ih3006")


def test_how_many_at_once(faulty_live: Live, tmp_path: Path) -> None:
    async def scenario() -> None:
        token = mint(faulty_live, max_concurrent=1)
        async with faulty_live.stream(additional_headers=bearer(token)):
            status, body, _ = await refusal(faulty_live, additional_headers=bearer(token))
            assert (status, body["error_id"], body["retryable"]) == (429, "ih3002", True)
            answer = await asyncio.to_thread(post, faulty_live, MP4, headers=bearer(token))
            assert told(answer) == (429, "ih3002")
            assert int(answer.headers["retry-after"]) == answer.json()["retry_after_seconds"]
        while True:  # the server may not have noticed yet
            answer = await asyncio.to_thread(post, faulty_live, MP4, headers=bearer(token))
            if answer.status_code == 200:
                return

    run(scenario)


def test_how_long_a_session_may_be(faulty_live: Live) -> None:
    token = mint(faulty_live, max_duration_seconds=1)

    async def scenario() -> None:
        async with faulty_live.stream(additional_headers=bearer(token)) as stream:
            assert await farewell(stream) == ("ih6004", 1000)

    run(scenario)


def test_use_is_counted(faulty_live: Live) -> None:
    key, secret = faulty_live.store.keys.create("counted")
    assert post(faulty_live, MP4, headers=bearer(secret)).status_code == 200
    used = faulty_live.store.usage.used(key.id)
    assert (used.size_bytes, used.video_s) == (len(MP4), 0.1)


def test_nobody_pays_for_a_fault_of_ours(faulty_live: Live) -> None:
    key, secret = faulty_live.store.keys.create("unlucky")
    assert told(post(faulty_live, MP4 + b"|raise", headers=bearer(secret))) == (500, "ih1001")
    job = post(
        faulty_live,
        MP4 + b"|raise",
        "/v2/upload/analyze",
        {"model": "inter-2", "wait_seconds": "60"},
        bearer(secret),
    )
    assert job.json()["status"] == "failed"
    assert faulty_live.store.usage.used(key.id).video_s == 0.0


# --- limits of keys --------------------------------------------------------------------------------


def test_how_often_a_key_may_ask(faulty_live: Live) -> None:
    _, secret = faulty_live.store.keys.create("slow", limits=KeyLimits(requests_per_minute=2))
    job = faulty_live.http + "/v2/upload/jobs/" + "0" * 32
    answers = [httpx.get(job, headers=bearer(secret)) for _ in range(3)]
    assert [told(answer) for answer in answers] == [(404, "ih4021")] * 2 + [(429, "ih3001")]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 30
    assert 0 < answers[-1].json()["retry_after_seconds"] <= 30
    assert told(ask(faulty_live, {"api_key": secret})) == (429, "ih3001")


def test_a_keys_quota_and_how_many_at_once(faulty_live: Live) -> None:
    limits = KeyLimits(max_concurrent=1, video_s_per_month=0.2)
    _, secret = faulty_live.store.keys.create("small", limits=limits)

    async def scenario() -> None:
        async with faulty_live.stream(additional_headers=bearer(secret)):
            status, body, _ = await refusal(faulty_live, additional_headers=bearer(secret))
            assert (status, body["error_id"]) == (429, "ih3002")

    run(scenario)
    answers = [post(faulty_live, MP4, headers=bearer(secret))]
    while answers[-1].status_code == 200 or told(answers[-1]) == (429, "ih3002"):
        answers.append(post(faulty_live, MP4, headers=bearer(secret)))
    assert [answer.status_code for answer in answers].count(200) == 2
    assert told(answers[-1]) == (429, "ih3003")
    assert int(answers[-1].headers["retry-after"]) > 60


def test_places_are_given_back(workers_find_the_tests: None, tmp_path: Path) -> None:
    with running(tmp_path, "tests.engine.faulty", sessions_per_key=1) as live:
        for _ in range(3):
            assert post(live, MP4).status_code == 200
            assert told(post(live, MP4 + b"|raise")) == (500, "ih1001")
            assert told(post(live, MP4 + b"|refuse")) == (400, "ih4007")
            assert told(submit(live, b"nothing")) == (400, "ih4002")
        job = submit(live, MP4, wait_seconds="60")
        assert job.status_code == 200


# --- browsers --------------------------------------------------------------------------------------


def test_a_browser_may_ask_before_it_asks(faulty_live: Live) -> None:
    asked = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, x-client-request-id",
    }
    answer = httpx.options(faulty_live.http + V1, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert set(re.split(", ?", asked["Access-Control-Request-Headers"])) <= set(re.split(", ?", allowed))
    assert "access-control-allow-credentials" not in answer.headers
    for status, headers in ((200, bearer(faulty_live.key)), (401, {})):
        answer = post(faulty_live, MP4, headers={**headers, "Origin": "https://a.example"})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "X-Correlation-ID" in answer.headers["access-control-expose-headers"]
    assert httpx.get(faulty_live.http + PATH).status_code == 426
