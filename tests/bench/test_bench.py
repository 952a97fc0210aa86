"""The benchmark's own arithmetic; what it measures needs a quiet machine and is run by `make bench`."""

from pathlib import Path

import pytest

from backchannel.media.stream.continuity import StreamState, continue_stream
from bench.__main__ import worse_than
from bench.media import stream_chunks
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
