"""Jobs over real connections: how they begin, stand, end, expire and survive."""

import asyncio
import os
import re
import signal
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from backchannel.store import UPLOAD_SCOPE, open_store
from backchannel.store.runners import LONG_AGO
from tests.media.making import Recipe, make
from tests.server.apart import apart
from tests.server.live import Live, running
from tests.server.uploads.test_upload import MP4, WAV, post, told

V2 = "/v2/upload/analyze"
VIDEO_S = 0.1  # of each file, as the workers of these tests say
AUDIO = {"model": "inter-2-audio"}


def submit(live: Live, file: bytes | None, **fields: Any) -> httpx.Response:
    return post(live, file, V2, {"model": "inter-2", **fields})


def show(live: Live, status_url: str, key: str = "") -> httpx.Response:
    headers = {"Authorization": f"Bearer {key or live.key}"}
    return httpx.get(live.http + status_url, headers=headers, timeout=60)


def test_a_real_file_answered_while_its_client_waits(live: Live) -> None:
    film = make(Recipe(duration_s=11.5))
    include = ["signals", "conversation_quality_overall", "conversation_quality_timeline", "evidence", "x"]
    answer = submit(live, film, **{"wait_seconds": "120", "include[]": include})
    assert answer.status_code == 200, answer.text
    job = answer.json()
    assert list(job) == [
        "job_id",
        "status",
        "model",
        "created_at",
        "expires_at",
        "status_url",
        "result",
    ]
    assert re.fullmatch("[0-9a-f]{32}", job["job_id"])
    assert (job["status"], job["model"]) == ("completed", "inter-2")
    assert job["status_url"] == f"/v2/upload/jobs/{job['job_id']}"
    created, expires = (datetime.fromisoformat(job[name]) for name in ("created_at", "expires_at"))
    assert expires - created == timedelta(hours=1)
    result = job["result"]
    assert result["window_seconds"] == 5
    assert abs(result["duration_seconds"] - 11.5) < 0.1
    assert [window["index"] for window in result["windows"]] == [0, 1, 2]
    assert [window["start_seconds"] for window in result["windows"]] == [0, 5, 10]
    assert result["windows"][-1]["end_seconds"] == result["duration_seconds"]
    assert result["signals"] == []
    assert set(result["conversation_quality"]) == {"overall", "timeline"}
    assert show(live, job["status_url"]).json() == job
    assert "null" not in answer.text.replace('"face_share":null', "").replace('"speech_share":null', "")


@pytest.mark.slow
def test_signals_span_their_window_and_merge_over_the_file(live: Live, clips: Path) -> None:
    film = (clips / "man-selfie-playful-head-sway.mp4").read_bytes()
    full = submit(live, film, **{"wait_seconds": "120", "include[]": "signals"}).json()["result"]
    assert "conversation_quality" not in full
    seen = 0
    for window in full["windows"]:
        types = [signal["type"] for signal in window["signals"]]
        assert len(set(types)) == len(types)
        for told_ in window["signals"]:
            seen += 1
            assert (told_["start"], told_["end"]) == (window["start_seconds"], window["end_seconds"])
            assert "modality" not in told_
    assert seen
    assert len(full["signals"]) <= seen
    assert [one["start"] for one in full["signals"]] == sorted(one["start"] for one in full["signals"])


def test_the_model_that_listens_takes_sound_files_and_reports_what_can_be_heard(live: Live) -> None:
    for container, codec in (
        ("wav", "pcm_s16le"),
        ("flac", "flac"),
        ("mp3", "libmp3lame"),
        ("ipod", "aac"),
        ("ogg", "libopus"),
        ("mp4", "aac"),
    ):
        sound = make(Recipe(container=container, video="", audio=codec, duration_s=4.0))
        answer = submit(live, sound, **AUDIO, wait_seconds="120")
        assert (container, answer.json()["status"]) == (container, "completed"), answer.text
        assert answer.json()["result"]["coverage"]["picture"] is False
    film = submit(live, make(Recipe(duration_s=4.0)), **AUDIO, wait_seconds="120")
    assert film.json()["result"]["coverage"]["picture"] is False


def test_what_is_wrong_is_said_at_once_and_no_job_begins(live: Live) -> None:
    film = make(Recipe(duration_s=4.0))
    silent = make(Recipe(duration_s=4.0, audio=""))
    sound = make(Recipe(duration_s=4.0, video=""))
    short = make(Recipe(duration_s=2.0))
    for file, fields, expected in (
        (silent, {}, (422, "ih5008")),
        (silent, AUDIO, (422, "ih5008")),
        (sound, {}, (422, "ih5001")),
        (short, {}, (400, "ih4007")),
        (film[: len(film) // 2], {}, (422, "ih5002")),
        (WAV, {}, (400, "ih4002")),
        (b"nothing", AUDIO, (400, "ih4002")),
        (None, {}, (400, "ih4001")),
    ):
        assert told(submit(live, file, **fields)) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"model": ""},
        {"model": "inter-2-deep"},
        {"model": ["inter-2", "inter-2"]},
        {"wait_seconds": "121"},
        {"wait_seconds": "-1"},
        {"wait_seconds": "soon"},
        {"wait_seconds": "nan"},
    ],
)
def test_a_bad_parameter_is_named(faulty_live: Live, fields: dict[str, Any]) -> None:
    answer = submit(faulty_live, MP4, **fields)
    assert told(answer) == (400, "ih4005")
    assert next(iter(fields)) in answer.json()["message"]


def test_a_model_is_required(faulty_live: Live) -> None:
    assert told(post(faulty_live, MP4, V2)) == (400, "ih4005")


def test_a_job_from_queue_to_end(faulty_live: Live, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    slow = submit(faulty_live, MP4 + b"|wait " + os.fsencode(gate))
    assert slow.status_code == 202
    job = slow.json()
    assert job["status"] in {"queued", "running"}
    assert not {"result", "error"} & set(job)
    again = submit(faulty_live, MP4 + b"|wait " + os.fsencode(gate), wait_seconds="0.05")
    assert again.status_code == 202
    gate.touch()
    assert submit(faulty_live, MP4, wait_seconds="60").status_code == 200
    done = show(faulty_live, job["status_url"]).json()
    assert done["status"] == "completed"
    assert (done["created_at"], done["expires_at"]) == (job["created_at"], job["expires_at"])


def test_a_job_that_fails_says_why_in_the_usual_words(faulty_live: Live) -> None:
    answer = submit(faulty_live, MP4 + b"|raise", wait_seconds="60")
    assert answer.status_code == 200
    job = answer.json()
    assert (job["status"], job["error"]["error_id"]) == ("failed", "ih1001")
    assert list(job["error"]) == ["error_id", "correlation_id", "link", "message", "retryable"]
    assert job["error"]["correlation_id"] == answer.headers["x-correlation-id"]
    assert "result" not in job


def test_nobody_else_sees_a_job(faulty_live: Live) -> None:
    job = submit(faulty_live, MP4, wait_seconds="60").json()
    _, other = faulty_live.store.keys.create("other", [UPLOAD_SCOPE])
    assert told(show(faulty_live, job["status_url"], other)) == (404, "ih4021")
    assert told(show(faulty_live, "/v2/upload/jobs/" + "0" * 32)) == (404, "ih4021")
    assert told(show(faulty_live, job["status_url"], "wrong")) == (401, "ih2001")


def test_a_key_has_so_many_jobs_and_a_place_is_free_again_when_one_ends(
    workers_find_the_tests: None, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with running(data, "tests.engine.faulty", uploads_held=2, jobs_per_key=3, file_workers=1) as live:
        gate = tmp_path / "gate"
        waiting = MP4 + b"|wait " + os.fsencode(gate)
        jobs = [submit(live, waiting) for _ in range(2)]
        assert [job.status_code for job in jobs] == [202, 202]
        full = submit(live, MP4)
        assert told(full) == (503, "ih1002")
        assert int(full.headers["retry-after"]) > 0
        gate.touch()
        third = submit(live, MP4, wait_seconds="60")
        while third.status_code == 503:  # until one of the two has ended
            third = submit(live, MP4, wait_seconds="60")
        assert third.status_code == 200
        assert told(submit(live, MP4)) == (503, "ih1002")


# --- what survives ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_job_outlives_its_server_as_one_that_was_interrupted(
    workers_find_the_tests: None, tmp_path: Path, how: signal.Signals
) -> None:
    with open_store(tmp_path) as store:
        made, key = store.keys.create("test")
        key_id = made.id
        headers = {"Authorization": f"Bearer {key}"}

        def send(base_url: str, command: bytes, wait: str) -> dict[str, Any]:
            answer = httpx.post(
                base_url + V2,
                files={"file": MP4 + command},
                data={"model": "inter-2", "wait_seconds": wait},
                headers=headers,
                timeout=60,
            )
            assert answer.status_code in {200, 202}, answer.text
            body: dict[str, Any] = answer.json()
            return body

        with apart(tmp_path) as server:
            url = server.http
            done = send(url, b"|hello", "60")
            gate = tmp_path / "gate"
            lost = send(url, b"|wait " + os.fsencode(gate), "0")
            server.process.send_signal(how)
            server.process.wait(30)
            gate.touch()  # a worker whose server was killed ends when it has done its work
        if how is signal.SIGKILL:
            # What was killed cannot say so: it is known by its silence, which need not be waited for here.
            later = datetime.now().astimezone() + LONG_AGO + timedelta(seconds=60)
            with open_store(tmp_path, lambda: later) as later_store:
                later_store.places.beat()
        with apart(tmp_path) as server:
            url = server.http
            assert httpx.get(url + done["status_url"], headers=headers).json() == done
            answer = httpx.get(url + lost["status_url"], headers=headers).json()
            assert (answer["status"], answer["error"]["error_id"]) == ("failed", "ih1004")
            assert answer["error"]["retryable"] is True
            with open_store(tmp_path) as again:
                assert again.usage.used(key_id).video_s == pytest.approx(VIDEO_S), "the lost one is free"


def test_stopping_does_not_wait_for_those_who_wait(workers_find_the_tests: None, tmp_path: Path) -> None:
    async def scenario() -> None:
        started = asyncio.get_running_loop().time()
        with running(tmp_path, "tests.engine.faulty") as live:
            waiting = asyncio.create_task(asyncio.to_thread(submit, live, MP4 + b"|hang", wait_seconds="120"))
            while not live.engine.file_worker_ids:
                await asyncio.sleep(0.01)
        answer = await waiting
        assert answer.status_code == 202
        assert asyncio.get_running_loop().time() - started < 30

    asyncio.run(scenario())
