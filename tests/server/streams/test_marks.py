"""A stream that is read again from a mark is as it was, and little is kept for that."""

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from backchannel.media.stream.continuity import StreamState
from backchannel.server.streams.intake import Intake
from backchannel.server.streams.kept import KeptIntake, intake_of, keep_intake
from backchannel.server.streams.marks import MAX_MARK_BYTES
from tests.media.making import Recipe, make

FOLDERS = (
    "mp4-timeslice-3s",
    "webm-audio-only-timeslice-3s",
    "webm-h264-timeslice-5s",
    "webm-video-only-timeslice-3s",
    "webm-vp8-restart-4s",
    "webm-vp8-timeslice-3s",
    "webm-vp9-timeslice-1s",
)


def answered(intake: Intake, chunk: bytes) -> Intake:
    _, taken = intake.take([chunk], None)
    return intake.answered(1, taken[-1].after)


def comparable(stream: StreamState) -> StreamState:
    """The state without its digest, which only says which running decoder may be used."""
    return replace(stream, reached=b"")


def check(chunks: list[bytes]) -> list[KeptIntake]:
    """Take chunks, and after each one go on in another process. Returns what was kept."""
    intake, all_kept = Intake(), []
    for number, chunk in enumerate(chunks, 1):
        intake = answered(intake, chunk)
        all_kept.append(kept := keep_intake(intake))
        resumed = intake_of(kept)
        assert resumed is not None
        assert resumed.through == number
        again = chunks[kept.resend_from - 1 : number]
        for place, old in enumerate(again, 1):
            resumed = resumed.read_again([old], last=place == len(again))
        assert comparable(resumed.stream) == comparable(intake.stream)
        assert keep_intake(resumed) == kept
    return all_kept


@pytest.mark.parametrize("folder", FOLDERS)
def test_browser_recordings_go_on_after_any_chunk(captures: Path, folder: str) -> None:
    chunks = [path.read_bytes() for path in sorted((captures / folder).iterdir())]
    kept = check(chunks)
    assert max(len(one.stream) for one in kept) < 16 * 1024


@pytest.mark.parametrize("folder", FOLDERS)
def test_they_do_when_cut_anywhere(captures: Path, folder: str) -> None:
    whole = b"".join(path.read_bytes() for path in sorted((captures / folder).iterdir()))
    rng = random.Random(folder)  # noqa: S311 -- the same cuts each time
    edges = [0, *sorted(rng.sample(range(1, len(whole)), 40)), len(whole)]
    kept = check([whole[a:b] for a, b in pairwise(edges)])
    assert max(len(one.stream) for one in kept) < MAX_MARK_BYTES


def test_a_transport_stream_goes_on() -> None:
    whole = make(Recipe("mpegts", video="mpeg2video", audio="mp2", duration_s=4.0))
    size = len(whole) // 30
    check([whole[start : start + size] for start in range(0, len(whole), size)])


def test_a_recording_with_frequent_key_frames_asks_for_a_few_seconds_only(captures: Path) -> None:
    chunks = [path.read_bytes() for path in sorted((captures / "webm-vp9-timeslice-1s").iterdir())]
    kept = check(chunks)
    assert max(one.through + 1 - one.resend_from for one in kept) <= 6


def test_complete_files_ask_for_nothing(captures: Path) -> None:
    chunks = [path.read_bytes() for path in sorted((captures / "webm-vp8-restart-4s").iterdir())]
    assert [one.resend_from for one in check(chunks)] == [2, 3, 4]


def test_no_media_is_kept_but_the_rest_of_a_part_that_is_cut(captures: Path) -> None:
    (first, *_) = (path.read_bytes() for path in sorted((captures / "webm-vp8-timeslice-3s").iterdir()))
    kept = keep_intake(answered(Intake(), first))
    assert len(kept.stream) < len(first) / 4


def test_another_version_is_refused() -> None:
    kept = keep_intake(Intake().answered(1, StreamState(streams=1)))
    assert intake_of(kept) is not None
    assert intake_of(KeptIntake(1, 2, b"\x93\x01", (), b"", kept.analysis, 0.0)) is None
