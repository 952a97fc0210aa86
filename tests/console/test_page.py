"""The files of the page, and who gets a token or a report. Without a browser."""

import asyncio
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.requests import Request
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from backchannel.config import Settings, SettingsError, load_settings
from backchannel.report.recording import MAX_DOCUMENT_BYTES
from backchannel.server.pages.console import KEY_NAME, SAMPLE_NAME, from_this_machine, read_files
from backchannel.store import STREAM_SCOPE
from tests.server.live import Live, running

ORIGIN = "http://127.0.0.1:8000"
RECORDING = {
    "source": "<b>Live</b>",
    "analyzed_at": "2026-11-22T21:18:02Z",
    "duration": 4.0,
    "signals": [],
    "engagement": [{"start": 0, "end": 4, "state": "neutral"}],
}


def page(live: Live, path: str = "/", **headers: str) -> httpx.Response:
    return httpx.get(live.http + path, headers={"Accept": "text/html,*/*;q=0.8", **headers})


def ask(live: Live, **headers: str) -> httpx.Response:
    return httpx.post(f"{live.http}/console/token", headers={"Origin": live.http} | headers)


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_id"]


# --- the page --------------------------------------------------------------------------------------


def test_a_browser_gets_the_console_and_other_clients_the_plain_page(live: Live) -> None:
    assert "console/app.js" in page(live).text
    terminal = httpx.get(live.http)
    assert "console/app.js" not in terminal.text
    assert "docs/errors" in terminal.text
    assert all("Accept" in answer.headers["vary"] for answer in (page(live), terminal))


def test_the_page_knows_whether_words_are_heard(live: Live, tmp_path: Path) -> None:
    assert "<body>" in page(live).text
    with running(tmp_path, "tests.engine.faulty", words="on") as listening:
        assert "<body data-words>" in page(listening).text


def test_nothing_is_inline_or_from_another_origin(live: Live) -> None:
    answer = page(live)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert policy["frame-ancestors"] == "'none'"
    assert not re.search(r"<style|style=|<script(?![^>]*src)|\son\w+=", answer.text)
    for name, file in read_files().items():
        text = file.content.decode()
        # The one address in there is the name of SVG.
        assert set(re.findall(r"(?:https?:)?//[\w.]+\.\w+[\w/]*", text)) <= {"http://www.w3.org/2000/svg"}, (
            name
        )


def test_every_file_of_the_page_exists(live: Live) -> None:
    files = read_files()
    named = set(re.findall(r'(?:src|href)="console/([\w.]+)"', files["index.html"].content.decode()))
    for name, file in files.items():
        if name.endswith(".js"):
            named |= set(re.findall(r'from "\./([\w.]+)"', file.content.decode()))
    assert named == set(files) - {"index.html"}
    types = {name: page(live, f"/console/{name}").headers["content-type"] for name in named}
    assert types["app.js"] == "text/javascript; charset=utf-8"
    assert types["tokens.css"] == "text/css; charset=utf-8"
    assert types["icon.svg"] == "image/svg+xml"


def test_files_are_cached_and_revalidated(live: Live) -> None:
    first = page(live, "/console/app.js")
    assert first.headers["cache-control"] == "no-cache"
    again = page(live, "/console/app.js", **{"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert page(live, "/console/app.js", **{"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("name", ["nothing.js", "..%2fapp.py", "__init__.py", "%2e%2e", "index.html%00"])
def test_other_files_are_not_served(live: Live, name: str) -> None:
    assert page(live, f"/console/{name}").status_code == 404


def test_the_console_can_be_switched_off(tmp_path: Path) -> None:
    with serving(tmp_path, console="off") as live:
        assert "console/app.js" not in page(live).text
        assert page(live, "/console/app.js").status_code == 404
        assert ask(live).status_code == 404


def test_the_setting_has_three_values() -> None:
    assert load_settings({}).console == "on"
    with pytest.raises(SettingsError, match="BACKCHANNEL_CONSOLE"):
        load_settings({"BACKCHANNEL_CONSOLE": "maybe"})


def test_the_page_offers_a_sample_if_there_is_one(tmp_path: Path) -> None:
    with serving(tmp_path) as live:
        assert page(live, "/console/sample").status_code == 404
        assert "data-sample" not in page(live).text
        (live.settings.data_dir / SAMPLE_NAME).write_bytes(b"a film")
        sample = page(live, "/console/sample")
        assert (sample.content, sample.headers["content-type"]) == (b"a film", "video/mp4")
        assert "<body data-sample>" in page(live).text


# --- who gets a token ------------------------------------------------------------------------------


def test_a_browser_on_this_machine_needs_no_key(live: Live) -> None:
    answer = ask(live)
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert (body["scope"], body["expires_in"]) == ("interhumanai.stream interhumanai.upload", 300)
    assert (body["allowed_origins"], body["max_concurrent"]) == ([live.http], 2)
    assert asyncio.run(first_message(live, body["access_token"], live.http)) == "session.ready"


def test_the_token_is_valid_only_for_this_page(live: Live) -> None:
    token = ask(live).json()["access_token"]
    assert asyncio.run(first_message(live, token, "http://evil.example")) == "error"
    assert asyncio.run(first_message(live, token, None)) == "error"


def test_all_tokens_belong_to_one_key_that_can_be_revoked(live: Live) -> None:
    token = ask(live).json()["access_token"]
    ask(live)
    (key,) = (key for key in live.store.keys.list() if key.name == KEY_NAME and key.revoked_at is None)
    assert set(key.scopes) == {"interhumanai.stream", "interhumanai.upload"}
    live.store.keys.revoke(key.id)
    with pytest.raises(InvalidStatus):
        asyncio.run(first_message(live, token, live.http))
    assert ask(live).status_code == 200
    assert [key.revoked_at is None for key in live.store.keys.list() if key.name == KEY_NAME] == [False, True]


def test_a_key_of_an_earlier_version_is_left_alone(tmp_path: Path) -> None:
    with serving(tmp_path) as live:
        live.store.keys.create(KEY_NAME, (STREAM_SCOPE,))
        assert ask(live).json()["scope"] == "interhumanai.stream interhumanai.upload"
        assert [len(key.scopes) for key in live.store.keys.list() if key.name == KEY_NAME] == [1, 2]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "https://127.0.0.1"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"X-Forwarded-Proto": "https"},
    ],
)
def test_another_page_gets_no_token(live: Live, headers: dict[str, str]) -> None:
    answer = ask(live, **headers)
    assert error_of(answer) == (403, "ih2003")
    assert "bk_ct_" not in answer.text


def test_a_request_without_an_origin_gets_no_token(live: Live) -> None:
    assert error_of(httpx.post(f"{live.http}/console/token")) == (403, "ih2003")
    assert error_of(httpx.get(f"{live.http}/console/token"))[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        # A name that was made to lead here, whose own page asks.
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Host": "127.0.0.1.evil.example", "Origin": "http://127.0.0.1.evil.example"},
        {"Host": "localhost.evil.example", "Origin": "http://localhost.evil.example"},
        # A proxy on this machine.
        {"X-Forwarded-For": "203.0.113.7"},
        {"X-Forwarded-Host": "console.example"},
        {"Forwarded": "for=203.0.113.7"},
        {"X-Real-IP": "203.0.113.7"},
        {"Via": "1.1 proxy"},
    ],
)
def test_a_client_that_may_be_remote_needs_a_key(live: Live, headers: dict[str, str]) -> None:
    assert error_of(ask(live, **headers)) == (401, "ih2002")


def test_old_proxies_are_recognised_by_their_http_version(live: Live) -> None:
    host = live.http.removeprefix("http://")
    request = f"POST /console/token HTTP/1.0\r\nHost: {host}\r\nOrigin: {live.http}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", live.settings.port), timeout=10) as connection:
        connection.sendall(request.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.split(b" ")[1] == b"401"


@pytest.mark.parametrize(
    ("client", "host", "expected"),
    [
        ("127.0.0.1", "localhost:8000", True),
        ("127.0.0.1", "127.8.8.8", True),
        ("::1", "[::1]:8000", True),
        ("::ffff:127.0.0.1", "localhost", True),
        ("192.168.1.7", "localhost:8000", False),
        ("::ffff:192.168.1.7", "localhost", False),
        ("127.0.0.1", "192.168.1.5:8000", False),
        ("127.0.0.1", "0.0.0.0:8000", False),
        ("127.0.0.1", "[::1", False),
        ("127.0.0.1", "", False),
        ("testclient", "localhost", False),
    ],
)
def test_client_and_host_must_both_be_this_machine(client: str, host: str, expected: bool) -> None:
    assert from_this_machine(request(client, host), Settings()) is expected


def test_a_server_with_a_public_address_needs_a_key() -> None:
    asks = request("127.0.0.1", "127.0.0.1:8000")
    assert not from_this_machine(asks, Settings(public_url="https://signals.example"))
    assert from_this_machine(asks, Settings(public_url="http://localhost:8000"))


def test_a_key_can_be_required_from_everybody(tmp_path: Path) -> None:
    with serving(tmp_path, console="key") as live:
        assert error_of(ask(live)) == (401, "ih2002")
        assert not [key for key in live.store.keys.list() if key.name == KEY_NAME]


# --- the report ------------------------------------------------------------------------------------


def save(live: Live, content: bytes, token: str | None = None) -> httpx.Response:
    token = ask(live).json()["access_token"] if token is None else token
    headers = {"Authorization": f"Bearer {token}", "Origin": live.http, "Content-Type": "application/json"}
    return httpx.post(f"{live.http}/console/report", content=content, headers=headers)


def test_the_recording_of_a_page_becomes_a_report(live: Live) -> None:
    answer = save(live, json.dumps(RECORDING).encode())
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert "&lt;b&gt;Live&lt;/b&gt;" in answer.text
    assert "<b>Live</b>" not in answer.text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", (400, "ih4005")),
        (b"{", (400, "ih4005")),
        (b"{}", (400, "ih4005")),
        (json.dumps({**RECORDING, "duration": -1}).encode(), (400, "ih4005")),
        (b" " * (MAX_DOCUMENT_BYTES + 1), (413, "ih4003")),
    ],
)
def test_an_invalid_recording_is_refused(live: Live, content: bytes, expected: tuple[int, str]) -> None:
    assert error_of(save(live, content)) == expected


def test_only_the_page_gets_a_report(live: Live) -> None:
    assert error_of(save(live, json.dumps(RECORDING).encode(), "bk_ct_no")) == (401, "ih2011")
    token = ask(live).json()["access_token"]
    elsewhere = {"Authorization": f"Bearer {token}", "Origin": "http://evil.example"}
    answer = httpx.post(f"{live.http}/console/report", content=json.dumps(RECORDING), headers=elsewhere)
    assert error_of(answer) == (403, "ih2003")


# --- helpers ---------------------------------------------------------------------------------------


@contextmanager
def serving(data_dir: Path, **settings: Any) -> Iterator[Live]:
    with running(data_dir, "tests.engine.faulty", **settings) as live:
        yield live


@pytest.fixture(autouse=True)
def workers_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))


def request(client: str, host: str) -> Request:
    return Request(
        {
            "type": "http",
            "method": "POST",
            "http_version": "1.1",
            "scheme": "http",
            "path": "/console/token",
            "client": (client, 50_000),
            "headers": [(b"host", host.encode())],
        }
    )


async def first_message(live: Live, token: str, origin: str | None) -> str:
    url = live.http.replace("http", "ws", 1) + "/v2/stream/analyze"
    async with connect(url, subprotocols=["access_token", token], origin=origin) as socket:  # type: ignore[list-item, arg-type]
        async with asyncio.timeout(20):
            message: dict[str, Any] = msgspec.json.decode(await socket.recv())
        return str(message["type"])
