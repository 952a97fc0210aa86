"""Real browser recordings: however a stream is cut, the same frames come out, each of them once."""

import math
import random
import zlib
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.media.decode import frames_of, probe, read, sound_of
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.values import MediaLimits, Segment

LIMITS = MediaLimits()
RUNNING = (
    "mp4-timeslice-3s",
    "webm-audio-only-timeslice-3s",
    "webm-h264-timeslice-5s",
    "webm-video-only-timeslice-3s",
    "webm-vp8-timeslice-3s",
    "webm-vp9-timeslice-1s",
)


def read_chunks(recorder: Path, name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((recorder / name).glob("*.bin"))]


def fed(chunks: Iterable[bytes]) -> tuple[StreamState, list[Segment]]:
    state, segments = StreamState(), []
    for chunk in chunks:
        state, segment = continue_stream(state, chunk)
        if segment is not None:
            segments.append(segment)
    return state, segments


def pictures(segments: Iterable[Segment]) -> list[tuple[float, int]]:
    """Container time, ms, and checksum of every new frame."""
    seen: list[tuple[float, int]] = []
    for segment in segments:
        with read(segment, LIMITS) as medium:
            seen += [
                (round((frame.time_s + medium.timing.zero_s) * 1000), zlib.crc32(frame.image.tobytes()))
                for frame in frames_of(medium, rate_hz=math.inf, max_side_px=160)
            ]
    return seen


@cache
def joined_pictures(recorder: Path, name: str) -> list[tuple[float, int]]:
    return pictures([Segment(b"".join(read_chunks(recorder, name)))])


def sound(segments: Iterable[Segment]) -> np.ndarray:
    """All samples at their places on the container's clock."""
    line = np.zeros(20 * SAMPLE_RATE_HZ, np.float32)
    for segment in segments:
        with read(segment, LIMITS) as medium:
            piece = sound_of(medium)
        if piece is not None:
            at = round((piece.start_s + medium.timing.zero_s) * SAMPLE_RATE_HZ)
            line[at : at + len(piece.samples)] = piece.samples
    return line


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    return [data[start:end] for start, end in pairwise((0, *sorted(places), len(data)))]


@pytest.mark.parametrize("name", RUNNING)
def test_chunks_give_the_frames_and_the_sound_of_the_joined_file(recorder: Path, name: str) -> None:
    chunks = read_chunks(recorder, name)
    whole = Segment(b"".join(chunks))
    state, segments = fed(chunks)

    assert pictures(segments) == joined_pictures(recorder, name)
    # A complete file ends with its picture; a running stream keeps the sound that hangs over.
    compared = np.arange(round(probe(whole, LIMITS).duration_s * SAMPLE_RATE_HZ))
    # Decoders begin anew in every segment, a little before its new sound.
    assert np.abs(sound(segments) - sound([whole]))[compared].max() < 0.05
    assert (state.streams, state.losses) == (1, 0)


@pytest.mark.parametrize("name", RUNNING)
def test_cuts_anywhere_give_the_frames_of_the_joined_file(recorder: Path, name: str) -> None:
    joined = b"".join(read_chunks(recorder, name))
    places = random.Random(name).sample(range(1, len(joined)), 7)  # noqa: S311
    _, segments = fed(cut(joined, places))

    assert pictures(segments) == joined_pictures(recorder, name)


@pytest.mark.parametrize("name", RUNNING)
def test_no_segment_is_without_the_time_of_its_stream(recorder: Path, name: str) -> None:
    _, segments = fed(read_chunks(recorder, name))
    starts = [probe(segment, LIMITS).stream_start_s for segment in segments]

    assert all(segment.continuous for segment in segments)
    assert starts[0] == pytest.approx(0, abs=0.01)
    assert all(later > earlier for earlier, later in pairwise(start or 0.0 for start in starts))


def test_a_header_alone_is_no_segment_yet(recorder: Path) -> None:
    first = read_chunks(recorder, "mp4-timeslice-3s")[0]

    state, segment = continue_stream(StreamState(), first)

    assert segment is None
    assert state.streams == 1


def test_a_recorder_that_restarts_begins_a_new_stream_each_time(recorder: Path) -> None:
    chunks = read_chunks(recorder, "webm-vp8-restart-4s")
    state, numbers = StreamState(), []
    for chunk in chunks:
        state, segment = continue_stream(state, chunk)
        assert segment is not None
        numbers.append(state.streams)
        assert segment == Segment(chunk)
        assert len(pictures([segment])) in {119, 120}
        assert probe(segment, LIMITS).duration_s == pytest.approx(4.0, abs=0.05)

    assert numbers == [1, 2, 3]


@pytest.mark.parametrize("name", ["webm-vp8-timeslice-3s", "webm-h264-timeslice-5s"])
def test_a_header_before_each_continuation_changes_nothing(recorder: Path, name: str) -> None:
    chunks = read_chunks(recorder, name)
    header = chunks[0][: chunks[0].index(b"\x1f\x43\xb6\x75")]
    state, segments = fed([chunks[0], *(header + chunk for chunk in chunks[1:])])

    assert pictures(segments) == joined_pictures(recorder, name)
    assert (state.streams, state.losses) == (1, 0)


def test_an_mp4_header_before_each_continuation_changes_nothing(recorder: Path) -> None:
    header, *chunks = read_chunks(recorder, "mp4-timeslice-3s")
    state, segments = fed([header + chunk for chunk in chunks])

    assert pictures(segments) == joined_pictures(recorder, "mp4-timeslice-3s")
    assert (state.streams, state.losses) == (1, 0)


@pytest.mark.parametrize("name", ["webm-vp8-timeslice-3s", "mp4-timeslice-3s", "webm-h264-timeslice-5s"])
def test_a_lost_chunk_costs_its_own_frames_and_those_that_depend_on_it(recorder: Path, name: str) -> None:
    joined = b"".join(read_chunks(recorder, name))
    third = len(joined) // 3
    # The loss begins and ends in the middle of something.
    lost = len(joined) // 45
    state, segments = fed([joined[:third], joined[third + lost : 2 * third], joined[2 * third :]])
    whole = joined_pictures(recorder, name)
    got = pictures(segments)

    assert set(got) < set(whole)
    assert got == sorted(got)
    assert len(got) > len(whole) // 3
    assert got[-1] == whole[-1]
    assert state.losses == 1
    assert not state.waits_for_key_frame


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        *(("webm-vp9-timeslice-1s", lost) for lost in range(1, 10)),
        *(("webm-vp8-timeslice-3s", lost) for lost in range(1, 4)),
        ("webm-video-only-timeslice-3s", 1),
    ],
)
def test_a_lost_webm_chunk_leaves_no_damage_and_is_noticed_all_the_same(
    recorder: Path, name: str, lost: int
) -> None:
    """The recorder cuts between blocks, and the next chunk begins in a cluster whose head is lost."""
    chunks = read_chunks(recorder, name)
    whole = joined_pictures(recorder, name)
    state, segments = fed([*chunks[:lost], *chunks[lost + 1 :]])
    got = pictures(segments)

    assert state.losses == 1
    assert set(got) < set(whole), "no frame at a wrong time, none decoded from the wrong one"
    assert got == sorted(got)
    assert got[-1] == whole[-1] or state.waits_for_key_frame


def test_a_lost_chunk_of_sound(recorder: Path) -> None:
    chunks = read_chunks(recorder, "webm-audio-only-timeslice-3s")
    whole = sound([Segment(b"".join(chunks))])
    state, segments = fed([chunks[0], *chunks[2:]])
    got = sound(segments)
    heard = got != 0

    assert state.losses == 1
    # The decoder needs a moment to hear as well as before.
    assert np.quantile(np.abs(got - whole)[heard], 0.97) < 0.02
