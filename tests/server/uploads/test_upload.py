"""Uploads over real connections. How well a file is analysed is tested elsewhere."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from backchannel.store import STREAM_SCOPE
from tests.media.making import Recipe, make
from tests.server.live import Live, running

LIMIT = 33_554_432
MP4 = b"\0\0\0\x18ftypisom\0\0\0\0isommp41|"
"""What is seen of a container; what the faulty analysis is to do stands behind the bar."""
WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80\x3e\0\0\0\x7d\0\0\2\0\x10\0data\0\0\0\0"
V1 = "/v1/upload/analyze"


def post(
    live: Live,
    file: bytes | None,
    path: str = V1,
    fields: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    parts: dict[str, Any] = {"other": (None, b"x")} if file is None else {"file": ("video", file)}
    headers = {"Authorization": f"Bearer {live.key}"} if headers is None else headers
    return httpx.post(live.http + path, files=parts, data=fields, headers=headers, timeout=60)


def told(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["correlation_id"] == answer.headers["x-correlation-id"]
    assert list(body)[:5] == ["error_id", "correlation_id", "link", "message", "retryable"]
    return answer.status_code, body["error_id"]


def test_a_real_file_in_one_request(live: Live) -> None:
    film = make(Recipe(duration_s=6.0))
    fields = {"include[]": ["conversation_quality_timeline", "nonsense"], "goal_dimensions[]": "x"}
    answer = post(live, film, fields=fields)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert {"signals", "engagement_state", "conversation_quality"} <= set(body)
    assert set(body["conversation_quality"]) == {"overall", "timeline"}
    assert body["engagement_state"][0]["start"] == 0
    assert abs(body["engagement_state"][-1]["end"] - 6.0) < 0.1


@pytest.mark.slow
def test_a_real_face_says_with_which_modality(live: Live, clips: Path) -> None:
    answer = post(live, (clips / "man-selfie-playful-head-sway.mp4").read_bytes())
    signals = answer.json()["signals"]
    assert signals
    assert all(set(signal["modality"]) <= {"visual", "audio"} for signal in signals)
    assert signals == sorted(signals, key=lambda signal: signal["start"])
    assert "conversation_quality" not in answer.json()


def test_every_container_and_what_is_none(live: Live) -> None:
    codecs = {"webm": ("libvpx", "libopus"), "mpeg": ("mpeg1video", "mp2")}
    for container in ("matroska", "webm", "avi", "mpegts", "mpeg", "mov", "mp4"):
        video, audio = codecs.get(container, ("libx264", "aac"))
        film = make(Recipe(container=container, video=video, audio=audio, duration_s=3.2))
        assert (container, post(live, film).status_code) == (container, 200)
    film = make(Recipe(duration_s=4.0))
    assert told(post(live, film[: len(film) // 2])) == (422, "ih5002")
    assert told(post(live, make(Recipe(duration_s=2.0)))) == (400, "ih4007")


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (None, (400, "ih4001")),
        (b"", (400, "ih4001")),
        (b"MZ this is a program", (400, "ih4002")),
        (WAV, (400, "ih4002")),
        (MP4 + b"refuse", (400, "ih4007")),
        (MP4 + b"raise", (500, "ih1001")),
        (MP4 + b"x" * (LIMIT - len(MP4)), (200, "")),
        (MP4 + b"x" * (LIMIT - len(MP4) + 1), (413, "ih4003")),
        (MP4 + b"x" * (LIMIT + 2_000_000), (413, "ih4003")),
    ],
)
def test_what_is_refused_and_how(faulty_live: Live, file: bytes | None, expected: tuple[int, str]) -> None:
    answer = post(faulty_live, file)
    if expected[0] == 200:
        assert answer.status_code == 200
    else:
        assert told(answer) == expected


def test_who_is_refused(faulty_live: Live) -> None:
    film = MP4 + b"x" * 3_000_000
    _, stream_only = faulty_live.store.keys.create("stream", [STREAM_SCOPE])
    for headers, expected in (
        ({}, (401, "ih2002")),
        ({"Authorization": "Bearer wrong"}, (401, "ih2001")),
        ({"Authorization": f"Bearer {stream_only}"}, (403, "ih2003")),
    ):
        answer = post(faulty_live, film, headers=headers)
        assert told(answer) == expected
        assert (answer.headers.get("www-authenticate") == "Bearer") == (expected[0] == 401)


def test_a_body_that_is_no_form(faulty_live: Live) -> None:
    headers = {"Authorization": f"Bearer {faulty_live.key}"}
    for kind, body, expected in (
        ("application/json", b"{}", "ih4001"),
        ("multipart/form-data", b"", "ih4001"),
        ("multipart/form-data; boundary=b", b"nothing of the kind", "ih4005"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nbreaks',
            "ih4005",
        ),
    ):
        answer = httpx.post(faulty_live.http + V1, content=body, headers={**headers, "Content-Type": kind})
        assert told(answer) == (400, expected)


def run(scenario: Any) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await scenario()

    asyncio.run(bounded())


async def request_bytes(live: Live, length: int) -> bytes:
    head = (
        f"POST {V1} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {live.key}\r\nContent-Length: {length}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    return head.encode()


def test_a_file_that_is_too_large_by_its_own_account_is_refused_before_it_is_read(faulty_live: Live) -> None:
    async def scenario() -> None:
        port = faulty_live.settings.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(await request_bytes(faulty_live, 10**12))
        status = await reader.readline()
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 413 " in status
        assert b"connection: close" in head.lower()
        body = json.loads(
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split()[0]))
        )
        assert body["error_id"] == "ih4003"
        writer.close()

    run(scenario)


def test_a_client_that_stalls_or_leaves_holds_no_place(workers_find_the_tests: None, tmp_path: Path) -> None:
    with running(tmp_path, "tests.engine.faulty", uploads_held=1, upload_idle_s=0.3) as live:

        async def scenario() -> None:
            for _ in range(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", live.settings.port)
                writer.write(await request_bytes(live, 1000))
                assert b" 408 " in await reader.readline()
                writer.close()
            _, writer = await asyncio.open_connection("127.0.0.1", live.settings.port)
            body = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + MP4 + b"hang\r\n--b--\r\n"
            writer.write(await request_bytes(live, len(body)) + body)
            while not live.engine.file_worker_ids:
                await asyncio.sleep(0.01)
            (pid,) = live.engine.file_worker_ids
            assert told(await asyncio.to_thread(post, live, MP4)) == (503, "ih1002")
            writer.close()
            while live.engine.file_worker_ids == (pid,):
                await asyncio.sleep(0.01)
            assert (await asyncio.to_thread(post, live, MP4)).status_code == 200

        run(scenario)


def test_a_file_worker_that_dies_costs_the_client_nothing(faulty_live: Live, tmp_path: Path) -> None:
    assert post(faulty_live, MP4 + b"|die-once " + os.fsencode(tmp_path / "died")).status_code == 200
    assert told(post(faulty_live, MP4 + b"|die")) == (500, "ih1001")
