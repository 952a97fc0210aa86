"""The journal survives a kill at any byte, and a file that kills the batch does so twice at most."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from backchannel import Report
from backchannel.batch.journal import Item, Journal
from backchannel.batch.run import analyse_all, found
from backchannel.config import SettingsError

OPTIONS: Final[dict[str, Any]] = {"words": False}
NO_ROWS: Final[Mapping[Any, Any]] = {"signals": [], "windows": [], "cues": []}


@pytest.fixture
def item(tmp_path: Path) -> Item:
    (tmp_path / "talk.mp4").write_bytes(b"not a video")
    (one,) = found([str(tmp_path / "talk.mp4")])
    return one


def test_a_line_that_was_cut_off_is_ignored_and_written_again(item: Item, tmp_path: Path) -> None:
    path = tmp_path / "j"
    first = Journal(path, OPTIONS)
    first.begin(item)
    first.finish(item, NO_ROWS)
    whole = path.read_bytes()
    begun = whole.index(b"\n", whole.index(b"begun"))
    for cut in range(begun + 1, len(whole) - 1):
        path.write_bytes(whole[:cut])
        second = Journal(path, OPTIONS)
        assert (second.rows, second.attempts(item)) == ({}, 1)
    second.finish(item, NO_ROWS)
    assert list(Journal(path, OPTIONS).rows) == [item.key]


def test_a_journal_of_other_options_is_refused_by_name(tmp_path: Path) -> None:
    Journal(tmp_path / "j", OPTIONS)
    with pytest.raises(SettingsError, match=r"j is from an interrupted batch with other options"):
        Journal(tmp_path / "j", {"words": True})


def test_a_file_that_changed_is_analysed_again(item: Item, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", OPTIONS)
    journal.finish(item, NO_ROWS)
    item.path.write_bytes(b"not a video either")
    (changed,) = found([str(item.path)])
    assert item.key in journal.rows
    assert changed.key not in journal.rows


def test_a_file_that_killed_the_batch_twice_is_left_out(item: Item, tmp_path: Path) -> None:
    for _ in range(2):
        Journal(tmp_path / "j", OPTIONS).begin(item)

    def never(path: Path) -> Report:
        raise AssertionError(path)

    (step,) = analyse_all([item], tmp_path / "r.csv", Journal(tmp_path / "j", OPTIONS), never)
    assert step.error == "The batch was killed during this file, twice."


def test_a_fault_of_ours_is_a_row_that_shows_no_content(item: Item, tmp_path: Path) -> None:
    def faulty(_: Path) -> Report:
        raise ValueError("what somebody said")

    (step,) = analyse_all([item], tmp_path / "r.csv", Journal(tmp_path / "j", OPTIONS), faulty)
    assert step.error == "Internal error (ValueError). Please report it."
