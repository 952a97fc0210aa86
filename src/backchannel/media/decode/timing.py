"""Measure the times of a segment's media from its packets, because headers are wrong or silent.

Picture and sound share one zero, the presentation time of the one that begins first, so they stay in sync.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from backchannel.errors import Problem
from backchannel.media.decode.demux import (
    LIBAV_ERRORS,
    Demuxed,
    demuxed,
    has_presentation_times,
    is_new,
)
from backchannel.media.decode.opus import opus_length_s
from backchannel.media.decode.orientation import orientation_of
from backchannel.values import MediaLimits, Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backchannel.media.decode.demux import AnyPacket

    TimeArray = NDArray[np.float64]

# Two frames of AAC at 16 kHz, the longest a recorder leaves behind the last picture.
MAX_SOUND_OVERHANG_S = 0.13

_OPUS_DECODERS = frozenset({"opus", "libopus"})

# Packets to try before giving up on a picture when only its size is wanted.
_SIZE_PROBE_PACKETS = 60


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock of a segment's new media.

    Attributes
    ----------
    duration_s
        From the first to the end of the last new picture or sound, s.
    stream_start_s
        Container time at which the new media begins, for a continuous stream; None for a complete file.
    zero_s
        Container time at which the segment's own clock reads zero.
    has_video, has_audio
        Whether there is new media of that kind.
    width_px, height_px
        Size as shown, after rotation, px; 0 without a picture.
    frame_rate_hz
        Mean rate of the new frames, frames/s; 0 without a picture.
    sound_start_s
        Container time at which the new sound begins; NaN without sound.
    """

    duration_s: float
    stream_start_s: float | None
    zero_s: float
    has_video: bool
    has_audio: bool
    width_px: int
    height_px: int
    frame_rate_hz: float
    sound_start_s: float = math.nan


def probe(segment: Segment, limits: MediaLimits) -> Timing:
    """Measure how long a segment's new media is and check it against the limits.

    Every packet is read; of the picture, one frame at most is decoded, to see its size and rotation.

    Parameters
    ----------
    segment
        Media that decodes on its own.
    limits
        Limits on the media.

    Returns
    -------
    Timing

    Raises
    ------
    Problem
        ``ih5004`` if it cannot be opened or holds no packets, ``ih5001`` if it has no picture or sound
        that can be decoded or the picture is too large or too fast, ``ih5006`` if it is too short,
        ``ih4004`` if it is too long.
    """
    with demuxed(segment, limits) as medium:
        timing = timing_of(medium, limits)
        if not timing.has_video or medium.picture is None:
            return timing
        return _with_shown_size(timing, medium, medium.picture)


def timing_of(medium: Demuxed, limits: MediaLimits) -> Timing:
    """Measure a medium like `probe`, but decode nothing. The size is as coded, before rotation."""
    if medium.picture is None and medium.sound is None:
        raise Problem("ih5001", "The media has no picture and no sound that can be decoded.")
    if medium.picture is not None:
        check_size(medium.picture.width, medium.picture.height, limits)
    timing = _measure(medium)
    _check(timing, limits)
    if not timing.has_video or medium.picture is None:
        return timing
    check_pixel_rate(medium.picture.width, medium.picture.height, timing, limits)
    return replace(timing, width_px=medium.picture.width, height_px=medium.picture.height)


def check_size(width_px: int, height_px: int, limits: MediaLimits) -> None:
    """Reject a picture that is larger than the limits, either way round.

    Raises
    ------
    Problem
        ``ih5001``.
    """
    shortest, longest = sorted((limits.max_width_px, limits.max_height_px))
    if max(width_px, height_px) > longest or min(width_px, height_px) > shortest:
        raise Problem(
            "ih5001",
            f"The picture is {width_px}x{height_px} px; at most {limits.max_width_px}x{limits.max_height_px} "
            "px is analysed. Scale it down before sending.",
        )


def check_pixel_rate(width_px: int, height_px: int, timing: Timing, limits: MediaLimits) -> None:
    """Reject pictures of a size at their frame rate if they hold more pixels a second than the limit.

    Raises
    ------
    Problem
        ``ih5001``.
    """
    # The rate of a few packets that arrived unevenly says little.
    frames = timing.frame_rate_hz * min(1.0, timing.duration_s)
    if frames * width_px * height_px > limits.max_pixel_rate_hz:
        raise Problem(
            "ih5001",
            f"The picture is {width_px}x{height_px} px at {timing.frame_rate_hz:.0f} frames a second; at "
            f"most {limits.max_pixel_rate_hz / 1e6:.0f} million pixels a second are analysed. Send fewer "
            "frames, or scale them down.",
        )


# --- packets ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Track:
    """Times of one track's new packets while they are being read."""

    start_s: list[float] = field(default_factory=list)
    length_s: list[float] = field(default_factory=list)
    seen: int = 0
    not_before_s: float = -math.inf

    def add(self, start_s: float, length_s: float) -> None:
        self.start_s.append(max(start_s, self.not_before_s))
        self.length_s.append(length_s)

    def times(self) -> tuple[TimeArray, TimeArray]:
        start_s = np.asarray(self.start_s)
        length_s = np.asarray(self.length_s)
        if len(start_s) > 1:
            steps = np.diff(np.sort(start_s))
            usual_s = float(np.median(steps[steps > 0])) if np.any(steps > 0) else 0.0
            length_s = np.where(length_s > 0, length_s, usual_s)
        return start_s, length_s

    def span(self) -> tuple[float, float] | None:
        """First start and last end, s."""
        if not self.start_s:
            return None
        start_s, length_s = self.times()
        return float(start_s.min()), float((start_s + length_s).max())

    def rate_hz(self) -> float:
        if len(self.start_s) < 2:
            return 0.0
        start_s, _ = self.times()
        length_s = float(np.ptp(start_s))
        return (len(start_s) - 1) / length_s if length_s > 0 else math.inf


def _measure(medium: Demuxed) -> Timing:
    segment, picture, sound = medium.segment, medium.picture, medium.sound
    tracks = {stream.index: _Track() for stream in (picture, sound) if stream is not None}
    latest_s = 0.0
    in_decoding_order = not has_presentation_times(medium.container)
    for packet in medium.packets:
        track = tracks[packet.stream_index]
        track.seen += 1
        # A packet without a position is as new as the one before it.
        new = is_new(packet, segment)
        if new is False and track.seen > 1:
            continue
        times = packet_span(packet, in_decoding_order=in_decoding_order, running=segment.continuous)
        if times is None:
            continue
        latest_s = times[0]
        if track.seen == 1 and isinstance(packet.stream, AudioStream):
            # Priming may be longer than the first packet and reach into the next.
            track.not_before_s = times[0]
        if not packet.is_discard and (new or (new is None and track.start_s)):
            track.add(*times)
    if not any(track.seen for track in tracks.values()):
        raise Problem("ih5004", "The media ends before its first picture or sound.")
    if segment.continuous and not any(track.start_s for track in tracks.values()):
        # Only samples that decoders discard arrived: a moment without media, which is no error.
        return Timing(0.0, latest_s, latest_s, False, False, 0, 0, 0.0)
    video = tracks[picture.index] if picture is not None else _Track()
    audio = tracks[sound.index] if sound is not None else _Track()
    return _timing(video, audio, continuous=segment.continuous)


def packet_span(packet: AnyPacket, *, in_decoding_order: bool, running: bool) -> tuple[float, float] | None:
    """Presentation time and length of a packet, s, without the samples that its decoder discards.

    None if the container has no time for it. The length is 0 if unknown. In a running stream an Opus packet
    itself tells its length: Chromium guesses that of the last packet in each MP4 fragment, and guesses too
    short. In a file, a short last packet is how the encoder's padding is cut off.
    """
    ticks = packet.dts if packet.pts is None or in_decoding_order else packet.pts
    if ticks is None:
        return None
    second_per_unit = float(packet.time_base)
    start_s, length_s = ticks * second_per_unit, (packet.duration or 0) * second_per_unit
    if running and packet.stream.codec_context.name in _OPUS_DECODERS:
        length_s = opus_length_s(bytes(memoryview(packet)[:2])) or length_s
    if packet.has_sidedata("skip_samples") and isinstance(packet.stream, AudioStream):
        # AV_PKT_DATA_SKIP_SAMPLES: u32le samples to drop at the start, then at the end.
        head, tail = struct.unpack_from("<II", bytes(packet.get_sidedata("skip_samples")))
        rate_hz = packet.stream.codec_context.sample_rate or 48_000
        start_s += head / rate_hz
        length_s = max(0.0, length_s - (head + tail) / rate_hz)
    return start_s, length_s


def _timing(video: _Track, audio: _Track, *, continuous: bool) -> Timing:
    spans = [span for span in (video.span(), audio.span()) if span is not None]
    if not spans:
        raise Problem("ih5004", "The media holds no picture or sound with a time.")
    zero_s = min(span[0] for span in spans)
    end_s = max(span[1] for span in spans)
    picture = video.span()
    if picture is not None and not continuous and end_s - picture[1] <= MAX_SOUND_OVERHANG_S:
        # Sound comes in frames of its own length and reaches past the last picture. If that counted, a
        # session of recordings cut at pictures would run ahead of real time.
        end_s = picture[1]
    return Timing(
        duration_s=end_s - zero_s,
        stream_start_s=zero_s if continuous else None,
        zero_s=zero_s,
        has_video=bool(video.start_s),
        has_audio=bool(audio.start_s),
        width_px=0,
        height_px=0,
        frame_rate_hz=video.rate_hz(),
        sound_start_s=min(audio.start_s, default=math.nan),
    )


def _check(timing: Timing, limits: MediaLimits) -> None:
    if timing.duration_s < limits.min_duration_s:
        raise Problem(
            "ih5006",
            f"The segment holds {timing.duration_s:.2f} s of media; at least {limits.min_duration_s:g} s is "
            "needed.",
        )
    if timing.duration_s > limits.max_duration_s:
        raise Problem(
            "ih4004",
            f"The media lasts {timing.duration_s:.1f} s; at most {limits.max_duration_s:g} s is analysed at "
            "once.",
        )
    if timing.frame_rate_hz > limits.max_frame_rate_hz:
        raise Problem(
            "ih5001",
            f"The picture has {timing.frame_rate_hz:.0f} frames a second; at most "
            f"{limits.max_frame_rate_hz:g} are analysed.",
        )


# --- the picture's size ----------------------------------------------------------------------------


def _with_shown_size(timing: Timing, medium: Demuxed, picture: VideoStream) -> Timing:
    picture.codec_context.thread_count = 1
    frame = next(_frames(islice(medium.packets_of(picture), _SIZE_PROBE_PACKETS)), None)
    if frame is None:
        return timing
    width_px, height_px = frame.width, frame.height
    if orientation_of(frame).transposed:
        width_px, height_px = height_px, width_px
    return replace(timing, width_px=width_px, height_px=height_px)


def _frames(source: Iterator[AnyPacket]) -> Iterator[VideoFrame]:
    for packet in source:
        try:
            decoded = packet.decode()
        except LIBAV_ERRORS:
            continue
        yield from (frame for frame in decoded if isinstance(frame, VideoFrame))
