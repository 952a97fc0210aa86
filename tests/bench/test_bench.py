"""The benchmark's own arithmetic; what it measures needs a quiet machine and is run by `make bench`."""

from pathlib import Path

import pytest

from backchannel.media.decode import probe
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.values import MediaLimits
from bench.__main__ import worse_than
from bench.media import stream_chunks
from bench.recorder import pieces_of, segments_of
from bench.tables import table
from tests.media.making import Recipe, make


@pytest.mark.parametrize(("now", "fails"), [(2.0, False), (2.49, False), (2.51, True), (0.1, False)])
def test_a_ratio_fails_when_it_is_a_quarter_worse(now: float, fails: bool) -> None:
    assert bool(worse_than({"speed": 2.0}, {"speed": now})) is fails


def test_a_ratio_that_nobody_kept_cannot_fail() -> None:
    assert worse_than({}, {"speed": 99.0}) == []


def test_tables_are_markdown() -> None:
    assert table(("a", "b"), [("1", "2")]) == ["| a | b |", "|---|---|", "| 1 | 2 |"]


def test_chunks_of_a_running_stream_are_what_a_recorder_sends(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(make(Recipe(duration_s=4.0)))
    chunks = stream_chunks(path, 1.0)
    assert len(chunks) >= 3
    state, segments = StreamState(), []
    for chunk in chunks:
        state, segment = continue_stream(state, chunk)
        segments.append(segment)
    assert state.streams == 1
    assert all(segment is not None and segment.continuous for segment in segments)


def test_a_recording_is_cut_into_whole_segments_and_into_pieces_of_one_stream(tmp_path: Path) -> None:
    path = tmp_path / "recording.mkv"
    recipe = Recipe("matroska", "libvpx", "libopus", duration_s=10.0, key_every=125)
    path.write_bytes(make(recipe))
    segments, pieces = segments_of(path), pieces_of(path)
    assert not any(segment.continuous for segment in segments)
    assert [probe(segment, MediaLimits()).duration_s for segment in segments] == pytest.approx(
        [5, 5], abs=0.1
    )
    assert len(pieces) == 10
    assert all(piece.continuous for piece in pieces)
    durations_s = [probe(piece, MediaLimits()).duration_s for piece in pieces]
    assert durations_s == pytest.approx([1.0] * 10, abs=0.15)
