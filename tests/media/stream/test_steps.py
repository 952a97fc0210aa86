"""Steps in the time of a WebM stream: pauses inside a message, slow pictures, clocks that go back."""

import math
import random
import time
from itertools import pairwise

import pytest

from backchannel.media.decode import decode_frames, probe
from backchannel.media.stream.continuity import StreamState, continue_stream, end_stream
from backchannel.values import MediaLimits, Segment
from tests.media.making import Recipe, make, number_in

LIMITS = MediaLimits()
LIVE = {"live": "1", "cluster_time_limit": "400"}
FAST_VPX = {"deadline": "realtime", "cpu-used": "8"}


def recipe(times_s: tuple[float, ...] = (), audio: str = "", video: str = "libvpx") -> Recipe:
    # One key frame, so that every picture after a loss would be missing.
    return Recipe("webm", video, audio, times_s=times_s, key_every=1000, options=LIVE, video_options=FAST_VPX)


def fed(chunks: list[bytes]) -> tuple[StreamState, list[Segment]]:
    state, segments = StreamState(), []
    for chunk in chunks:
        state, segment = continue_stream(state, chunk)
        segments += [segment] if segment is not None else []
    return state, segments


def cut(data: bytes, count: int) -> list[bytes]:
    places = sorted(random.Random(count).sample(range(1, len(data)), count))  # noqa: S311
    return [data[start:end] for start, end in pairwise((0, *places, len(data)))]


def numbers(segments: list[Segment]) -> list[int]:
    return [
        number_in(frame.image)
        for segment in segments
        for frame in decode_frames(segment, LIMITS, rate_hz=math.inf)
    ]


def end_s(segment: Segment) -> float:
    timing = probe(segment, LIMITS)
    assert timing.stream_start_s is not None
    return timing.stream_start_s + timing.duration_s


@pytest.mark.parametrize("pause_s", [0.4, 2.0, 10.0])
@pytest.mark.parametrize("audio", ["", "libopus"])
def test_a_pause_inside_a_message_loses_nothing(pause_s: float, audio: str) -> None:
    times_s = tuple(number / 25 + (pause_s if number >= 30 else 0.0) for number in range(60))
    state, segments = fed([make(recipe(times_s, audio))])

    assert numbers(segments) == list(range(60))
    assert state.losses == 0


@pytest.mark.parametrize("rate_hz", [1, 2, 3])
@pytest.mark.parametrize("cuts", [0, 5, 24])
def test_a_slow_picture_is_not_a_lost_one(rate_hz: int, cuts: int) -> None:
    times_s = tuple(number / rate_hz for number in range(12))
    state, segments = fed(cut(make(recipe(times_s)), cuts))

    assert numbers(segments) == list(range(12))
    assert state.losses == 0
    assert all(segment.unbroken for segment in segments)


@pytest.mark.parametrize("cuts", [0, 24])
@pytest.mark.parametrize("audio", ["", "libopus"])
def test_joined_recordings_continue_the_clock(cuts: int, audio: str) -> None:
    data = make(recipe(audio=audio))
    state, segments = fed(cut(data + data, cuts))

    assert numbers(segments) == [*range(75), *range(75)]
    assert (state.streams, state.losses) == (1, 0)
    assert end_s(segments[-1]) == pytest.approx(6.0, abs=0.1)


@pytest.mark.parametrize("step", range(0, 1200, 60))
def test_joined_recordings_may_be_cut_anywhere_near_the_joint(step: int) -> None:
    data = make(recipe())
    at = len(data) - 100 + step
    state, segments = fed([(data + data)[:at], (data + data)[at:]])

    assert state.losses == 0
    assert end_s(segments[-1]) == pytest.approx(6.0, abs=0.1)


def test_a_recorder_that_restarts_its_clock_without_a_header_goes_on() -> None:
    data = make(recipe())
    state, segments = fed([data, data[data.index(b"\x1f\x43\xb6\x75") :]])

    assert numbers(segments) == [*range(75), *range(75)]
    assert state.losses == 0
    assert end_s(segments[-1]) == pytest.approx(6.0, abs=0.1)


def test_a_recording_with_another_codec_inside_a_message_is_the_next_stream() -> None:
    first, second = make(recipe()), make(recipe(video="libvpx-vp9"))
    state, segment = continue_stream(StreamState(), first + second)
    assert segment is not None
    assert numbers([segment]) == list(range(75))

    _, last = end_stream(state)
    assert last is not None
    assert numbers([last]) == list(range(75))


def test_thousands_of_headers_cost_little() -> None:
    data = make(recipe())
    header = data[: data.index(b"\x1f\x43\xb6\x75")]
    began_s = time.process_time()
    state, _ = fed([data + header * (4 * 1024 * 1024 // len(header))])
    assert time.process_time() - began_s < 2.0
    assert state.stream is not None


@pytest.mark.parametrize("cuts", [1, 24])
@pytest.mark.parametrize("start_s", [100.0, 7200.0])
def test_a_broadcast_that_switches_its_source_goes_on(start_s: float, cuts: int) -> None:
    """Long after the switch, nothing of the source before is kept, and no picture is lost."""
    first = make(Recipe("mpegts", start_s=start_s, video_options={"bf": "0"}))
    second = make(Recipe("mpegts", duration_s=8.0, video_options={"bf": "0"}))
    state, segments = fed(cut(first + second, cuts))
    seen = numbers(segments)

    # The packets at the joint are damaged: their counters do not continue.
    assert len(seen) >= 75 + 200 - 30
    assert seen[-100:] == list(range(seen[-1] - 99, seen[-1] + 1))
    assert state.stream is not None
    times_s = [unit.time_s for unit in state.stream.kept.units]
    assert max(times_s) - min(times_s) < 2.0
