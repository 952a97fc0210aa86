"""Fragmented MP4: decode times show what is missing, and fragment numbers do not."""

import math
import random
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from backchannel.media.decode import decode_frames, probe
from backchannel.media.stream.boxes import boxes, read_box
from backchannel.media.stream.continuity import StreamState, continue_stream, end_stream
from backchannel.values import MediaLimits, Segment
from tests.media.making import Recipe, make, number_in

LIMITS = MediaLimits()
RECIPE = Recipe(
    key_every=5,
    video_options={"bf": "0", "sc_threshold": "0"},
    options={"movflags": "frag_keyframe+empty_moov+default_base_moof"},
)
NUMBERING: dict[str, Callable[[int], int]] = {
    "by one": lambda place: place + 1,
    "constant": lambda _: 1,
    "by two": lambda place: 2 * place + 1,
    "for two tracks": lambda place: place // 2 + 1,
    "back to one": lambda place: place % 3 + 1,
}


def fragments(data: bytes, number: Callable[[int], int]) -> tuple[bytes, list[bytes]]:
    """The header of a stream, and its fragments with other numbers."""
    starts = [at for at in range(len(data)) if data[at + 4 : at + 8] == b"moof"]
    ends = [*starts[1:], data.index(b"mfra") - 4]
    made = []
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        fragment = bytearray(data[start:end])
        moof = read_box(data[start:end], 0)
        assert moof is not None
        mfhd = next(box for box in boxes(data[start:end], 8, moof.end) if box.type == b"mfhd")
        fragment[mfhd.body + 4 : mfhd.body + 8] = number(place).to_bytes(4)
        made.append(bytes(fragment))
    return data[: starts[0]], made


def fed(chunks: list[bytes]) -> tuple[StreamState, list[Segment]]:
    state, segments = StreamState(), []
    for chunk in chunks:
        state, segment = continue_stream(state, chunk)
        segments += [segment] if segment is not None else []
    return state, segments


def numbers(segments: list[Segment]) -> list[int]:
    return [
        number_in(frame.image)
        for segment in segments
        for frame in decode_frames(segment, LIMITS, rate_hz=math.inf)
    ]


@pytest.mark.parametrize("numbering", NUMBERING)
@pytest.mark.parametrize("cuts", [0, 1, 24])
def test_no_numbering_loses_anything(numbering: str, cuts: int) -> None:
    header, parts = fragments(make(RECIPE), NUMBERING[numbering])
    data = header + b"".join(parts)
    places = sorted(random.Random(cuts).sample(range(1, len(data)), cuts))  # noqa: S311
    state, segments = fed([data[start:end] for start, end in pairwise((0, *places, len(data)))])

    assert numbers(segments) == list(range(75))
    assert state.losses == 0
    assert all(segment.unbroken for segment in segments)


@pytest.mark.parametrize("numbering", NUMBERING)
def test_a_lost_message_is_noticed_by_its_time(numbering: str) -> None:
    header, parts = fragments(make(RECIPE), NUMBERING[numbering])
    state, segments = fed([header, *parts[:4], *parts[7:]])

    assert state.losses == 1
    assert numbers(segments) == [*range(20), *range(35, 75)]
    assert [segment.unbroken for segment in segments].count(False) == 1


def test_a_pause_inside_a_message_loses_nothing() -> None:
    header, parts = fragments(make(RECIPE), NUMBERING["constant"])
    state, segments = fed([header + b"".join([*parts[:4], *parts[7:]])])

    assert state.losses == 0
    assert numbers(segments) == [*range(20), *range(35, 75)]


def test_a_pause_between_messages_with_consecutive_numbers_loses_nothing() -> None:
    header, parts = fragments(make(RECIPE), NUMBERING["by one"])
    trailer = b"\x00\x00\x00\x08mfra"
    _, again = fragments(header + b"".join([*parts[:4], *parts[7:]]) + trailer, NUMBERING["by one"])
    state, segments = fed([header, *again])

    assert state.losses == 0
    assert numbers(segments) == [*range(20), *range(35, 75)]


@pytest.mark.parametrize("repeated_header", [True, False])
@pytest.mark.parametrize("cuts", [0, 24])
def test_a_clock_that_goes_back_continues(cuts: int, repeated_header: bool) -> None:
    header, parts = fragments(make(RECIPE), NUMBERING["by one"])
    data = header + b"".join(parts) + (header if repeated_header else b"") + b"".join(parts)
    places = sorted(random.Random(cuts).sample(range(len(header) + 1, len(data)), cuts))  # noqa: S311
    chunks = [data[start:end] for start, end in pairwise((0, *places, len(data)))]
    # A header at the beginning of a message begins another stream, so none may be there.
    assert not any(chunk.startswith(header[:8]) for chunk in chunks[1:])
    state, segments = fed(chunks)
    timings = [probe(segment, LIMITS) for segment in segments]

    assert numbers(segments) == [*range(75), *range(75)]
    assert state.streams == 1
    assert timings[-1].stream_start_s is not None
    assert timings[-1].stream_start_s + timings[-1].duration_s == pytest.approx(6.0, abs=0.15)


@pytest.mark.parametrize("box", [b"ftyp", b"moov"])
def test_a_stream_of_empty_headers_costs_little(box: bytes) -> None:
    data = make(RECIPE)
    began_s = time.process_time()
    fed([data, b"\x00\x00\x00\x08" + box + b"\x00\x00\x00\x08moof"] + [b"\x00\x00\x00\x08" + box] * 2)
    fed([data, (b"\x00\x00\x00\x08" + box) * 50_000])
    assert time.process_time() - began_s < 3.0
    header, _ = fragments(data, NUMBERING["constant"])
    fed([data, data + header[28:] * 2000])
    assert time.process_time() - began_s < 5.0


def test_another_codec_inside_a_message_is_the_next_stream() -> None:
    other = make(Recipe(width=320, options=RECIPE.options, video_options=RECIPE.video_options))
    state, segments = fed([make(RECIPE) + other])
    _, last = end_stream(state)

    assert last is not None
    assert numbers(segments) == numbers([last]) == list(range(75))
