from pathlib import Path

import pytest

from backchannel.media.stream.batch import take_chunks
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.values import Segment
from tests.media.making import Recipe, make
from tests.media.test_recordings import RUNNING, joined_pictures, pictures, read_chunks


def slices(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def segments_of(chunks: list[bytes], at_once: int) -> list[Segment]:
    state, segments = StreamState(), []
    for batch in (chunks[at : at + at_once] for at in range(0, len(chunks), at_once)):
        state, taken = take_chunks(state, batch)
        assert sum(one.count for one in taken) == len(batch)
        assert all(one.problem is None for one in taken)
        segments += [one.segment for one in taken if one.segment is not None]
    return segments


@pytest.mark.parametrize("name", RUNNING)
def test_joined_chunks_give_the_frames_of_the_whole_file(recorder: Path, name: str) -> None:
    chunks = slices(b"".join(read_chunks(recorder, name)), 20_000)
    segments = segments_of(chunks, 7)

    assert len(segments) <= len(chunks) // 7 + 2, "no more segments than batches, and the header"
    assert pictures(segments) == joined_pictures(recorder, name)


def test_a_header_before_each_chunk_changes_nothing(recorder: Path) -> None:
    chunks = read_chunks(recorder, "webm-vp8-timeslice-3s")
    header = chunks[0][: chunks[0].index(b"\x1f\x43\xb6\x75")]
    segments = segments_of([chunks[0], *(header + chunk for chunk in chunks[1:])], 5)

    assert len(segments) == 2
    assert pictures(segments) == joined_pictures(recorder, "webm-vp8-timeslice-3s")


def test_complete_files_stay_separate(recorder: Path) -> None:
    for files in (read_chunks(recorder, "webm-vp8-restart-4s"), [make(Recipe(duration_s=1.0))] * 3):
        _, taken = take_chunks(StreamState(), files)
        assert [one.count for one in taken] == [1, 1, 1]
        assert [one.segment for one in taken] == [continue_stream(StreamState(), file)[1] for file in files]


def test_a_gap_is_between_two_segments_and_never_inside_one(recorder: Path) -> None:
    chunks = read_chunks(recorder, "webm-vp9-timeslice-1s")
    state, taken = take_chunks(StreamState(), [*chunks[:4], *chunks[5:]])

    assert state.losses == 1
    counts = [one.count for one in taken]
    assert sum(counts) == 10
    assert counts[:5] == [1, 1, 1, 1, 1], "one by one up to the loss"


def test_a_chunk_that_is_not_media_is_reported_alone(recorder: Path) -> None:
    chunks = read_chunks(recorder, "mp4-timeslice-3s")
    _, taken = take_chunks(StreamState(), [b"nonsense", *chunks[:2]])

    assert [one.problem.error_id if one.problem else None for one in taken] == ["ih5004", None, None]
    assert taken[1].segment is None
    assert taken[2].segment is not None
