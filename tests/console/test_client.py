"""The browser client against servers that each test scripts, like `tests/client/test_events.py`."""

import asyncio
import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from backchannel.errors import Problem
from backchannel.protocol.event_messages import (
    MediaReceived,
    ResumedBody,
    SessionEnded,
    SignalDetected,
    encode,
)
from backchannel.protocol.resume import Resume, cannot_resume
from tests.client.event_server import Handler, polite, say, session
from tests.console.modules import page_file, run

pytestmark = pytest.mark.slow

WEBM_CLUSTER: Final = b"\x1f\x43\xb6\x75"


@contextmanager
def server(*handlers: Handler) -> Iterator[str]:
    """Serve each connection with the next handler, then always with the last one. Yields the address."""
    begun = threading.Event()
    address = ""
    connections = 0
    stop: asyncio.Event
    loop: asyncio.AbstractEventLoop

    async def handle(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await handlers[min(connections, len(handlers)) - 1](connection)

    async def run_server() -> None:
        nonlocal address, stop, loop
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        async with serve(
            handle, "127.0.0.1", 0, select_subprotocol=_pair, process_request=_give_page
        ) as served:
            address = f"http://127.0.0.1:{served.sockets[0].getsockname()[1]}"
            begun.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run_server()))
    thread.start()
    begun.wait(10)
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


def _give_page(connection: ServerConnection, request: Request) -> Response | None:
    """Serve the page from this server, because browsers block requests to this machine from other pages."""
    if "Upgrade" in request.headers:
        return None
    body, media_type = page_file(request.path)
    answer = connection.respond(HTTPStatus.OK, "")
    for name in ("Content-Length", "Content-Type"):
        del answer.headers[name]
    answer.headers["Content-Length"] = str(len(body))
    answer.headers["Content-Type"] = media_type
    return replace(answer, body=body)


def _pair(_connection: ServerConnection, offered: Any) -> Any:
    assert next(iter(offered)) == "access_token"
    return offered[0]


CLIENT: Final = """
  const options = { include: ["evidence"], retryAfterS: [0.01, 0.01, 0.01] };
  const made = new client.EventClient(given.url, "key", options);
  const heard = [];
  const chunk = new Uint8Array([1, 2, 3]).buffer;
  const summary = ({ type, data }) => (type.endsWith("connected") ? [type, data] : type);
  const listen = async () => { for await (const event of made) heard.push(summary(event)); };
  const until = async (test) => { while (!test()) await new Promise((resolve) => setTimeout(resolve, 5)); };
"""


TALK: Final = (
    CLIENT
    + """
  try {
    await made.open();
    script();
  } catch (error) {
    return [error instanceof client.RefusedError ? "refused" : "gave up", error.message];
  }
  return heard;"""
)


def talk(page: Page, url: str, script: str) -> Any:
    """Run a script with a client. Returns the events, or the kind and the message of the error."""
    page.goto(f"{url}/modules/")
    return run(page, TALK.replace("script();", script), {"url": url})


def reconnected(reason: str) -> dict[str, Any]:
    """What the client says of a new session after one that could not be resumed."""
    return {"sessions": 2, "lostChunks": 1, "reason": reason, "resumed": False, "lostMessages": 0}


def test_events_of_a_whole_session(blank_page: Page) -> None:
    with server(polite) as url:
        messages = talk(blank_page, url, "made.send(chunk); made.send(chunk); made.finish(); await listen();")
    assert messages == [
        "session.ready",
        "session.updated",
        "signal.detected",
        "signal.detected",
        "session.closing",
        "session.ended",
    ]


def test_words_are_switched_off_for_good_and_nothing_else_changes(blank_page: Page) -> None:
    received: list[Any] = []

    async def dropping(connection: ServerConnection) -> None:
        await say(connection, *session().open()[1])
        received.extend([json.loads(await connection.recv()), json.loads(await connection.recv())])
        connection.transport.abort()

    async def keeping(connection: ServerConnection) -> None:
        await say(connection, *session().open()[1])
        received.append(json.loads(await connection.recv()))
        await connection.recv()
        await say(connection, SessionEnded("client_shutdown"))

    with server(dropping, keeping) as url:
        script = "made.stopWords(); listen(); await until(() => heard.flat().includes('reconnected')); "
        talk(blank_page, url, script + "made.finish(); await until(() => heard.includes('session.ended'));")
    asked = {"include": ["evidence"], "model": "inter-2"}
    assert received == [asked, asked | {"words": False}, asked | {"words": False}]


def test_after_a_lost_connection_the_next_session_gets_the_header(blank_page: Page) -> None:
    received: list[bytes] = []

    async def dropping(connection: ServerConnection) -> None:
        await say(connection, *session().open()[1])
        await connection.recv()
        await connection.recv()
        connection.transport.abort()

    async def keeping(connection: ServerConnection) -> None:
        await say(connection, *session().open()[1])
        await connection.recv()
        received.extend([bytes(await connection.recv()), bytes(await connection.recv())])  # type: ignore[arg-type]
        await connection.recv()
        await say(connection, SessionEnded("client_shutdown"))

    with server(dropping, keeping) as url:
        messages = talk(
            blank_page,
            url,
            """
          const first = new Uint8Array([0x1a, 0x45, 0xdf, 0xa3, 7, 0x1f, 0x43, 0xb6, 0x75, 9]).buffer;
          const listening = listen();
          made.send(first, 0);
          await until(() => !made.connected);
          heard.push(made.send(chunk, 1));
          await until(() => made.connected);
          made.send(chunk, 61.5);
          made.finish();
          await listening;
          """,
        )
    assert received == [b"\x1a\x45\xdf\xa3\x07", b"\x01\x02\x03"]
    assert ["disconnected", {"reason": "connection lost", "resumable": False}] in messages
    assert ["reconnected", reconnected("connection lost")] in messages
    assert messages[-1] == "session.ended"


def test_a_session_that_is_resumed_goes_on_and_gets_what_it_had_not_answered(blank_page: Page) -> None:
    asked: list[str] = []
    received: list[bytes | str] = []

    async def numbered(connection: ServerConnection, seq: int) -> None:
        signal = SignalDetected("interest", float(seq), "low", "Smiled.")
        await connection.send(encode(signal, "id", datetime.now(UTC), seq))

    async def dropping(connection: ServerConnection) -> None:
        await note(connection)
        await say(connection, *session().open(Resume("the-token", 60.0))[1])
        await connection.recv()
        await connection.recv()
        await say(connection, MediaReceived(1, 2))
        await numbered(connection, 1)
        await connection.recv()
        connection.transport.abort()

    async def resuming(connection: ServerConnection) -> None:
        await note(connection)
        resume = Resume("the-token", 60.0, ResumedBody(1, 2, 2, 0))
        await say(connection, *session().open(resume)[1])
        await numbered(connection, 1)
        await numbered(connection, 2)
        received.extend([await connection.recv(), await connection.recv(), await connection.recv()])
        await say(connection, SessionEnded("client_shutdown"))

    async def note(connection: ServerConnection) -> None:
        assert connection.request is not None
        asked.append(urlsplit(connection.request.path).query)

    with server(dropping, resuming) as url:
        messages = talk(
            blank_page,
            url,
            """
          const listening = listen();
          made.send(chunk, 0);
          await until(() => heard.includes("signal.detected"));
          made.send(new Uint8Array([4]).buffer, 1);
          await until(() => !made.connected);
          heard.push(made.send(new Uint8Array([5]).buffer, 2));
          made.finish();
          await listening;
          """,
        )
    assert asked == ["resume=", "resume=the-token&after=1"]
    assert received == [b"\x04", b"\x05", '{"type":"session.close"}']
    assert messages == [
        "session.ready",
        "signal.detected",
        ["disconnected", {"reason": "connection lost", "resumable": True}],
        True,
        [
            "reconnected",
            {
                "sessions": 1,
                "lostChunks": 0,
                "reason": "connection lost",
                "resumed": True,
                "lostMessages": 0,
            },
        ],
        "signal.detected",
        "session.ended",
    ]


def test_a_session_that_cannot_be_resumed_is_followed_by_a_new_one(blank_page: Page) -> None:
    async def dropping(connection: ServerConnection) -> None:
        await say(connection, *session().open(Resume("the-token", 60.0))[1])
        await connection.recv()
        await connection.recv()
        connection.transport.abort()

    async def refusing(connection: ServerConnection) -> None:
        await say(connection, *session().break_off(cannot_resume())[1])
        await connection.close(1008)

    with server(dropping, refusing, polite) as url:
        script = """
          const listening = listen();
          made.send(chunk);
          await until(() => heard.flat().includes("reconnected"));
          made.finish();
          await listening;
          """
        messages = talk(blank_page, url, script)
    assert ["reconnected", reconnected("connection lost")] in messages
    assert messages[-1] == "session.ended"


def test_events_have_the_offset_to_the_callers_clock(blank_page: Page) -> None:
    async def dropping(connection: ServerConnection) -> None:
        await say(connection, *session().open()[1])
        await connection.recv()
        await connection.recv()
        await say(connection, SignalDetected("interest", 1.0, "low", "First."))
        connection.transport.abort()

    with server(dropping, polite) as url:
        messages = talk(
            blank_page,
            url,
            """
          const at = [];
          const listening = (async () => {
            for await (const { type, data, offset } of made) {
              if (type === "signal.detected") at.push(offset + data.start);
            }
          })();
          made.send(chunk, 2);
          await until(() => !made.connected);
          await until(() => made.connected);
          made.send(chunk, 60);
          made.finish();
          await listening;
          return at;
          """,
        )
    assert messages == [3, 61]


def test_after_an_idle_timeout_the_next_chunk_reconnects(blank_page: Page) -> None:
    async def impatient(connection: ServerConnection) -> None:
        state, ready = session().open()
        state, over = state.time_over(Problem("ih6003", "Silent."), "idle_timeout")
        await say(connection, *ready, *over, *state.end()[1])

    with server(impatient, polite) as url:
        messages = talk(
            blank_page,
            url,
            """
          const listening = listen();
          await until(() => heard.length && !made.connected);
          await new Promise((resolve) => setTimeout(resolve, 200));
          heard.push(`connected ${made.connected}`);
          made.send(chunk);
          await until(() => made.connected);
          made.finish();
          await listening;
          """,
        )
    assert "connected false" in messages
    assert messages.index("connected false") < messages.index(["reconnected", reconnected("idle_timeout")])


@pytest.mark.parametrize("code", [1008, 4001, 4003, 4029])
def test_a_refusal_is_reported_and_not_retried(blank_page: Page, code: int) -> None:
    connections = 0

    async def refusing(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await say(connection, *session().break_off(Problem("ih2003", "The key does not have the scope."))[1])
        await connection.close(code)

    with server(refusing) as url:
        messages = talk(blank_page, url, "await listen();")
    assert messages == ["refused", "The key does not have the scope. (ih2003)"]
    assert connections == 1


def test_the_client_gives_up_after_the_last_attempt(blank_page: Page) -> None:
    async def fleeting(connection: ServerConnection) -> None:
        await say(connection, *session().open()[1])
        connection.transport.abort()

    async def absent(connection: ServerConnection) -> None:
        connection.transport.abort()

    with server(fleeting, absent) as url:
        messages = talk(blank_page, url, "await listen();")
    assert messages == ["gave up", "The session ended before all results arrived (connection lost)."]


def test_no_server_answers(blank_page: Page) -> None:
    with server(polite) as url:
        blank_page.goto(f"{url}/modules/")
        assert run(blank_page, TALK, {"url": "http://127.0.0.1:1"})[0] == "gave up"


def test_closing_ends_the_iteration(blank_page: Page) -> None:
    with server(polite) as url:
        messages = talk(
            blank_page,
            url,
            "const done = listen(); await until(() => heard.length === 2); made.close(); await done;",
        )
    assert messages == ["session.ready", "session.updated"]


@pytest.mark.parametrize(
    "name", ["webm-vp8-timeslice-3s", "webm-audio-only-timeslice-3s", "mp4-timeslice-3s"]
)
def test_the_header_of_real_recordings(blank_page: Page, recorder: Path, name: str) -> None:
    chunks = [path.read_bytes() for path in sorted((recorder / name).glob("*.bin"))]
    code = """
      return given.chunks.map((chunk) => {
        const header = client.headerOf(Uint8Array.from(atob(chunk), (byte) => byte.charCodeAt(0)).buffer);
        return header && [...new Uint8Array(header)];
      });"""
    sent = [b64encode(chunk).decode() for chunk in (chunks[0], chunks[1][:5000])]
    first, *rest = run(blank_page, code, {"chunks": sent})
    assert rest == [None]
    header = bytes(first)
    assert chunks[0].startswith(header)
    if name.startswith("webm"):
        assert chunks[0][len(header) :].startswith(WEBM_CLUSTER)
    else:
        assert b"moov" in header
        assert b"moof" not in header
