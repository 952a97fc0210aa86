"""The vendor's own client, unmodified, on our realtime stream: only `base_url` is changed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from interhumanai import InterhumanClient, InterhumanError
from interhumanai.auth import StaticTokenProvider
from interhumanai.realtime import (
    NO_GUIDANCE,
    RealtimeClient,
    RealtimeEvent,
    RealtimeRecommendationGeneratedEvent,
    RealtimeSessionReadyEvent,
    RealtimeSessionUpdatedEvent,
    RealtimeSignalDetectedEvent,
    RealtimeSignalUpdatedEvent,
    TranscriptGeneratedEvent,
    TranscriptSegment,
    UnknownEvent,
)
from interhumanai.stream import ErrorEvent, SessionEndedEvent, SignalEndedEvent
from interhumanai.types import AnalysisGroup, GoalDimension, RealtimeRecommendationFrequency, Scope

from backchannel.store import STREAM_SCOPE
from tests.server.live import Live

RECORDED = "webm-vp9-timeslice-1s"


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(120):
            await scenario()

    asyncio.run(bounded())


def client(live: Live, key: str = "") -> RealtimeClient:
    return RealtimeClient(token_provider=StaticTokenProvider(key or live.key), base_url=live.http)


def chunks_of(recorder: Path, name: str = RECORDED) -> list[bytes]:
    return [path.read_bytes() for path in sorted((recorder / name).glob("*.bin"))]


async def to_the_end(stream: RealtimeClient, chunks: Sequence[bytes]) -> list[RealtimeEvent]:
    for chunk in chunks:
        await stream.send_video(chunk)
    await stream.request_close()
    events = [event async for event in stream]
    assert stream.close_info is not None
    assert stream.close_info.code == 1000
    assert not any(isinstance(event, UnknownEvent) for event in events)
    assert isinstance(events[-1], SessionEndedEvent)
    return events


def signals_of(events: Sequence[RealtimeEvent]) -> list[RealtimeSignalDetectedEvent]:
    """Signals that were detected; each one must end, and be updated only in between."""
    active: set[str] = set()
    detected = []
    for event in events:
        match event:
            case RealtimeSignalDetectedEvent():
                assert event.data.signal_type.value not in active
                active.add(event.data.signal_type.value)
                detected.append(event)
            case RealtimeSignalUpdatedEvent():
                assert event.data.signal_type.value in active
            case SignalEndedEvent():
                active.remove(event.data.signal_type.value)
    assert not active
    return detected


def test_the_vendors_example_flow(live: Live, captures: Path) -> None:
    async def scenario() -> None:
        stream = client(live)
        async with stream:
            ready = await stream.wait_for_session_ready()
            assert isinstance(ready, RealtimeSessionReadyEvent)
            options = ready.data.supported_session_config_options
            assert options.analysis_groups == [AnalysisGroup.VISUAL, AnalysisGroup.AUDIO]
            assert options.realtime_recommendation_frequency == list(RealtimeRecommendationFrequency)
            await stream.update_config(
                analysis_groups=[AnalysisGroup.VISUAL, AnalysisGroup.AUDIO],
                realtime_recommendation_frequency=RealtimeRecommendationFrequency.HIGH,
                realtime_recommendation_instructions="Help the interviewer.",
                goal_dimensions=[GoalDimension.RAPPORT, GoalDimension.ENERGY],
            )
            await stream.send_transcript([TranscriptSegment(start=0.5, end=2.0, text="Hello.", speaker=1)])
            events = await to_the_end(stream, chunks_of(captures))
        (updated,) = (event.data for event in events if isinstance(event, RealtimeSessionUpdatedEvent))
        assert updated.realtime_recommendation_instructions == "Help the interviewer."
        assert updated.realtime_recommendation_frequency is RealtimeRecommendationFrequency.HIGH
        assert updated.analysis_groups == [AnalysisGroup.VISUAL, AnalysisGroup.AUDIO]
        detected = signals_of(events)
        assert detected
        assert all(set(event.data.modality) <= {"visual", "audio"} for event in detected)
        assert not any(isinstance(event, ErrorEvent) for event in events)
        advice = [event.data for event in events if isinstance(event, RealtimeRecommendationGeneratedEvent)]
        assert [one.start for one in advice] == [0, *(one.end for one in advice[:-1])]
        assert all(one.end - one.start == pytest.approx(10, abs=1.1) for one in advice)
        assert any(one.text != NO_GUIDANCE for one in advice)

    run(scenario)


def test_a_recording_of_a_real_person(live: Live, recordings: Path) -> None:
    async def scenario() -> None:
        stream = client(live)
        async with stream:
            await stream.update_config(
                realtime_recommendation_frequency="high", realtime_recommendation_instructions="Coach."
            )
            events = await to_the_end(stream, chunks_of(recordings))
        signals_of(events)
        assert not any(isinstance(event, ErrorEvent) for event in events)
        assert any(isinstance(event, RealtimeRecommendationGeneratedEvent) for event in events)

    run(scenario)


def test_without_instructions_or_goals_there_is_no_guidance(live: Live, captures: Path) -> None:
    async def scenario() -> None:
        stream = client(live)
        async with stream:
            await stream.update_config(realtime_recommendation_frequency="high")
            events = await to_the_end(stream, chunks_of(captures))
        assert not any(isinstance(event, RealtimeRecommendationGeneratedEvent) for event in events)
        (updated,) = (event.data for event in events if isinstance(event, RealtimeSessionUpdatedEvent))
        assert updated.realtime_recommendation_instructions is None

    run(scenario)


@pytest.mark.parametrize("group", ["visual", "audio"])
def test_only_the_chosen_group_is_analysed(live: Live, captures: Path, group: str) -> None:
    async def scenario() -> None:
        stream = client(live)
        async with stream:
            await stream.update_config(analysis_groups=[group])
            events = await to_the_end(stream, chunks_of(captures))
        assert {part for event in signals_of(events) for part in event.data.modality} == {group}

    run(scenario)


def test_a_stream_without_a_picture(live: Live, captures: Path) -> None:
    chunks = chunks_of(captures, "webm-audio-only-timeslice-3s")

    async def scenario() -> None:
        stream = client(live)
        async with stream:
            await stream.update_config(analysis_groups=["audio"])
            assert signals_of(await to_the_end(stream, chunks))
        stream = client(live)
        async with stream:
            await stream.update_config(analysis_groups=["visual"])
            events = await to_the_end(stream, chunks)
            assert not signals_of(events)
            assert {event.data.code for event in events if isinstance(event, ErrorEvent)} == {"ih5001"}

    run(scenario)


def test_a_clients_own_transcript_is_what_guidance_quotes(live: Live, captures: Path) -> None:
    asked = TranscriptSegment(start=0.4, end=2.4, text="Sorry, what do you mean by that?")

    async def scenario() -> None:
        stream = client(live)
        async with stream:
            await stream.update_config(
                realtime_recommendation_frequency="high", realtime_recommendation_instructions="Coach."
            )
            await stream.send_transcript([TranscriptSegment(start=0.4, end=1.0, text="Sorry")])
            await stream.send_transcript([asked])
            events = await to_the_end(stream, chunks_of(captures))
        advice = [event.data for event in events if isinstance(event, RealtimeRecommendationGeneratedEvent)]
        assert advice[0].text == "Answer this before you go on: the person asked “what do you mean”."
        assert not any(isinstance(event, TranscriptGeneratedEvent) for event in events)

    run(scenario)


def test_a_bad_configuration_ends_nothing(live: Live) -> None:
    async def scenario() -> None:
        stream = client(live)
        async with stream:
            await stream.update_config(analysis_groups=[])
            await stream.update_config(analysis_groups=["smell"])
            await stream.update_config(realtime_recommendation_frequency="hourly")
            await stream.update_config(goal_dimensions=["wealth"])
            await stream.update_config()
            events = await to_the_end(stream, [])
        errors = [event.data for event in events if isinstance(event, ErrorEvent)]
        assert [error.code for error in errors] == ["ih6001"] * 4
        assert not any("smell" in error.message for error in errors)
        assert len([event for event in events if isinstance(event, RealtimeSessionUpdatedEvent)]) == 1

    run(scenario)


def test_a_key_without_the_scope(live: Live) -> None:
    _, key = live.store.keys.create("streams", [STREAM_SCOPE])

    async def scenario() -> None:
        stream = client(live, key)
        async with stream:
            with pytest.raises(InterhumanError, match="ih2003"):
                await stream.wait_for_session_ready()
            await stream.wait_closed()
            assert stream.close_info is not None
            assert stream.close_info.code == 4003

    run(scenario)


def test_a_client_token_of_the_vendors_client(live: Live, captures: Path) -> None:
    async def scenario() -> None:
        auth = InterhumanClient(access_token=live.key, base_url=live.http).auth
        minted = await auth.create_client_token(api_key=live.key, scopes=[Scope.REALTIME])
        assert minted.scope == "interhumanai.realtime"
        stream = InterhumanClient(access_token=minted.access_token, base_url=live.http).realtime()
        async with stream:
            assert signals_of(await to_the_end(stream, chunks_of(captures)))

    run(scenario)


def test_the_older_spelling_of_the_path(live: Live, captures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RealtimeClient, "_endpoint_path", "/v0/real-time/analyze")

    async def scenario() -> None:
        stream = client(live)
        async with stream:
            assert signals_of(await to_the_end(stream, chunks_of(captures)))

    run(scenario)
