"""Open a segment with libav and read its packets once. Every libav failure becomes a `Problem`.

Only the demuxer for the detected container is used, and only the decoders that `allowed` lists, so nobody can
smuggle in a playlist, a network format or a codec that nobody uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING

import av
import av.logging

# PyAV imports these with the first file that needs them, but a worker in its sandbox reads no files.
import av.subtitles.codeccontext
import av.subtitles.stream
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from backchannel.errors import Problem
from backchannel.media.decode.allowed import DECODERS, DEMUXERS
from backchannel.media.decode.declared import declared
from backchannel.media.decode.joined import on_one_clock
from backchannel.media.stream.container import Container, detect_container
from backchannel.media.stream.extent import is_truncated
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

# Decoders round a picture up to whole macroblocks before they check its size.
_CODED_MARGIN_PX = 64
# Packets that any media may have, however short. Reading them takes 20 ms (measured).
_FREE_PACKETS = 10_000
_BOX_FILES = frozenset({Container.MP4, Container.MOV})
# Their headers say what libav would otherwise find out by decoding key frames each time it opens them: 3 ms
# for each piece of an H.264 stream at 640x360, 10 ms at 1080p (measured).
_DESCRIBED = _BOX_FILES | {Container.MKV, Container.WEBM}
_NONE = "none"


if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.video.codeccontext import VideoCodecContext

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
    sound_tracks
        Number of sound tracks that can be decoded.
    truncated
        Whether the segment is a file whose end is missing.
    """

    segment: Segment
    container: InputContainer
    picture: VideoStream | None
    sound: AudioStream | None
    packets: tuple[AnyPacket, ...]
    sound_tracks: int = 1
    truncated: bool = False

    def packets_of(self, stream: VideoStream | AudioStream) -> Iterator[AnyPacket]:
        """Packets of one of its tracks."""
        return (packet for packet in self.packets if packet.stream_index == stream.index)


@contextmanager
def demuxed(segment: Segment, limits: MediaLimits, sound_track: int = 0) -> Iterator[Demuxed]:
    """Open a segment and read all packets of its picture and of one of its sound tracks.

    Parameters
    ----------
    segment
        Media that decodes on its own.
    limits
        Limits on the picture, which the decoders enforce.
    sound_track
        Which of several sound tracks to read, from 0.

    Yields
    ------
    Demuxed

    Raises
    ------
    Problem
        ``ih5004`` if the bytes are no container, cannot be opened, or declare too many packets or tracks.
    """
    kind = _kind_of(segment, limits)
    if kind in _DESCRIBED:
        with _opened(segment, limits, kind, probed=False) as container:
            medium = _read(segment, container, limits, sound_track)
            if _is_described(medium):
                yield medium
                return
    with _opened(segment, limits, kind, probed=True) as container:
        yield _read(segment, container, limits, sound_track)


def _read(segment: Segment, container: InputContainer, limits: MediaLimits, sound_track: int) -> Demuxed:
    picture, sounds = first_picture(container), sound_tracks(container)
    sound = sounds[sound_track] if sound_track < len(sounds) else None
    streams = [stream for stream in (picture, sound) if stream is not None]
    held = tuple(on_one_clock(packets(container, limits, *streams))) if streams else ()
    truncated = not segment.continuous and is_truncated(segment.data)
    return Demuxed(segment, container, picture, sound, held, len(sounds), truncated)


def _is_described(medium: Demuxed) -> bool:
    """Whether the headers say all that the decoders need.

    A decoder must know in advance whether frames are displayed in another order than they are decoded in,
    or it may lose the first ones. Headers do not always say so, but the packets show it.
    """
    if medium.sound is not None and not (medium.sound.sample_rate and medium.sound.channels):
        return False
    if medium.picture is None:
        return True
    times = [packet.pts for packet in medium.packets_of(medium.picture)]
    in_order = all(
        before is not None and after is not None and before < after for before, after in pairwise(times)
    )
    return bool(medium.picture.width and medium.picture.height) and in_order


def _kind_of(segment: Segment, limits: MediaLimits) -> Container:
    kind = detect_container(segment.data)
    if kind is None:
        raise Problem(
            "ih5004",
            f"The {len(segment.data)} bytes are not a supported video file and do not continue a stream. "
            "Send mp4, avi, mov, mkv, mpeg-ts, mpeg-2-ts or webm.",
        )
    if kind in _BOX_FILES:
        _check_declared(segment.data, limits)
    return kind


@contextmanager
def _opened(
    segment: Segment, limits: MediaLimits, kind: Container, *, probed: bool
) -> Iterator[InputContainer]:
    options = {
        "max_pixels": str(max_pixels(limits)),
        "fflags": "+discardcorrupt",
        "threads": "1",
        "codec_whitelist": ",".join(sorted(DECODERS)) if probed else _NONE,
        # A container may name other files and containers to open.
        "format_whitelist": DEMUXERS[kind],
        "protocol_whitelist": _NONE,
    }
    try:
        container = av.open(
            BytesIO(segment.data), "r", format=DEMUXERS[kind], options=options, metadata_errors="replace"
        )
    except LIBAV_ERRORS:
        raise Problem("ih5004", f"The {kind} media is damaged or incomplete and cannot be opened.") from None
    try:
        yield container
    finally:
        container.close()


def _check_declared(data: bytes, limits: MediaLimits) -> None:
    """Refuse a box file whose tables declare more than it may hold, before libav builds an index of it."""
    try:
        found = declared(data, _most_packets(limits.max_duration_s, limits))
    except ValueError as error:
        raise Problem("ih5004", f"The media has {error}, which is not supported. Save it again.") from None
    _check_count(found.packets, found.duration_s, limits)


def _check_count(count: int, duration_s: float, limits: MediaLimits) -> None:
    allowed = _most_packets(duration_s, limits)
    if count > allowed:
        raise Problem(
            "ih5004",
            f"The media has more than {allowed:.0f} packets, too many for its duration; at most "
            f"{limits.max_packet_rate_hz:g} a second are read.",
        )


def _most_packets(duration_s: float, limits: MediaLimits) -> float:
    return _FREE_PACKETS + limits.max_packet_rate_hz * min(duration_s, limits.max_duration_s)


def max_pixels(limits: MediaLimits) -> int:
    """Most pixels a decoder may ever allocate for one picture."""
    return (limits.max_width_px + _CODED_MARGIN_PX) * (limits.max_height_px + _CODED_MARGIN_PX)


def first_picture(container: InputContainer) -> VideoStream | None:
    """Return the first video track that has an allowed decoder and is not cover art."""
    for stream in container.streams.video:
        # PyAV has no context if libav has no decoder, despite the stubs.
        if _decodable(stream) and not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def first_sound(container: InputContainer) -> AudioStream | None:
    """Return the first audio track that has a decoder."""
    return next(iter(sound_tracks(container)), None)


def sound_tracks(container: InputContainer) -> list[AudioStream]:
    """Return the audio tracks that have a decoder."""
    return [stream for stream in container.streams.audio if _decodable(stream)]


def _decodable(stream: VideoStream | AudioStream) -> bool:
    context: VideoCodecContext | AudioCodecContext | None = stream.codec_context
    return context is not None and context.name in DECODERS


@dataclass(slots=True)
class _Pace:
    """Packets read so far, and how much time passed on the clock of the track where most did."""

    limits: MediaLimits
    count: int = 0
    elapsed_s: float = 0.0
    latest: dict[int, int] = field(default_factory=dict)
    passed_s: dict[int, float] = field(default_factory=dict)

    def add(self, packet: AnyPacket) -> None:
        """Count a packet, and raise a Problem if there are too many for the time that passed."""
        self.count += 1
        ticks, track = packet.dts if packet.dts is not None else packet.pts, packet.stream_index
        if ticks is not None:
            # A clock that goes back, as in joined recordings, takes nothing away.
            step = ticks - self.latest.get(track, ticks)
            self.latest[track] = ticks
            if step > 0:
                self.passed_s[track] = self.passed_s.get(track, 0.0) + step * float(packet.time_base)
                self.elapsed_s = max(self.elapsed_s, self.passed_s[track])
        if self.count > _FREE_PACKETS:
            _check_count(self.count, self.elapsed_s, self.limits)


def packets(
    container: InputContainer, limits: MediaLimits, *streams: VideoStream | AudioStream
) -> Iterator[AnyPacket]:
    """Read the packets of some streams until the media ends or breaks off.

    Damage ends the reading without an error, because the packets before it are valid.

    Raises
    ------
    Problem
        ``ih5004`` as soon as there are more packets, those of other streams included, than the time that
        they cover allows.
    """
    indexes, pace = frozenset(stream.index for stream in streams), _Pace(limits)
    # Packets of other streams cost time as well.
    source = container.demux()
    while True:
        try:
            packet = next(source, None)
        except LIBAV_ERRORS:
            return
        if packet is None:
            return
        pace.add(packet)  # type: ignore[arg-type]
        if packet.size > 0 and not packet.is_corrupt and packet.stream_index in indexes:
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
