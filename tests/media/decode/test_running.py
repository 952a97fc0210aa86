"""Running decoders save work and change nothing: the frames are the same to the last bit without them."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext

from backchannel.errors import Problem
from backchannel.media.decode import Decoders, frames_of, read
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.values import MediaLimits, Segment
from tests.media.live_stream import live_chunks
from tests.media.making import Recipe, make

LIMITS = MediaLimits()
CAPTURES = (
    "mp4-timeslice-3s",
    "webm-h264-timeslice-5s",
    "webm-video-only-timeslice-3s",
    "webm-vp8-timeslice-3s",
    "webm-vp9-timeslice-1s",
)
FAST_VPX = {"deadline": "realtime", "cpu-used": "8"}
LONG = {"duration_s": 6.0, "key_every": 60}
MADE = {
    "h264 without b-frames": Recipe(video_options={"bf": "0"}, **cast("Any", LONG)),
    "h264 with b-frames": Recipe(video_options={"bf": "2"}, **cast("Any", LONG)),
    "h264 with b-frames that others refer to": Recipe(
        video_options={"bf": "3", "b-pyramid": "normal"}, **cast("Any", LONG)
    ),
    "vp8": Recipe("webm", "libvpx", "libopus", video_options=FAST_VPX, **cast("Any", LONG)),
}
Frames = list[tuple[float, bytes]]


class Counted(Decoders):
    """Counts how often a running decoder was there to go on with."""

    def __init__(self) -> None:
        super().__init__()
        self.used = 0

    def take(self, place: bytes) -> VideoCodecContext | None:
        decoder = super().take(place)
        self.used += decoder is not None
        return decoder


def segments_of(chunks: Iterable[bytes]) -> list[Segment]:
    state, segments = StreamState(), []
    for chunk in chunks:
        state, segment = continue_stream(state, chunk)
        segments += [segment] if segment is not None else []
    return segments


@cache
def captured(recorder: Path, name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((recorder / name).glob("*.bin"))]


@cache
def made(name: str) -> list[Segment]:
    """A stream that is cut every 0.7 s, with a key frame every 2.4 s."""
    return segments_of(live_chunks(make(MADE[name]), 0.7))


def shown(
    segments: Iterable[Segment],
    caches: Callable[[], Decoders | None],
    rates_hz: Sequence[float] = (15.0,),
) -> Iterator[Frames]:
    """The frames of each segment; `caches` gives the decoders that are there when it comes."""
    for segment, rate_hz in zip(segments, cycle(rates_hz), strict=False):
        with read(segment, LIMITS) as medium:
            decoded = frames_of(medium, rate_hz=rate_hz, max_side_px=160, decoders=caches())
            yield [(frame.time_s, frame.image.tobytes()) for frame in decoded]


def without(segments: Iterable[Segment], rates_hz: Sequence[float] = (15.0,)) -> list[Frames]:
    return list(shown(segments, lambda: None, rates_hz))


# 15 and 8 a second in turn: what a server does whose load comes and goes.
RATES = [(15.0,), (math.inf,), (15.0, 8.0)]


@pytest.mark.parametrize("rates_hz", RATES, ids=str)
@pytest.mark.parametrize("name", CAPTURES)
def test_captures_give_the_same_frames_with_and_without_running_decoders(
    recorder: Path, name: str, rates_hz: tuple[float, ...]
) -> None:
    segments, decoders = segments_of(captured(recorder, name)), Counted()
    assert list(shown(segments, lambda: decoders, rates_hz)) == without(segments, rates_hz)
    assert decoders.used >= len(segments) - 1
    assert len(decoders) <= 1


@pytest.mark.parametrize("rates_hz", RATES, ids=str)
@pytest.mark.parametrize("name", MADE)
def test_streams_that_are_cut_between_key_frames_give_the_same_frames(
    name: str, rates_hz: tuple[float, ...]
) -> None:
    decoders = Counted()
    assert list(shown(made(name), lambda: decoders, rates_hz)) == without(made(name), rates_hz)
    if "with b-frames" not in name:
        assert decoders.used == len(made(name)) - 1


@pytest.mark.parametrize("name", ["webm-vp8-timeslice-3s", "webm-vp9-timeslice-1s", "webm-h264-timeslice-5s"])
def test_after_a_lost_chunk_the_frames_are_the_same_too(recorder: Path, name: str) -> None:
    chunks = captured(recorder, name)
    for lost in range(1, len(chunks) - 1):
        segments, decoders = segments_of([*chunks[:lost], *chunks[lost + 1 :]]), Decoders()
        assert list(shown(segments, lambda kept=decoders: kept)) == without(segments)  # type: ignore[misc]


@pytest.mark.parametrize("name", MADE)
def test_a_lost_cache_changes_nothing(name: str) -> None:
    segments = made(name)
    random = np.random.default_rng(2)
    kept = [Decoders()]

    def sometimes_lost() -> Decoders | None:
        chance = random.random()
        if chance < 0.3:
            kept[0] = Decoders()
        return None if chance > 0.8 else kept[0]

    for _ in range(3):
        assert list(shown(segments, sometimes_lost)) == without(segments)


def test_a_piece_that_is_looked_at_again_gives_the_same_frames() -> None:
    segments, decoders = made("h264 without b-frames"), Decoders()
    twice = [segment for segment in segments for _ in range(2)]
    expected = [frames for frames in without(segments) for _ in range(2)]
    assert list(shown(twice, lambda: decoders)) == expected


def test_two_sessions_that_send_the_same_stream_do_not_disturb_each_other() -> None:
    segments, decoders = made("h264 without b-frames"), Decoders()
    first, second = (shown(segments, lambda: decoders) for _ in range(2))
    for one, other, expected in zip(first, second, without(segments), strict=True):
        assert one == other == expected


def test_frames_that_nobody_waits_for_do_no_harm() -> None:
    segments, decoders = made("h264 without b-frames"), Decoders()
    expected = without(segments)
    for number, segment in enumerate(segments):
        with read(segment, LIMITS) as medium:
            frames = frames_of(medium, max_side_px=160, decoders=decoders)
            if number % 2:
                next(frames, None)
                frames.close()  # type: ignore[attr-defined]
                continue
            assert [(frame.time_s, frame.image.tobytes()) for frame in frames] == expected[number]


def test_a_piece_that_is_refused_leaves_a_cache_that_does_no_harm() -> None:
    segments, decoders = made("h264 without b-frames"), Decoders()
    too_small = MediaLimits(max_width_px=64, max_height_px=64)
    expected = without(segments)
    for segment, frames in zip(segments, expected, strict=True):
        with pytest.raises(Problem), read(segment, too_small) as medium:
            list(frames_of(medium, decoders=decoders))
        assert list(shown([segment], lambda: decoders)) == [frames]


# --- the cache --------------------------------------------------------------------------------------


def decoder(width: int = 320, height: int = 240) -> VideoCodecContext:
    context = av.CodecContext.create("h264", "r")
    context.width, context.height = width, height
    return context


def test_a_decoder_is_used_at_most_once() -> None:
    decoders, context = Decoders(), decoder()
    decoders.keep(b"here", context)
    assert decoders.take(b"elsewhere") is None
    assert decoders.take(b"here") is context
    assert decoders.take(b"here") is None
    assert len(decoders) == 0


def test_what_has_no_place_in_a_stream_is_not_kept() -> None:
    decoders = Decoders()
    decoders.keep(b"", decoder())
    assert len(decoders) == 0
    assert decoders.take(b"") is None


def test_the_cache_is_bounded_and_the_oldest_make_room() -> None:
    decoders = Decoders(max_pixels=3 * 320 * 240)
    for number in range(10):
        decoders.keep(bytes([number + 1]), decoder())
        assert len(decoders) <= 3
    assert decoders.take(b"\x01") is None
    assert [decoders.take(bytes([number])) is not None for number in (8, 9, 10)] == [True] * 3


def test_one_large_picture_is_kept_alone() -> None:
    decoders = Decoders(max_pixels=4 * 320 * 240)
    decoders.keep(b"small", decoder())
    decoders.keep(b"large", decoder(4096, 2304))
    assert len(decoders) == 1
    assert decoders.take(b"large") is not None


def test_a_place_is_kept_once() -> None:
    decoders, later = Decoders(), decoder()
    decoders.keep(b"here", decoder())
    decoders.keep(b"here", later)
    assert len(decoders) == 1
    assert decoders.take(b"here") is later
