"""The state of a running stream, written down and read back between any two chunks."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.errors import Problem
from backchannel.media.stream.codec import pack_stream, unpack_stream
from backchannel.media.stream.continuity import StreamState, continue_stream
from fuzz.target import CORPUS
from tests.media.making import Recipe, make

KINDS = (
    "webm-vp8-timeslice-3s",
    "webm-vp9-timeslice-1s",
    "webm-h264-timeslice-5s",
    "mp4-timeslice-3s",
    "webm-vp8-restart-4s",
    "webm-video-only-timeslice-3s",
    "webm-audio-only-timeslice-3s",
)


@pytest.mark.parametrize("name", KINDS)
def test_a_stream_goes_on_from_what_was_written_down(captures: Path, name: str) -> None:
    kept, written = StreamState(), b""
    for path in sorted((captures / name).glob("*.bin")):
        chunk = path.read_bytes()
        kept, expected = continue_stream(kept, chunk)
        state, segment = continue_stream(unpack_stream(written), chunk)
        written = pack_stream(state)
        assert segment == expected
        assert state == kept
        assert unpack_stream(written) == kept


def test_a_track_number_that_no_file_may_have_can_be_written_down() -> None:
    data = (CORPUS / "webm" / "ffd860c6291f.bin").read_bytes()
    state, _ = continue_stream(StreamState(), data)
    assert unpack_stream(pack_stream(state)) == state


def test_a_transport_stream_cut_in_a_packet_goes_on_too() -> None:
    data = make(Recipe("mpegts"))
    kept, written = StreamState(), b""
    for at in range(0, len(data), 10_007):
        kept, expected = continue_stream(kept, data[at : at + 10_007])
        state, segment = continue_stream(unpack_stream(written), data[at : at + 10_007])
        written = pack_stream(state)
        assert (state, segment) == (kept, expected)


def test_nothing_written_is_a_new_stream() -> None:
    assert unpack_stream(b"") == StreamState()


@given(st.binary(min_size=1, max_size=200))
def test_anything_else_is_refused_with_one_kind_of_error(packed: bytes) -> None:
    with pytest.raises(Problem) as caught:
        unpack_stream(packed)
    assert caught.value.error_id == "ih1001"


def test_a_state_of_another_version_is_refused() -> None:
    packed = bytearray(pack_stream(StreamState(streams=1)))
    packed[1] += 1  # behind the array's head stands the version
    with pytest.raises(Problem):
        unpack_stream(bytes(packed))
