"""The vendor's own client, unmodified, against our streams: only `base_url` is changed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from interhumanai import InterhumanError
from interhumanai.auth import StaticTokenProvider
from interhumanai.stream import (
    ConversationQualityUpdatedEvent,
    CoverageDegradedEvent,
    CoverageDroppedEvent,
    EngagementUpdatedEvent,
    ErrorEvent,
    SessionEndedEvent,
    SessionReadyEvent,
    SessionUpdatedEvent,
    SignalDetectedEvent,
    SignalEndedEvent,
    StreamApiVersion,
    StreamClient,
    StreamEvent,
    UnknownEvent,
)
from interhumanai.types import RawAudioFormat
from websockets.exceptions import InvalidStatus

from backchannel.media.decode import decode_audio
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.store import UPLOAD_SCOPE
from backchannel.values import MediaLimits
from tests.server.live import Live

BOTH = ["conversation_quality_overall", "conversation_quality_timeline"]
RECORDED = ("webm-vp9-timeslice-1s", "mp4-timeslice-3s", "webm-vp8-restart-4s", "webm-h264-timeslice-5s")
HEARD = {"agreement", "confidence", "frustration", "hesitation", "interest", "uncertainty"}


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(120):
            await scenario()

    asyncio.run(bounded())


def client(live: Live, version: StreamApiVersion, key: str = "", **options: Any) -> StreamClient:
    provider = StaticTokenProvider(key or live.key)
    return StreamClient(token_provider=provider, base_url=live.http, api_version=version, **options)


def chunks_of(recorder: Path, name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((recorder / name).glob("*.bin"))]


async def converse(stream: StreamClient, chunks: Sequence[bytes], **config: Any) -> list[StreamEvent]:
    """Send everything and hear the session to its end."""
    async with stream:
        ready = await stream.wait_for_session_ready()
        assert isinstance(ready, SessionReadyEvent)
        await stream.update_config(**config)
        for chunk in chunks:
            await stream.send_video(chunk)
        await stream.request_close()
        said = [event async for event in stream]
    assert not any(isinstance(event, UnknownEvent) for event in said)
    assert stream.close_info is not None
    assert stream.close_info.code == 1000
    return said


def check(said: Sequence[StreamEvent], version: StreamApiVersion) -> None:
    """What must hold of every session."""
    assert isinstance(said[0], SessionReadyEvent)
    assert isinstance(said[-1], SessionEndedEvent)
    assert said[-1].data.reason == "client_shutdown"
    assert len({event.correlation_id for event in said if not isinstance(event, UnknownEvent)}) == 1
    active: dict[str, float] = {}
    for event in said:
        match event:
            case SignalDetectedEvent():
                assert event.data.signal_type.value not in active
                assert (event.data.modality is None) == (version == "v2")
                assert event.data.rationale
                active[event.data.signal_type.value] = event.data.start
            case SignalEndedEvent():
                assert active.pop(event.data.signal_type.value) <= event.data.end
    assert not active


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("name", RECORDED)
def test_a_browsers_recording(live: Live, captures: Path, version: StreamApiVersion, name: str) -> None:
    follow_recording(live, captures, version, name)


@pytest.mark.parametrize("name", RECORDED)
def test_a_browsers_recording_of_a_real_person(live: Live, recordings: Path, name: str) -> None:
    # A person who speaks in short phrases need not show a signal.
    follow_recording(live, recordings, "v2", name, signals=False)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_policy_behaviour_changes_nothing_that_the_client_relies_on(
    live: Live, captures: Path, version: StreamApiVersion
) -> None:
    _, key = live.store.keys.create("school", policy="behaviour")
    name = next(iter(RECORDED))

    async def scenario() -> None:
        said = await converse(client(live, version, key), chunks_of(captures, name), include=BOTH)
        check(said, version)
        signals = [event.data.signal_type.value for event in said if isinstance(event, SignalDetectedEvent)]
        assert set(signals) <= {"agreement", "disagreement", "hesitation"}
        assert any(isinstance(event, EngagementUpdatedEvent) for event in said)
        assert any(isinstance(event, ConversationQualityUpdatedEvent) for event in said)

    run(scenario)


def follow_recording(
    live: Live, recorder: Path, version: StreamApiVersion, name: str, *, signals: bool = True
) -> None:
    async def scenario() -> None:
        said = await converse(client(live, version), chunks_of(recorder, name), include=BOTH)
        check(said, version)
        (updated,) = (event for event in said if isinstance(event, SessionUpdatedEvent))
        assert [flag.value for flag in updated.data.include] == BOTH
        assert (updated.data.model is None) == (version == "v1")
        assert any(isinstance(event, SignalDetectedEvent) for event in said) or not signals
        assert any(isinstance(event, EngagementUpdatedEvent) for event in said)
        assert not any(isinstance(event, ErrorEvent | CoverageDroppedEvent) for event in said)
        quality = [event.data for event in said if isinstance(event, ConversationQualityUpdatedEvent)]
        entries = [entry for data in quality for entry in data.timeline or []]
        assert [entry.start for entry in entries] == [0, *(entry.end for entry in entries[:-1])]
        assert entries[-1].end > 9
        assert all(data.overall is not None for data in quality)

    run(scenario)


def test_only_what_was_asked_for(live: Live, captures: Path) -> None:
    async def scenario() -> None:
        said = await converse(client(live, "v2"), chunks_of(captures, "webm-vp9-timeslice-1s")[:6])
        assert not any(isinstance(event, ConversationQualityUpdatedEvent) for event in said)

    run(scenario)


def test_a_lost_chunk(live: Live, captures: Path) -> None:
    chunks = chunks_of(captures, "webm-vp9-timeslice-1s")

    async def scenario() -> None:
        said = await converse(client(live, "v2"), [*chunks[:4], *chunks[5:]], include=BOTH)
        check(said, "v2")
        (dropped,) = (event.data for event in said if isinstance(event, CoverageDroppedEvent))
        ((start, end),) = ((gap.start, gap.end) for gap in dropped.ranges)
        assert [start, end] == pytest.approx([4.0, 5.1], abs=0.05)
        (degraded,) = (event.data for event in said if isinstance(event, CoverageDegradedEvent))
        ((start, end),) = ((gap.start, gap.end) for gap in degraded.ranges)
        assert [start, end] == pytest.approx([5.1, 6.73], abs=0.05), "up to the next key frame"
        entries = [
            entry
            for event in said
            if isinstance(event, ConversationQualityUpdatedEvent)
            for entry in event.data.timeline or []
        ]
        assert [round(entry.start, 1) for entry in entries] == [0.0, 5.1, 10.1], "the clock is kept"

    run(scenario)


def test_who_only_listens(live: Live, captures: Path) -> None:
    async def scenario() -> None:
        for name in ("webm-vp8-timeslice-3s", "webm-audio-only-timeslice-3s"):
            stream = client(live, "v2", model="inter-2-audio")
            said = await converse(stream, chunks_of(captures, name))
            check(said, "v2")
            assert not any(isinstance(event, ErrorEvent) for event in said)
            types = {event.data.signal_type.value for event in said if isinstance(event, SignalDetectedEvent)}
            assert types
            assert types <= HEARD

    run(scenario)


@pytest.mark.parametrize("rate_hz", [16_000, 24_000])
def test_raw_samples_cut_at_any_byte_say_what_their_recording_says(
    live: Live, captures: Path, rate_hz: int
) -> None:
    raw = samples(chunks_of(captures, "webm-audio-only-timeslice-3s"), rate_hz)

    async def scenario() -> None:
        stream = client(live, "v2", model="inter-2-audio")
        audio_format = RawAudioFormat(sample_rate=rate_hz)  # type: ignore[arg-type]
        pieces = [raw[at : at + 6_401] for at in range(0, len(raw), 6_401)]
        said = await converse(stream, pieces, audio_format=audio_format)
        check(said, "v2")
        recorded = await converse(
            client(live, "v2", model="inter-2-audio"), chunks_of(captures, "webm-audio-only-timeslice-3s")
        )
        assert signals(said) == signals(recorded)

    run(scenario)


def samples(chunks: Sequence[bytes], rate_hz: int) -> bytes:
    """The sound of a recording as raw samples."""
    _, segment = continue_stream(StreamState(), b"".join(chunks))
    assert segment is not None
    sound = decode_audio(segment, MediaLimits())
    assert sound is not None
    count = round(len(sound.samples) * rate_hz / 16_000)
    positions = [k * 16_000 / rate_hz for k in range(count)]
    at_rate = np.interp(positions, np.arange(sound.samples.size), sound.samples)
    return (np.clip(at_rate, -1, 1) * 32767).astype("<i2").tobytes()


def signals(said: Sequence[StreamEvent]) -> list[tuple[str, int, int]]:
    """Type, start and end of each signal, to a fifth of a second."""
    starts: dict[str, float] = {}
    told = []
    for event in said:
        if isinstance(event, SignalDetectedEvent):
            starts[event.data.signal_type.value] = event.data.start
        if isinstance(event, SignalEndedEvent):
            name = event.data.signal_type.value
            told.append((name, round(starts[name] * 2), round(event.data.end * 2)))
    return sorted(told)


# --- errors ----------------------------------------------------------------------------------------


def test_a_bad_key(live: Live) -> None:
    async def scenario() -> None:
        with pytest.raises(InterhumanError, match="401") as caught:
            await client(live, "v2", "bk_live_nonsense").connect()
        cause = caught.value.__cause__
        assert isinstance(cause, InvalidStatus)
        assert b'"error_id":"ih2001"' in (cause.response.body or b"")

    run(scenario)


async def reason_of(stream: StreamClient) -> tuple[str, str, int]:
    """What a refused session is told: the exception's text, the error's code, the close code."""
    async with stream:
        with pytest.raises(InterhumanError) as caught:
            await stream.wait_for_session_ready()
        (error,) = [event async for event in stream]
        assert isinstance(error, ErrorEvent)
        assert stream.close_info is not None
        return str(caught.value), error.data.code, stream.close_info.code


def test_a_bad_model(live: Live) -> None:
    async def scenario() -> None:
        text, code, closed = await reason_of(client(live, "v2", model="inter-9"))
        assert "ih4005" in text
        assert (code, closed) == ("ih4005", 1008)

    run(scenario)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_key_without_the_scope(live: Live, version: StreamApiVersion) -> None:
    async def scenario() -> None:
        _, key = live.store.keys.create("upload", [UPLOAD_SCOPE])
        text, code, closed = await reason_of(client(live, version, key))
        assert "ih2003" in text
        assert (code, closed) == ("ih2003", 4003)

    run(scenario)


def test_errors_that_end_nothing(live: Live) -> None:
    async def scenario() -> None:
        stream = client(live, "v2")
        async with stream:
            await stream.wait_for_session_ready()
            await stream.update_config(model="inter-9")
            await stream.send_video(b"no media")
            await stream.update_config(include=BOTH)
            await stream.request_close()
            said = [event async for event in stream]
        errors = [(event.data.code, event.data.segment) for event in said if isinstance(event, ErrorEvent)]
        assert errors == [("ih6001", None), ("ih5004", 1)]
        assert isinstance(said[-1], SessionEndedEvent)

    run(scenario)
