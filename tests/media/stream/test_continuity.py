"""Generated streams, cut anywhere and damaged on purpose, and input that is not a stream."""

import math
import random
from collections.abc import Iterable
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.errors import Problem
from backchannel.media.decode import decode_frames, probe
from backchannel.media.stream import units as bounds
from backchannel.media.stream.continuity import StreamState, continue_stream, end_stream
from backchannel.values import MediaLimits, Segment
from tests.media.making import Recipe, make, number_in

LIMITS = MediaLimits()
LIVE = {"live": "1", "cluster_time_limit": "400"}
FAST_VPX = {"deadline": "realtime", "cpu-used": "8"}
STREAMS = {
    "webm": Recipe("webm", video="libvpx", audio="libopus", options=LIVE, video_options=FAST_VPX),
    "mkv": Recipe("matroska", options={"live": "1"}, video_options={"bf": "2"}),
    "mp4": Recipe(options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    "mp4 with offsets": Recipe(video_options={"bf": "2"}, options={"movflags": "frag_keyframe+delay_moov"}),
    "mp4 frame by frame": Recipe(options={"movflags": "frag_every_frame+empty_moov"}),
    "ts": Recipe("mpegts", video_options={"bf": "2"}),
    "m2ts": Recipe("mpegts", options={"mpegts_m2ts_mode": "1"}),
    "ts with mpeg 2": Recipe("mpegts", video="mpeg2video", audio="mp2"),
    "ts without sound": Recipe("mpegts", audio=""),
}


def numbers(segments: Iterable[Segment]) -> list[int]:
    seen = []
    for segment in segments:
        seen += [number_in(frame.image) for frame in decode_frames(segment, LIMITS, rate_hz=math.inf)]
    return seen


def feed_all(chunks: Iterable[bytes]) -> tuple[StreamState, list[Segment]]:
    state, segments = StreamState(), []
    for chunk in chunks:
        state, segment = continue_stream(state, chunk)
        segments += [segment] if segment is not None else []
    ended, last = end_stream(state)
    assert ended.stream is None
    return state, [*segments, *([last] if last is not None else [])]


def cut(data: bytes, count: int, seed: int) -> list[bytes]:
    places = sorted(random.Random(seed).sample(range(1, len(data)), count))  # noqa: S311
    return [data[start:end] for start, end in pairwise((0, *places, len(data)))]


# --- running streams -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("count", [2, 25])
def test_a_stream_cut_anywhere_neither_loses_nor_repeats_frames(name: str, count: int) -> None:
    state, segments = feed_all(cut(make(STREAMS[name]), count, seed=count))

    # Reordered pictures may arrive a message later, so the order does not matter.
    assert sorted(numbers(segments)) == list(range(75))
    assert (state.streams, state.losses) == (1, 0)


@pytest.mark.parametrize("name", ["webm", "mp4 frame by frame", "ts"])
def test_the_sampled_frames_do_not_depend_on_the_cuts(name: str) -> None:
    data = make(STREAMS[name])
    taken = [
        [
            round((frame.time_s + probe(segment, LIMITS).zero_s) * 1000)
            for segment in feed_all(chunks)[1]
            for frame in decode_frames(segment, LIMITS, rate_hz=10)
        ]
        for chunks in ([data], cut(data, 4, seed=4))
    ]

    # A cut may divide the frames of one tick between two segments.
    assert len(set(taken[0]) - set(taken[1])) <= 4
    assert len(taken[1]) - len(taken[0]) <= 4


def test_the_container_clock_continues_across_segments() -> None:
    _, segments = feed_all(cut(make(STREAMS["ts"]), 3, seed=3))
    timings = [probe(segment, LIMITS) for segment in segments]

    for before, after in pairwise(timings):
        assert before.stream_start_s is not None
        assert after.stream_start_s == pytest.approx(before.stream_start_s + before.duration_s, abs=0.25)


@pytest.mark.parametrize("name", ["webm", "mp4", "ts"])
def test_a_second_file_begins_a_second_stream(name: str) -> None:
    data = make(STREAMS[name])
    state, segments = feed_all([data, data])

    assert state.streams == 2
    assert sorted(numbers(segments)) == sorted([*range(75), *range(75)])


@pytest.mark.parametrize("container", ["mp4", "mov", "avi", "matroska", "mpeg"])
def test_complete_files_pass_unchanged(container: str) -> None:
    recipe = Recipe("mpeg", video="mpeg2video", audio="mp2") if container == "mpeg" else Recipe(container)
    data = make(recipe)
    state, segments = feed_all([data, data])

    assert segments == [Segment(data), Segment(data)]
    assert state.streams == 2


@pytest.mark.parametrize("name", STREAMS)
def test_after_a_gap_the_stream_resumes_at_a_key_frame(name: str) -> None:
    data = make(STREAMS[name])
    third = len(data) // 3
    state, got = StreamState(), list[int]()
    for chunk in (data[:third], data[third + third // 3 + 7 : 2 * third], data[2 * third :]):
        # A chunk that cannot resume the stream is refused, and the earlier state stays valid.
        with suppress(Problem):
            state, segment = continue_stream(state, chunk)
            got += numbers([segment]) if segment is not None else []

    assert len(got) == len(set(got))
    assert set(got) < set(range(75))
    assert 73 in got
    assert state.losses > 0


def test_key_frames_too_far_apart_lose_pictures_but_bound_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "MAX_KEPT_S", 1.0)
    data = make(
        Recipe("webm", video="libvpx", audio="libopus", key_every=50, options=LIVE, video_options=FAST_VPX)
    )
    state, waited, got = StreamState(), [], list[int]()
    for chunk in cut(data, 8, seed=8):
        state, segment = continue_stream(state, chunk)
        waited.append(state.waits_for_key_frame)
        got += numbers([segment]) if segment is not None else []

    assert True in waited
    assert got == sorted(got)
    assert 0 < len(got) < 75
    assert 50 in got


# --- where a stream goes on ------------------------------------------------------------------------


@pytest.mark.parametrize("name", STREAMS)
def test_each_segment_goes_on_where_the_one_before_stopped(name: str) -> None:
    state, segments = feed_all(cut(make(STREAMS[name]), 12, seed=12))

    assert len(segments) >= 3
    assert all(len(segment.reaches) == 16 for segment in segments)
    for before, after in pairwise(segments):
        assert after.continues == before.reaches
    places = [segments[0].continues, *(segment.reaches for segment in segments)]
    assert len(set(places)) == len(places)
    assert state.reached in places


def test_a_chunk_without_media_does_not_move_the_place() -> None:
    data = make(STREAMS["webm"])
    header = data[: data.index(b"\x1f\x43\xb6\x75")]
    state, segment = continue_stream(StreamState(), header)

    assert segment is None
    state, first = continue_stream(state, data[len(header) :])
    assert first is not None
    assert state.reached == first.reaches
    assert continue_stream(state, header)[0].reached == first.reaches


def test_the_same_stream_reaches_the_same_places_and_another_one_others() -> None:
    data = make(STREAMS["webm"])
    chunks = cut(data, 6, seed=6)
    # The same media behind another header (another name of the muxer) is another stream.
    renamed = [chunks[0].replace(b"Lavf", b"Lavg"), *chunks[1:]]
    assert renamed[0] != chunks[0]
    first, again, other = (
        [(segment.continues, segment.reaches) for segment in feed_all(parts)[1]]
        for parts in (chunks, chunks, renamed)
    )

    assert first == again
    assert not {place for pair in first for place in pair} & {place for pair in other for place in pair}


def test_what_was_lost_is_part_of_the_place() -> None:
    chunks = cut(make(STREAMS["webm"]), 6, seed=6)
    state, places = StreamState(), []
    for chunk in (*chunks[:3], *chunks[4:]):
        # Whatever cannot resume the stream is refused, and moves nothing.
        with suppress(Problem):
            state, _ = continue_stream(state, chunk)
        places.append(state.reached)
    whole = [segment.reaches for segment in feed_all(chunks)[1]]

    assert state.losses == 1
    assert set(places[:3]) <= set(whole)
    assert state.reached not in whole


def test_a_complete_file_goes_on_from_nothing_and_leads_nowhere() -> None:
    data = make(Recipe())
    state, (segment,) = feed_all([data])

    assert (segment.continues, segment.reaches, state.reached) == (b"", b"", b"")


# --- invalid input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"x",
        b"\x89PNG\r\n\x1a\n" + bytes(2000),
        b"Hello, this is plain text, and not at all media. " * 50,
        b'{"type":"session.close"}',
        random.Random(1).randbytes(5000),  # noqa: S311
        b"\x00" * 4000,
        b"\xff" * 4000,
    ],
    ids=["empty", "one byte", "png", "text", "json", "random", "zeros", "ones"],
)
def test_junk_is_a_malformed_segment(junk: bytes) -> None:
    with pytest.raises(Problem) as caught:
        continue_stream(StreamState(), junk)
    assert caught.value.error_id == "ih5004"
    with pytest.raises(Problem) as caught:
        probe(Segment(junk), LIMITS)
    assert caught.value.error_id == "ih5004"


@pytest.mark.parametrize("name", ["webm", "mp4", "ts"])
def test_refused_junk_inside_a_stream_does_no_harm(name: str) -> None:
    parts = cut(make(STREAMS[name]), 4, seed=4)
    state, got = StreamState(), list[int]()
    for part in parts:
        state, segment = continue_stream(state, part)
        got += numbers([segment]) if segment is not None else []
        with suppress(Problem):
            continue_stream(state, b"Is this thing on? " * 100)

    assert sorted(got) >= list(range(74))


@pytest.mark.parametrize("container", ["mp4", "mov", "avi", "matroska", "mpegts", "mpeg", "webm"])
def test_a_truncated_file_gives_its_intact_part_or_a_problem(container: str) -> None:
    codecs = {"mpeg": ("mpeg2video", "mp2"), "webm": ("libvpx", "libopus")}.get(container, ("libx264", "aac"))
    options = FAST_VPX if container == "webm" else {}
    data = make(Recipe(container, *codecs, duration_s=2.0, video_options=options))
    for tenth in range(10):
        part = data[: len(data) * tenth // 10]
        with suppress(Problem):
            got = numbers([Segment(part)])
            # The last frames may depend on frames that were cut off.
            assert got == sorted(set(got))
            assert len(got) >= max(got, default=0) - 4
        with suppress(Problem):
            _, segment = continue_stream(StreamState(), part)
            assert segment is None or probe(segment, LIMITS).duration_s < 2.1


@pytest.mark.parametrize("name", STREAMS)
def test_a_repeated_header_is_harmless(name: str) -> None:
    data = make(STREAMS[name])
    _, segments = feed_all([data[:600]] * 4 + [data])

    assert sorted(numbers(segments))[-1] == 74


@pytest.mark.parametrize(
    "lie",
    [
        b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xfe",
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff\x16\x54\xae\x6b\x01\x7f\xff\xff\xff\xff\xff\xff",
        b"\x00\x00\x00\x01ftyp\xff\xff\xff\xff\xff\xff\xff\xff" + bytes(100),
        b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00\xff\xff\xff\xf0moov" + bytes(100),
        b"\x00\x00\x00\x08ftyp\x00\x00\x00\x00moov",
        b"RIFF\xff\xff\xff\xffAVI LIST\xff\xff\xff\xffhdrl",
        b"\x47\x40\x00\x10" + b"\xff" * 184 + b"\x47\x40\x00\x30\xff" + b"\xff" * 183,
        b"\x00\x00\x01\xba" + b"\xff" * 50,
    ],
)
def test_huge_declared_sizes_are_not_trusted(lie: bytes) -> None:
    with pytest.raises(Problem):
        probe(Segment(lie), LIMITS)
    try:
        state, segment = continue_stream(StreamState(), lie)
    except Problem:
        return
    assert segment is None or segment.data == lie
    assert len(state.pending) <= len(lie)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["webm", "mp4", "ts"]),
    st.lists(st.tuples(st.integers(0, 2**32), st.binary(max_size=40)), max_size=6),
)
def test_only_problems_are_ever_raised(name: str, edits: list[tuple[int, bytes]]) -> None:
    data = bytearray(_SAMPLES.setdefault(name, make(STREAMS[name])))
    for place, new in edits:
        at = place % len(data)
        data[at : at + len(new)] = new
    state = StreamState()
    for chunk in cut(bytes(data), 3, seed=len(edits)):
        try:
            state, segment = continue_stream(state, chunk)
            if segment is not None:
                assert segment.new_from_byte < len(segment.data)
                probe(segment, LIMITS)
        except Problem:
            continue


_SAMPLES: dict[str, bytes] = {}
