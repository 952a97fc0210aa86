"""Targets in `backchannel.media`: containers, running streams, and their building blocks."""

from random import Random

import av

from backchannel.errors import Problem
from backchannel.media.decode.declared import declared
from backchannel.media.stream.batch import take_chunks
from backchannel.media.stream.boxes import boxes, child_at, read_box, u32_at
from backchannel.media.stream.codec import pack_stream, unpack_stream
from backchannel.media.stream.container import detect_container, find_ts_sync
from backchannel.media.stream.continuity import StreamState, continue_stream, end_stream
from backchannel.media.stream.ebml import children, number_of, read_element, sized
from backchannel.media.stream.extent import is_truncated
from backchannel.media.stream.mp4_fragments import read_fragment
from backchannel.media.stream.pcm import BYTES_A_SAMPLE, take_samples
from backchannel.values import Segment
from fuzz.mutate import pieces
from fuzz.target import Target, heads, recordings
from tests.media.making import Recipe, make

_WAV_HEADER_BYTES = 44


def stream(data: bytes) -> None:
    """Feed messages to a stream one by one, and again joined."""
    chunks = pieces(data, Random(len(data)))  # noqa: S311
    state, got = StreamState(), 0
    for chunk in chunks:
        try:
            state, segment = continue_stream(state, chunk)
        except Problem:
            continue
        got += _checked(segment, len(data))
    assert unpack_stream(pack_stream(state)) == state
    _, segment = end_stream(state)
    got += _checked(segment, len(data))
    _, taken = take_chunks(StreamState(), chunks)
    assert sum(one.count for one in taken) == len(chunks)


def _checked(segment: Segment | None, most_bytes: int) -> int:
    if segment is None:
        return 0
    assert 0 <= segment.new_from_byte < len(segment.data)
    assert detect_container(segment.data) is not None
    # A segment repeats its stream's header and the media since the last key frame, and no more. Each block
    # may get a cluster of its own.
    assert len(segment.data) <= 8 * most_bytes + 1024
    return 1


def ebml(data: bytes) -> None:
    """Read elements, and those in them."""
    at = 0
    while (element := read_element(data, at)) is not None:
        assert element.body > at
        number_of(data, element) if element.end is not None else None
        for child in children(data, element.body, min(len(data), element.end or len(data))):
            assert element.body <= child.body <= len(data)
        at = element.body
    assert read_element(sized(data[:100]), 0) is not None or not data
    is_truncated(data)


def box(data: bytes) -> None:
    """Read boxes, those in them, and what they declare."""
    is_truncated(data)
    top = read_box(data, 0)
    if top is not None:
        for inner in boxes(data, top.body, len(data)):
            assert inner.body <= inner.end <= len(data)
        child_at(data, top, b"mvex", b"trex")
        u32_at(data, top.body)
    read_fragment({}, data)
    declared(data, 1e5)


def pcm(data: bytes) -> None:
    """Take samples cut anywhere: none is lost or repeated."""
    held, samples = b"", b""
    for piece in pieces(data, Random(len(data))):  # noqa: S311
        held, segment = take_samples(held, piece, 16_000)
        assert len(held) < BYTES_A_SAMPLE
        samples += segment.data[_WAV_HEADER_BYTES:] if segment is not None else b""
    assert samples + held == data


def detection(data: bytes) -> None:
    """Recognise containers."""
    detect_container(data)
    sync = find_ts_sync(data)
    assert sync is None or 0 <= sync.offset < sync.packet_bytes


def _webm() -> list[bytes]:
    return [*recordings("webm"), *heads("field/*.webm", "field/*.mkv")]


def _mp4() -> list[bytes]:
    flags = ("empty_moov+default_base_moof+frag_keyframe", "frag_every_frame+empty_moov")
    made = [make(Recipe(duration_s=0.5, options={"movflags": flag})) for flag in flags]
    return [*recordings("mp4"), *heads("field/*.mp4", "field/hostile/*.mov"), *made]


def _mpegts() -> list[bytes]:
    av.logging.set_level(None)
    made = [make(Recipe("mpegts", duration_s=0.5)), make(Recipe("mpegts", audio="", duration_s=0.4))]
    return [*made, make(Recipe("mpegts", duration_s=0.4, options={"mpegts_m2ts_mode": "1"}))]


TARGETS = (
    Target("webm", stream, (Problem,), _webm),
    Target("mp4", stream, (Problem,), _mp4),
    Target("mpegts", stream, (Problem,), _mpegts),
    Target("container", detection, (), lambda: [*_webm(), *_mp4(), *_mpegts()]),
    Target("ebml", ebml, (ValueError,), _webm),
    Target("boxes", box, (ValueError,), _mp4),
    Target("pcm", pcm, (), lambda: [bytes(range(256)) * 8, b"\x00"]),
)
