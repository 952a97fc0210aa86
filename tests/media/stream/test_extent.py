"""Files that end before their own end."""

import pytest

from backchannel.media.decode import read
from backchannel.media.stream.extent import is_truncated
from backchannel.values import MediaLimits, Segment
from tests.media.making import Recipe, make

LIMITS = MediaLimits()
FILES = {
    "mp4": Recipe(options={"movflags": "frag_keyframe+empty_moov"}),
    "mov": Recipe("mov", options={"movflags": "frag_keyframe+empty_moov"}),
    "mkv": Recipe("matroska"),
    "webm": Recipe("webm", "libvpx", "libopus"),
    "live webm": Recipe("webm", "libvpx", "libopus", options={"live": "1"}),
    "avi": Recipe("avi"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_complete_file_is_complete(name: str) -> None:
    data = make(FILES[name])
    assert not is_truncated(data)
    with read(Segment(data), LIMITS) as medium:
        assert not medium.source.truncated


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.6, 0.9])
def test_a_file_without_its_end_is_truncated(name: str, share: float) -> None:
    data = make(FILES[name])
    part = data[: int(len(data) * share)]
    assert is_truncated(part)
    with read(Segment(part), LIMITS) as medium:
        assert medium.source.truncated


@pytest.mark.parametrize("data", [b"", b"G" * 188 * 4, b"\x00\x00\x00\x08ftyp", b"\x1aE\xdf\xa3\x80\x00"])
def test_what_has_no_end_is_not_truncated(data: bytes) -> None:
    assert not is_truncated(data)


def test_a_piece_of_a_stream_is_not_a_truncated_file() -> None:
    data = make(FILES["live webm"])
    with read(Segment(data[: len(data) // 2], continuous=True), LIMITS) as medium:
        assert not medium.source.truncated
