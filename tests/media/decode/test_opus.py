"""The length of Opus packets, against the table of RFC 6716 and against what an encoder makes."""

from io import BytesIO

import av
import pytest

from backchannel.media.decode.opus import opus_length_s
from tests.media.making import Recipe, make


@pytest.mark.parametrize(
    ("config", "length_ms"),
    [
        *zip(range(12), (10, 20, 40, 60) * 3, strict=True),
        *zip(range(12, 16), (10, 20) * 2, strict=True),
        *zip(range(16, 32), (2.5, 5, 10, 20) * 4, strict=True),
    ],
)
@pytest.mark.parametrize(("code", "frames"), [(0, 1), (1, 2), (2, 2)])
def test_the_first_byte_says_mode_length_and_number_of_frames(
    config: int, length_ms: float, code: int, frames: int
) -> None:
    for stereo in (0, 1):
        toc = config << 3 | stereo << 2 | code
        assert opus_length_s(bytes([toc])) == pytest.approx(frames * length_ms / 1000)


@pytest.mark.parametrize(("frames", "length_s"), [(1, 0.02), (3, 0.06), (6, 0.12)])
@pytest.mark.parametrize("flags", [0x00, 0x40, 0x80, 0xC0])
def test_a_second_byte_may_count_the_frames(frames: int, length_s: float, flags: int) -> None:
    assert opus_length_s(bytes([31 << 3 | 3, frames | flags])) == pytest.approx(length_s)


@pytest.mark.parametrize(
    "head",
    [b"", bytes([3]), bytes([3, 0]), bytes([31 << 3 | 3, 7]), bytes([3 << 3 | 3, 3])],
    ids=["nothing", "no count", "no frames", "140 ms", "180 ms"],
)
def test_what_is_no_packet_has_no_length(head: bytes) -> None:
    assert opus_length_s(head) is None


def test_an_encoders_packets_are_as_long_as_they_say() -> None:
    data = make(Recipe("webm", video="", audio="libopus", duration_s=1.0))
    with av.open(BytesIO(data), "r") as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size]
        told_s = [opus_length_s(bytes(packet)[:2]) for packet in packets]
        samples = [sum([frame.samples for frame in packet.decode()]) for packet in packets]
    # The decoder leaves out the beginning and the end, which are the encoder's own.
    assert told_s[2:-1] == pytest.approx([count / 48_000 for count in samples[2:-1]])
