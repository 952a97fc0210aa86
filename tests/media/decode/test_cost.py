"""Few bytes cannot cost much: packets, tracks and pixels per second are bounded before they are worked on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, Final, cast

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.video.frame import VideoFrame

from backchannel.errors import Problem
from backchannel.media.decode import decode_frames, probe, read
from backchannel.values import MediaLimits, Segment
from tests.media.making import Recipe, make

LIMITS: Final = MediaLimits()
FILE_LIMITS: Final = MediaLimits(max_duration_s=1800.0)
EITHER: Final = pytest.mark.parametrize("limits", [LIMITS, FILE_LIMITS], ids=["segment", "file"])
# A refusal takes a hundredth of this; the machine may be slow and busy.
REFUSAL_CPU_S: Final = 0.5


# --- too many packets ------------------------------------------------------------------------------


@EITHER
def test_a_table_that_repeats_one_picture_is_refused_before_it_is_opened(limits: MediaLimits) -> None:
    data = box_file(track(samples=256_000, units_per_s=64_000, chunks=1000))

    assert len(data) < 6000
    assert "14000 packets" in refusal(data, limits, "ih5004")


@EITHER
def test_a_header_that_hides_or_breaks_off_is_counted_as_well(limits: MediaLimits) -> None:
    moov = box(b"moov", MVHD, track(samples=256_000, units_per_s=64_000, chunks=1000))
    unsized, too_long = b"\0\0\0\0" + moov[4:], (len(moov) + 1).to_bytes(4) + moov[4:]
    for header in (unsized, too_long, moov[:4] + b"hoov" + moov[8:], moov[:4] + b"free" + moov[8:]):
        refusal(FTYP + header, limits, "ih5004")


@EITHER
def test_an_edit_list_that_repeats_the_media_is_refused(limits: MediaLimits) -> None:
    edits = table(*[(40, 0, 0x10000)] * 1000)
    repeated = track(samples=1000, units_per_s=250, chunks=1000, more=box(b"edts", box(b"elst", edits)))

    refusal(box_file(repeated), limits, "ih5004")


@EITHER
def test_tracks_add_up(limits: MediaLimits) -> None:
    one = track(samples=1000, units_per_s=250, chunks=1000)
    assert "packets" in refusal(box_file(*[one] * 99), limits, "ih5004")
    assert "100 tracks" in refusal(
        box_file(*[track(samples=1, units_per_s=1, chunks=1)] * 101), limits, "ih5004"
    )


@EITHER
def test_a_fragment_without_a_size_for_each_sample_is_refused(limits: MediaLimits) -> None:
    run = box(b"trun", bytes(4), (20_000_000).to_bytes(4))
    tfhd = box(b"tfhd", bytes.fromhex("00000018 00000001 00000001 00000001"))
    moof = box(b"moof", box(b"mfhd", bytes(7), b"\1"), box(b"traf", tfhd, run))

    refusal(box_file(track(samples=0, units_per_s=1000, chunks=0)) + moof, limits, "ih5004")


@EITHER
def test_uncompressed_sound_is_counted_by_the_packets_that_it_becomes(limits: MediaLimits) -> None:
    data = box_file(
        track(samples=2**31, units_per_s=48_000_000, chunks=1000, handler=b"soun", per_chunk=2**31 // 1000)
    )

    refusal(data, limits, "ih5004")


@EITHER
def test_a_compressed_header_is_refused_because_nobody_can_see_what_it_declares(limits: MediaLimits) -> None:
    assert "compressed" in refusal(FTYP + box(b"moov", box(b"cmov", bytes(16))), limits, "ih5004")


@EITHER
@pytest.mark.parametrize("kind", [b"free", b"moof", b"trak", b"trun"])
def test_a_million_empty_boxes_are_refused_before_they_are_counted(kind: bytes, limits: MediaLimits) -> None:
    refusal(FTYP + box(b"moov", box(kind) * 1_000_000), limits, "ih5004")


@pytest.mark.parametrize(("container", "codec"), [("matroska", "mjpeg"), ("mpegts", "mp2")])
def test_reading_stops_at_more_packets_than_their_time_allows(container: str, codec: str) -> None:
    data = repeated(container, codec, rate_hz=20_000, count=40_000)

    refusal(data, LIMITS, "ih5004")
    refusal(data, FILE_LIMITS, "ih5004")


def test_packets_of_a_track_that_nobody_looks_at_count_as_well() -> None:
    data = repeated("matroska", "libopus", rate_hz=20_000, count=40_000, tracks=2)

    refusal(data, LIMITS, "ih5004")


# --- what has many packets and is right ------------------------------------------------------------


@pytest.mark.parametrize("container", ["mp4", "mov", "matroska"])
def test_a_minute_of_240_pictures_a_second_is_read(container: str) -> None:
    data = repeated(container, "mjpeg", rate_hz=240, count=240 * 59)

    with read(Segment(data), MediaLimits(max_frame_rate_hz=240.5)) as medium:
        assert medium.timing.frame_rate_hz == pytest.approx(240, abs=0.5)
        assert medium.timing.duration_s == pytest.approx(59, abs=0.05)
    # By default it is refused for its rate, and not for its packets.
    assert "240 frames a second" in refusal(data, LIMITS, "ih5001")


@pytest.mark.parametrize("container", ["mp4", "matroska", "webm", "ogg"])
def test_a_minute_of_sound_in_the_shortest_packets_is_read(container: str) -> None:
    data = repeated(container, "libopus", rate_hz=400, count=400 * 59)

    assert probe(Segment(data), LIMITS).duration_s == pytest.approx(59, abs=0.1)


@pytest.mark.parametrize("container", ["mov", "avi", "wav", "matroska"])
@pytest.mark.parametrize("movflags", ["", "frag_keyframe+empty_moov+default_base_moof"])
def test_uncompressed_sound_is_read(container: str, movflags: str) -> None:
    options = {"movflags": movflags} if movflags and container == "mov" else {}
    recipe = Recipe(container, video="", audio="pcm_s16le", duration_s=50.0, options=options)

    assert probe(Segment(make(recipe)), LIMITS).duration_s == pytest.approx(50, abs=0.01)


def test_joined_recordings_are_read_though_their_clock_goes_back_again_and_again() -> None:
    packets = 400 * 2
    data = repeated("matroska", "libopus", rate_hz=400, count=packets * 29, restart_after=packets)

    assert probe(Segment(data), LIMITS).has_audio


def test_fragments_of_one_picture_each_are_read() -> None:
    options = {"movflags": "frag_every_frame+empty_moov"}
    data = make(Recipe(duration_s=8.0, width=64, height=64, options=options))

    assert probe(Segment(data), LIMITS).duration_s == pytest.approx(8, abs=0.1)


# --- too many pixels -------------------------------------------------------------------------------


@EITHER
def test_the_largest_picture_at_the_highest_rate_is_refused_before_it_is_decoded(limits: MediaLimits) -> None:
    data = repeated("mov", "mjpeg", rate_hz=120, count=240, size=(4096, 2304))

    message = refusal(data, limits, "ih5001")

    assert all(words in message for words in ("4096x2304 px", "120 frames", "566 million pixels"))


@pytest.mark.parametrize(
    ("size", "rate_hz"), [((3840, 2160), 60), ((2160, 3840), 60), ((4096, 2304), 60), ((1920, 1080), 120)]
)
def test_large_and_fast_pictures_that_cameras_record_are_read(size: tuple[int, int], rate_hz: int) -> None:
    data = repeated("mov", "mjpeg", rate_hz=rate_hz, count=2 * rate_hz, size=size)

    with read(Segment(data), LIMITS) as medium:
        assert medium.timing.frame_rate_hz == pytest.approx(rate_hz)


def test_a_picture_that_grows_counts_as_it_is() -> None:
    data = repeated("matroska", "mjpeg", rate_hz=100, count=200, grows_to=(192, 128))
    small = MediaLimits(max_pixel_rate_hz=100 * 128 * 96)

    with read(Segment(data), small) as medium:
        assert (medium.timing.width_px, medium.timing.height_px) == (64, 64)
    with pytest.raises(Problem) as caught:
        list(decode_frames(Segment(data), small))
    assert caught.value.error_id == "ih5001"
    assert "192x128 px at 100 frames" in caught.value.message

    assert list(decode_frames(Segment(data), replace(small, max_pixel_rate_hz=100 * 192 * 128 * 1.1)))


def test_a_few_large_pictures_that_arrive_together_are_read() -> None:
    # Their rate is 100 frames a second, but only for 40 ms.
    data = repeated("mov", "mjpeg", rate_hz=100, count=4, size=(4096, 2304))

    with read(Segment(data), LIMITS) as medium:
        assert medium.timing.has_video


# --- files from the field --------------------------------------------------------------------------


@EITHER
@pytest.mark.parametrize(
    ("name", "error_id"),
    [("samples-256k.mov", "ih5004"), ("same-frame-1190x-4096x2304-png.mov", "ih5001")],
)
def test_files_made_to_cost_much_are_refused(
    field: Path, name: str, error_id: str, limits: MediaLimits
) -> None:
    refusal((field / "hostile" / name).read_bytes(), limits, error_id)


# --- helpers ---------------------------------------------------------------------------------------


def refusal(data: bytes, limits: MediaLimits, error_id: str) -> str:
    """Return the message with which media is refused, soon."""
    with refused_soon(error_id) as messages, read(Segment(data), limits):
        pass
    return messages[0]


@contextmanager
def refused_soon(error_id: str) -> Iterator[list[str]]:
    messages: list[str] = []
    begun_s = time.process_time()
    with pytest.raises(Problem) as caught:
        yield messages
    assert time.process_time() - begun_s < REFUSAL_CPU_S
    assert caught.value.error_id == error_id
    messages.append(caught.value.message)


def repeated(
    container: str,
    codec: str,
    *,
    rate_hz: int,
    count: int,
    size: tuple[int, int] = (64, 64),
    tracks: int = 1,
    restart_after: int = 0,
    grows_to: tuple[int, int] | None = None,
) -> bytes:
    """One packet, written again and again at a rate, into the last of some tracks.

    The first half is of one size, and the rest of the one that it grows to.
    """
    files, grown = [], _one_packet(codec, rate_hz, grows_to) if grows_to else None
    for _ in range(count // restart_after if restart_after else 1):
        file = BytesIO()
        with av.open(file, "w", format=container) as output:
            streams: list[Any] = [_stream(output, codec, rate_hz, size) for _ in range(tracks)]
            content = _one_packet(codec, rate_hz, size)
            for number in range(restart_after or count):
                packet: Any = Packet(grown if grown and number >= count // 2 else content)
                packet.pts = packet.dts = number
                packet.duration, packet.time_base = 1, Fraction(1, rate_hz)
                packet.is_keyframe, packet.stream = True, streams[-1]
                output.mux(packet)
        files.append(file.getvalue())
    return b"".join(files)


def _stream(output: Any, codec: str, rate_hz: int, size: tuple[int, int]) -> object:
    if codec in {"libopus", "mp2"}:
        options = {"frame_duration": "2.5"} if codec == "libopus" else {}
        return output.add_stream(codec, rate=48_000, layout="mono", options=options)
    stream = output.add_stream(codec, rate=rate_hz)
    stream.width, stream.height = size
    stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "rgb24"
    stream.time_base = stream.codec_context.time_base = Fraction(1, rate_hz)
    return stream


def _one_packet(codec: str, rate_hz: int, size: tuple[int, int]) -> bytes:
    with av.open(BytesIO(), "w", format="matroska") as output:
        return _encoded(_stream(output, codec, rate_hz, size))


def _encoded(stream: Any) -> bytes:
    frame: VideoFrame | AudioFrame
    if stream.type == "video":
        pixels = np.zeros((stream.height, stream.width, 3), np.uint8)
        frame = VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=stream.pix_fmt)
    else:
        # Opus looks ahead, so the first call may give nothing.
        frame = AudioFrame.from_ndarray(np.zeros((1, 48_000), np.int16), "s16", "mono")
        frame.sample_rate = 48_000
    frame.pts = 0
    packets = [*stream.encode(frame), *stream.encode(None)]
    return bytes(cast("Any", packets[0]))


def box(kind: bytes, *content: bytes) -> bytes:
    """A box of MP4."""
    body = b"".join(content)
    return (8 + len(body)).to_bytes(4) + kind + body


def table(*rows: tuple[int, ...]) -> bytes:
    """The content of a box with a table."""
    numbers = (number.to_bytes(4) for row in rows for number in row)
    return bytes(4) + len(rows).to_bytes(4) + b"".join(numbers)


def track(
    *,
    samples: int,
    units_per_s: int,
    chunks: int,
    handler: bytes = b"vide",
    per_chunk: int = 0,
    more: bytes = b"",
) -> bytes:
    """A track of one-byte samples, one unit each, whose chunks are all at the same place."""
    per_chunk = per_chunk or max(1, samples // max(1, chunks))
    entry = box(
        b"jpeg", bytes(6), b"\0\1", bytes(16), b"\0\x40\0\x40", bytes(14), bytes(32), b"\0\x18\xff\xff"
    )
    stbl = box(
        b"stbl",
        box(b"stsd", bytes(4), b"\0\0\0\1", entry),
        box(b"stts", table((samples, 1))),
        box(b"stsc", table((1, per_chunk, 1))),
        box(b"stsz", bytes(4), (1).to_bytes(4), samples.to_bytes(4)),
        box(b"stco", table(*[(28,)] * chunks)),
    )
    mdhd = box(b"mdhd", bytes(12), units_per_s.to_bytes(4), samples.to_bytes(4), bytes(4))
    hdlr = box(b"hdlr", bytes(4), b"mhlr", handler, bytes(13))
    tkhd = box(b"tkhd", bytes(11), b"\1", bytes(72))
    return box(b"trak", tkhd, more, box(b"mdia", mdhd, hdlr, box(b"minf", stbl)))


FTYP: Final = box(b"ftyp", b"qt  ", bytes(4), b"qt  ")
MVHD: Final = box(b"mvhd", bytes(12), (1000).to_bytes(4), (4000).to_bytes(4), bytes(80))


def box_file(*tracks: bytes) -> bytes:
    """A QuickTime file of some tracks."""
    return FTYP + box(b"moov", MVHD, *tracks)
