"""Cut a file into complete files of a few seconds, like a recorder that restarts.

If key frames are close to the wanted cuts, packets are copied. Otherwise the video is re-encoded, for speed
and not for size. Clients use this to play a file; the server does not.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from backchannel.errors import Problem
from backchannel.media.decode.demux import LIBAV_ERRORS, first_picture, first_sound

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _MediaPacket = Packet[VideoStream | AudioStream]

MIN_SEGMENT_S = 2.9
"""Servers require v0 segments of 3 s, with a tolerance of 0.25 s."""

_MAX_STRETCH = 1.5  # times the requested length. If key frames are further apart, the video is re-encoded.
_CLOCK = Fraction(1, 1000)  # the time base of Matroska


@dataclass(frozen=True, slots=True)
class Cut:
    """A segment: a complete Matroska file.

    Attributes
    ----------
    data
        The file.
    duration_s
        Its duration, s.
    """

    data: bytes
    duration_s: float


@dataclass(frozen=True, slots=True)
class _Plan:
    """The start of each segment in the file's time, s, and whether packets can be copied."""

    starts_s: tuple[float, ...]
    end_s: float
    copy: bool

    def place(self, time_s: float) -> int:
        """Return the index of the segment at a time."""
        return max(0, bisect_right(self.starts_s, time_s + 1e-6) - 1)

    def duration_s(self, place: int) -> float:
        return (*self.starts_s, self.end_s)[place + 1] - self.starts_s[place]


def cut_file(path: Path, segment_s: float, min_last_s: float = MIN_SEGMENT_S) -> Iterator[Cut]:
    """Cut a file into segments, lazily.

    Parameters
    ----------
    path
        A media file in any supported container.
    segment_s
        Wanted duration of a segment, s. With copied packets the duration may be up to half longer.
    min_last_s
        If the last segment would be shorter than this, it is joined with the one before, s.

    Yields
    ------
    Cut
        Segments in order, without gaps.

    Raises
    ------
    Problem
        ``ih5001`` if the file has neither video nor audio, ``ih5004`` if it is not media.

    See Also
    --------
    backchannel.client.v0.play : Sends segments to a server.
    """
    plan = _plan(path, segment_s, min_last_s)
    with _opened(path) as source:
        writers: dict[int, _Writer] = {}
        done = 0
        for place, item in _items(source, plan):
            # Audio and video of the same moment are stored apart, so a segment ends one segment later.
            while place >= done + 2:
                if (writer := writers.pop(done, None)) is not None:
                    yield Cut(writer.finish(), plan.duration_s(done))
                done += 1
            writer = writers.get(place) or writers.setdefault(place, _Writer(plan.starts_s[place]))
            writer.add(item)
        for place in sorted(writers):
            yield Cut(writers[place].finish(), plan.duration_s(place))


def _opened(path: Path) -> InputContainer:
    try:
        return av.open(str(path), "r", metadata_errors="replace")
    except LIBAV_ERRORS:
        raise Problem("ih5004", "This is not a readable media file. Choose another file.") from None


def _tracks(source: InputContainer) -> list[VideoStream | AudioStream]:
    found = [track for track in (first_picture(source), first_sound(source)) if track is not None]
    if not found:
        raise Problem("ih5001", "The file has no video or audio that can be decoded. Choose another file.")
    return found


# --- where to cut ----------------------------------------------------------------------------------


def _plan(path: Path, segment_s: float, min_last_s: float) -> _Plan:
    keys_s: list[float] = []
    first_s, end_s = math.inf, -math.inf
    with _opened(path) as source:
        timed = not _untimed(source)
        for packet in _packets(source, _tracks(source)):
            if packet.pts is None:
                timed = False
            time_s = _time_s(packet)
            first_s, end_s = min(first_s, time_s), max(end_s, time_s + _length_s(packet))
            if packet.is_keyframe and isinstance(packet.stream, VideoStream):
                keys_s.append(time_s)
    if end_s <= first_s:
        raise Problem("ih5001", "The file has no video or audio with timestamps. Choose another file.")
    starts_s = _starts_at_keys(first_s, end_s, keys_s, segment_s, min_last_s) if timed and keys_s else None
    if starts_s is not None:
        return _Plan(starts_s, end_s, copy=True)
    count = max(1, math.ceil((end_s - first_s) / segment_s))
    even_s = [first_s + number * segment_s for number in range(count)]
    return _Plan(_without_short_last(even_s, end_s, min_last_s), end_s, copy=False)


def _starts_at_keys(
    first_s: float, end_s: float, keys_s: list[float], segment_s: float, min_last_s: float
) -> tuple[float, ...] | None:
    """Return the key frames nearest to the wanted cuts, or None if they are too far away."""
    starts_s = [first_s]
    while end_s - starts_s[-1] > segment_s:
        wanted_s = starts_s[-1] + segment_s
        least_s = min(min_last_s, segment_s)
        later_s = [key_s for key_s in keys_s if starts_s[-1] + least_s <= key_s <= end_s - least_s]
        if not later_s:
            break
        starts_s.append(min(later_s, key=lambda key_s: abs(key_s - wanted_s)))
    kept_s = _without_short_last(starts_s, end_s, min_last_s)
    lengths_s = np.diff([*kept_s, end_s])
    # The last segment may include a remainder that is too short on its own.
    fits = all(length_s <= _MAX_STRETCH * segment_s for length_s in lengths_s[:-1])
    return kept_s if fits and lengths_s[-1] <= _MAX_STRETCH * segment_s + min_last_s else None


def _without_short_last(starts_s: list[float], end_s: float, min_last_s: float) -> tuple[float, ...]:
    short = len(starts_s) > 1 and end_s - starts_s[-1] < min_last_s
    return tuple(starts_s[:-1] if short else starts_s)


# --- reading ---------------------------------------------------------------------------------------


def _packets(
    source: InputContainer, tracks: list[VideoStream | AudioStream], *, flush: bool = False
) -> Iterator[_MediaPacket]:
    """Yield packets with a timestamp. With `flush`, also yield the empty packets that flush the decoders."""
    try:
        for packet in source.demux(*tracks):
            timed = packet.pts is not None or packet.dts is not None
            if (packet.size and timed) or (flush and not packet.size):
                yield packet  # type: ignore[misc]
    except LIBAV_ERRORS:
        return  # Media before the damage is still played.


def _items(
    source: InputContainer, plan: _Plan
) -> Iterator[tuple[int, _MediaPacket | VideoFrame | AudioFrame]]:
    """Yield packets to copy or frames to encode, each with the index of its segment."""
    tracks = _tracks(source)
    if not plan.copy:
        yield from _frames(source, tracks, plan)
        return
    picture_place = 0
    for packet in _packets(source, tracks):
        if isinstance(packet.stream, VideoStream):
            # Pictures shown before a key frame but stored after it depend on it.
            if packet.is_keyframe:
                picture_place = plan.place(_time_s(packet))
            yield picture_place, packet
        else:
            yield plan.place(_time_s(packet)), packet


def _frames(
    source: InputContainer, tracks: list[VideoStream | AudioStream], plan: _Plan
) -> Iterator[tuple[int, VideoFrame | AudioFrame]]:
    pictures = 0
    for packet in _packets(source, tracks, flush=True):
        try:
            frames = packet.decode()
        except LIBAV_ERRORS:
            continue
        for frame in frames:
            if isinstance(frame, VideoFrame) and _untimed(source):
                frame.time_base = 1 / (packet.stream.average_rate or Fraction(25))
                frame.pts = pictures
                pictures += 1
            if isinstance(frame, VideoFrame | AudioFrame) and frame.time is not None:
                yield plan.place(frame.time), frame


def _untimed(source: InputContainer) -> bool:
    """Whether the container has no timestamps, only the stored order of pictures."""
    return source.format.name == "avi"


def _time_s(packet: _MediaPacket) -> float:
    return float((packet.pts if packet.pts is not None else packet.dts or 0) * packet.time_base)


def _length_s(packet: _MediaPacket) -> float:
    return float((packet.duration or 0) * packet.time_base)


# --- writing ---------------------------------------------------------------------------------------


class _Writer:
    """Writes one segment. Packets are kept until its end and then written in order of time."""

    def __init__(self, start_s: float) -> None:
        self._start_s = start_s
        self._buffer = BytesIO()
        self._output = av.open(self._buffer, "w", format="matroska")
        self._packets: list[_MediaPacket] = []
        self._copies: dict[int, VideoStream | AudioStream] = {}
        self._picture: VideoStream | None = None
        self._sound: AudioStream | None = None
        self._resampler: AudioResampler | None = None

    def add(self, item: _MediaPacket | VideoFrame | AudioFrame) -> None:
        if isinstance(item, VideoFrame):
            self._add_picture(item)
        elif isinstance(item, AudioFrame):
            self._add_sound(item)
        else:
            self._copy(item)

    def finish(self) -> bytes:
        for encoder in (self._picture, self._sound):
            if encoder is not None:
                self._packets.extend(encoder.encode(None))
        self._packets.sort(key=lambda packet: (packet.dts or 0) * packet.time_base)
        for packet in self._packets:
            self._output.mux(packet)
        self._output.close()
        return self._buffer.getvalue()

    def _copy(self, packet: _MediaPacket) -> None:
        index = packet.stream_index
        if index not in self._copies:
            self._copies[index] = self._output.add_stream_from_template(packet.stream)
        offset = round(self._start_s / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - offset
        packet.dts = None if packet.dts is None else packet.dts - offset
        packet.stream = self._copies[index]
        self._packets.append(packet)

    def _add_picture(self, frame: VideoFrame) -> None:
        time_s = frame.time or 0.0
        if frame.rotation:
            rotated: NDArray[np.uint8] = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
            upright = np.ascontiguousarray(np.rot90(rotated, round(frame.rotation / 90)))
            frame = VideoFrame.from_ndarray(upright, format="rgb24")
        if self._picture is None:
            options = {"preset": "ultrafast", "crf": "20", "threads": "1"}
            self._picture = self._output.add_stream("libx264", rate=30, options=options)
            # 4:2:0 halves both dimensions, so they must be even.
            self._picture.width, self._picture.height = frame.width // 2 * 2, frame.height // 2 * 2
            self._picture.pix_fmt = "yuv420p"
            self._picture.codec_context.time_base = _CLOCK
        frame = frame.reformat(self._picture.width, self._picture.height, "yuv420p")
        frame.pts, frame.time_base = round((time_s - self._start_s) / _CLOCK), _CLOCK
        self._packets.extend(self._picture.encode(frame))

    def _add_sound(self, frame: AudioFrame) -> None:
        rate_hz = frame.sample_rate
        if self._sound is None or self._resampler is None:
            # Uncompressed audio has no encoder delay at segment boundaries and costs no time.
            self._sound = self._output.add_stream("pcm_s16le", rate=rate_hz, layout=frame.layout.name)
            self._resampler = AudioResampler("s16", frame.layout, self._sound.rate)
        at = round(((frame.time or 0.0) - self._start_s) * rate_hz)
        frame.pts, frame.time_base = at, Fraction(1, rate_hz)
        for part in self._resampler.resample(frame):
            self._packets.extend(self._sound.encode(part))
