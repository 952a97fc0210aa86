"""The committed recordings are those that the generator makes, and small."""

from pathlib import Path

from tools.captures import CAPTURES


def test_every_capture_is_there_under_its_name_and_nothing_else(captures: Path) -> None:
    folders = sorted(path.name for path in captures.iterdir() if path.is_dir())
    assert folders == sorted(capture.name for capture in CAPTURES)
    for name in folders:
        chunks = sorted(path.name for path in (captures / name).iterdir())
        assert chunks == [f"{number:02}.bin" for number in range(1, len(chunks) + 1)]


def test_a_recorder_that_restarts_gives_one_chunk_for_each_start(captures: Path) -> None:
    for capture in CAPTURES:
        if capture.slice_ms is None:
            assert len(list((captures / capture.name).iterdir())) == capture.takes


def test_the_whole_set_is_under_a_megabyte(captures: Path) -> None:
    assert sum(path.stat().st_size for path in captures.rglob("*.bin")) < 1_000_000
