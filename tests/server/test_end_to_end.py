"""Everything at once: real media over a real socket, analysed by real workers."""

import asyncio
import os
import re
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from backchannel.client.cut import cut_file
from tests.media.making import Recipe, make
from tests.server.live import Live, Message

ASK_FOR_ALL = (
    "?include[]=conversation_quality_overall&include%5B%5D=conversation_quality_timeline&include[]=evidence"
)
SIGNAL_TYPES = {
    "agreement",
    "confidence",
    "confusion",
    "disagreement",
    "frustration",
    "hesitation",
    "interest",
    "skepticism",
    "stress",
    "uncertainty",
}


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(120):
            await scenario()

    asyncio.run(bounded())


def test_a_real_clip_segment_by_segment(live: Live, clips: Path) -> None:
    async def scenario() -> None:
        end = 0.0
        types = set()
        async with live.stream(ASK_FOR_ALL) as stream:
            for cut in cut_file(clips / "man-selfie-playful-head-sway.mp4", 5.0):
                processing, result, completed = await stream.ask(cut.data)
                assert processing["bytes"] == len(cut.data)
                assert completed["status"] == "completed"
                check_result(result)
                entry = result["conversation_quality"]["timeline"][0]
                assert entry["start"] == end
                assert abs(entry["end"] - entry["start"] - cut.duration_s) < 0.1
                end = entry["end"]
                types |= {signal["type"] for signal in result["signals"]}
        assert types, "an expressive clip shows something"

    run(scenario)


def check_result(result: Message) -> None:
    (entry,) = result["conversation_quality"]["timeline"]
    start, end = entry["start"], entry["end"]
    for quality in (entry["values"], result["conversation_quality"]["overall"]):
        assert list(quality) == ["quality_index", "clarity", "authority", "energy", "rapport", "learning"]
        assert all(isinstance(score, int) and 0 <= score <= 100 for score in quality.values())
    states = result["engagement_state"]
    assert [state["start"] for state in states] == [start, *(state["end"] for state in states[:-1])]
    assert states[-1]["end"] == end
    assert {state["state"] for state in states} <= {"engaged", "neutral", "disengaged"}
    for signal_ in result["signals"]:
        assert signal_["type"] in SIGNAL_TYPES
        assert signal_["probability"] in {"low", "medium", "high"}
        assert start <= signal_["start"] < signal_["end"] <= end
        assert len(signal_["rationale"]) > 10
        assert signal_["evidence"]
    assert result["signals"] == sorted(result["signals"], key=lambda signal_: signal_["start"])


def test_what_cannot_be_analysed_gets_its_id_and_the_session_goes_on(live: Live) -> None:
    film = make(Recipe(duration_s=4.0))
    fragmented = {"movflags": "frag_keyframe+empty_moov"}

    async def scenario() -> None:
        async with live.stream() as stream:
            assert await stream.error_of(make(Recipe(duration_s=2.0))) == "ih5006"
            # The index of an mp4 is at its end, so half of one is nothing.
            assert await stream.error_of(film[: len(film) // 2]) in {"ih5002", "ih5004"}
            assert await stream.error_of(film[:100]) in {"ih5002", "ih5004"}
            assert len(await stream.ask(film)) == 3
            for container in ("matroska", "webm", "avi", "mpegts", "mpeg", "mov"):
                codecs = {"webm": ("libvpx", "libopus"), "mpeg": ("mpeg1video", "mp2")}
                video, audio = codecs.get(container, ("libx264", "aac"))
                data = make(Recipe(container=container, video=video, audio=audio, duration_s=3.2))
                *_, last = await stream.ask(data)
                assert (container, last["status"]) == (container, "completed")
            *_, last = await stream.ask(make(Recipe(duration_s=3.2, options=fragmented)))
            assert last["status"] == "completed"

    run(scenario)


def test_a_tolerated_short_segment(live: Live) -> None:
    async def scenario() -> None:
        async with live.stream() as stream:
            assert len(await stream.ask(make(Recipe(duration_s=2.8)))) == 3
            _, error = await stream.ask(make(Recipe(duration_s=2.6)))
            assert re.search(r"2\.6", error["message"])

    run(scenario)


@pytest.mark.parametrize("name", ["webm-vp8-timeslice-3s", "webm-vp8-restart-4s", "mp4-timeslice-3s"])
def test_a_browsers_recording_chunk_by_chunk(live: Live, recorder: Path, name: str) -> None:
    async def scenario() -> None:
        end = 0.0
        async with live.stream("?include[]=conversation_quality_timeline") as stream:
            for chunk in sorted((recorder / name).glob("*.bin"))[:3]:
                messages = await stream.ask(chunk.read_bytes())
                statuses = [message["status"] for message in messages]
                assert statuses == ["processing", "result", "completed"], messages
                timeline = messages[1]["conversation_quality"]["timeline"]
                assert messages[1]["engagement_state"] or (not timeline and len(chunk.read_bytes()) < 2000)
                for entry in timeline:
                    assert entry["start"] == end
                    end = entry["end"]
        assert end > 5.0

    run(scenario)


def test_workers_killed_while_they_work_cost_no_segment(live: Live, clips: Path) -> None:
    film = (clips / "man-red-shirt-short-intro.mp4").read_bytes()

    async def scenario() -> None:
        async with live.stream() as stream:
            await stream.socket.send(film)
            assert (await stream.receive())["status"] == "processing"
            for pid in live.engine.worker_ids:
                os.kill(pid, signal.SIGKILL)
            assert [(await stream.receive())["status"] for _ in range(2)] == ["result", "completed"]

    run(scenario)
