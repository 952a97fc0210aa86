"""Open a segment with libav and read its packets once. Every libav failure becomes a `Problem`.

Only the demuxer for the detected container is used, so nobody can smuggle in a playlist or network format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING

import av
import av.logging
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from backchannel.errors import Problem
from backchannel.media.stream.container import Container, detect_container
from backchannel.values import MediaLimits, Segment

# libav writes details of the media to standard error, and media must never reach a log.
av.logging.set_level(None)

LIBAV_ERRORS = (
    av.FFmpegError,
    ValueError,
    MemoryError,
    LookupError,
    OSError,
    RuntimeError,
    ArithmeticError,
    NotImplementedError,
    EOFError,
)
"""Every exception that PyAV is known to raise on damaged media."""

_DEMUXERS: Mapping[Container, str] = MappingProxyType(
    {
        Container.MP4: "mov",
        Container.MOV: "mov",
        Container.AVI: "avi",
        Container.MKV: "matroska",
        Container.WEBM: "matroska",
        Container.MPEG_TS: "mpegts",
        Container.M2TS: "mpegts",
        Container.MPEG_PS: "mpeg",
        Container.WAV: "wav",
        Container.FLAC: "flac",
        Container.MP3: "mp3",
        Container.OGG: "ogg",
    }
)
# Decoders round a picture up to whole macroblocks before they check its size.
_CODED_MARGIN_PX = 64


if TYPE_CHECKING:
    AnyPacket = Packet[VideoStream | AudioStream]


@dataclass(frozen=True, slots=True)
class Demuxed:
    """A segment that was opened, and whose packets were all read.

    Attributes
    ----------
    picture, sound
        The tracks to analyse; None if there is none that can be decoded.
    packets
        Their packets, in the order of the bytes.
    """

    segment: Segment
    container: InputContainer
    picture: VideoStream | None
    sound: AudioStream | None
    packets: tuple[AnyPacket, ...]

    def packets_of(self, stream: VideoStream | AudioStream) -> Iterator[AnyPacket]:
        """Packets of one of its tracks."""
        return (packet for packet in self.packets if packet.stream_index == stream.index)


@contextmanager
def demuxed(segment: Segment, limits: MediaLimits) -> Iterator[Demuxed]:
    """Open a segment and read all its packets. For parameters and errors see `opened`."""
    with opened(segment, limits) as container:
        picture, sound = first_picture(container), first_sound(container)
        streams = [stream for stream in (picture, sound) if stream is not None]
        held = tuple(packets(container, *streams)) if streams else ()
        yield Demuxed(segment, container, picture, sound, held)


@contextmanager
def opened(segment: Segment, limits: MediaLimits) -> Iterator[InputContainer]:
    """Open a segment for reading.

    Parameters
    ----------
    segment
        Media that decodes on its own.
    limits
        Limits on the picture, which the decoders enforce.

    Yields
    ------
    InputContainer

    Raises
    ------
    Problem
        ``ih5004`` if the bytes are no container, or cannot be opened.
    """
    kind = detect_container(segment.data)
    if kind is None:
        raise Problem(
            "ih5004",
            f"The {len(segment.data)} bytes are not a supported video file and do not continue a stream. "
            "Send mp4, avi, mov, mkv, mpeg-ts, mpeg-2-ts or webm.",
        )
    try:
        container = av.open(
            BytesIO(segment.data),
            "r",
            format=_DEMUXERS[kind],
            options={"max_pixels": str(max_pixels(limits)), "fflags": "+discardcorrupt", "threads": "1"},
            metadata_errors="replace",
        )
    except LIBAV_ERRORS:
        raise Problem("ih5004", f"The {kind} media is damaged or incomplete and cannot be opened.") from None
    try:
        yield container
    finally:
        container.close()


def max_pixels(limits: MediaLimits) -> int:
    """Most pixels a decoder may ever allocate for one picture."""
    return (limits.max_width_px + _CODED_MARGIN_PX) * (limits.max_height_px + _CODED_MARGIN_PX)


def first_picture(container: InputContainer) -> VideoStream | None:
    """Return the first video track that has a decoder and is not cover art."""
    for stream in container.streams.video:
        # PyAV has no context if libav has no decoder, despite the stubs.
        if _decodable(stream) and not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def first_sound(container: InputContainer) -> AudioStream | None:
    """Return the first audio track that has a decoder."""
    return next((stream for stream in container.streams.audio if _decodable(stream)), None)


def _decodable(stream: VideoStream | AudioStream) -> bool:
    context: object = stream.codec_context
    return context is not None


def packets(container: InputContainer, *streams: VideoStream | AudioStream) -> Iterator[AnyPacket]:
    """Read the packets of some streams until the media ends or breaks off.

    Damage ends the reading without an error, because the packets before it are valid.
    """
    source = container.demux(*streams)
    while True:
        try:
            packet = next(source, None)
        except LIBAV_ERRORS:
            return
        if packet is None:
            return
        if packet.size == 0 or packet.is_corrupt:
            continue
        yield packet  # type: ignore[misc]


def has_presentation_times(container: InputContainer) -> bool:
    """Whether packets have presentation times. AVI has none; it numbers packets in decoding order."""
    return container.format.name != "avi"


def is_new(packet: AnyPacket, segment: Segment) -> bool | None:
    """Whether no earlier segment covered this packet; None if its place in the bytes is not known."""
    if segment.new_from_byte == 0:
        return True
    if packet.pos is None or packet.pos < 0:
        return None
    return packet.pos + packet.size > segment.new_from_byte
