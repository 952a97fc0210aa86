"""Decode the sound to 16 kHz mono samples at their true time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.errors import Problem
from backchannel.media.decode.demux import LIBAV_ERRORS, Demuxed
from backchannel.media.decode.medium import Medium, read
from backchannel.values import MediaLimits, Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backchannel.media.decode.demux import AnyPacket

    FloatArray = NDArray[np.float32]

PREROLL_S = 0.2
"""Old sound to decode before the new: Opus settles in 80 ms (RFC 7845, section 4.6), AAC in one frame."""

# Containers round times to a millisecond; less than this is rounding, more is a gap or an overlap.
_TIME_TOLERANCE_S = 0.008
# Resampled sound is stored a second at a time, because decoders return some fifty pieces a second.
_BLOCK = SAMPLE_RATE_HZ
# A channel that never exceeds this (-90 dBFS) is not connected and must not halve the others.
_SILENT_PEAK = 10 ** (-90 / 20)


@dataclass(frozen=True, slots=True)
class Sound:
    """Mono sound of a segment's new media.

    Attributes
    ----------
    samples
        (n,) float32, 16 kHz, full scale is 1.
    start_s
        Time of the first sample from the segment's start, s.
    """

    samples: FloatArray
    start_s: float


def decode_audio(segment: Segment, limits: MediaLimits) -> Sound | None:
    """Decode a segment's new sound; see `sound_of`. Also raises the errors of `medium.read`."""
    with read(segment, limits) as medium:
        return sound_of(medium)


def sound_of(medium: Medium) -> Sound | None:
    """Decode the new sound of a medium; sample k is heard at ``start_s + k / 16000``, true within 10 ms.

    Gaps in the container's times are filled with silence and overlaps are cut. Channels are averaged,
    leaving out those that are silent throughout. Damaged packets leave silence.

    Returns
    -------
    Sound or None
        None if the medium has no new sound.

    Raises
    ------
    Problem
        ``ih5004`` if no sound decodes and there is no picture.
    """
    timing = medium.timing
    if not timing.has_audio:
        return None
    track = _Timeline(timing.sound_start_s, timing.zero_s + timing.duration_s)
    if medium.source.sound is not None:
        _fill(track, _decode(medium.source, medium.source.sound, timing.sound_start_s))
    samples = track.mono()
    if samples is None:
        if timing.has_video:
            return None
        raise Problem("ih5004", "None of the sound could be decoded.")
    return Sound(samples, timing.sound_start_s - timing.zero_s)


def _decode(source: Demuxed, stream: AudioStream, start_s: float) -> Iterator[AudioFrame]:
    context = stream.codec_context
    context.thread_count = 1
    for packet in chain(_from_preroll(source, stream, start_s), (None,)):
        try:
            decoded = context.decode(packet)
        except LIBAV_ERRORS:
            continue
        for frame in decoded:
            frame.time_base = frame.time_base or stream.time_base
            yield frame


def _from_preroll(source: Demuxed, stream: AudioStream, start_s: float) -> Iterator[AnyPacket]:
    """Packets of the new sound, and the few before it that a decoder needs to begin without a click."""
    for packet in source.packets_of(stream):
        ticks = packet.pts if packet.pts is not None else packet.dts
        if ticks is None or float(ticks * packet.time_base) >= start_s - PREROLL_S:
            yield packet


@dataclass(slots=True)
class _Timeline:
    """Samples placed at their times, between two times. Channels are summed; peaks show which have sound."""

    start_s: float
    end_s: float
    pieces: list[FloatArray] = field(default_factory=list)
    length: int = 0
    peaks: list[float] = field(default_factory=list)

    def put(self, channels: FloatArray, time_s: float) -> None:
        """Add (c, n) samples, the first at a container time. Samples outside the two times are cut."""
        at = round((time_s - self.start_s) * SAMPLE_RATE_HZ)
        room = math.ceil((self.end_s - self.start_s) * SAMPLE_RATE_HZ)
        channels = channels[:, max(0, self.length - at) : max(0, room - at)]
        if channels.shape[1] == 0:
            return
        if at > self.length:
            self.pieces.append(np.zeros(at - self.length, np.float32))
            self.length = at
        self.pieces.append(channels.sum(axis=0, dtype=np.float32))
        self.length += channels.shape[1]
        peaks = np.abs(channels).max(axis=1).tolist()
        known = self.peaks + [0.0] * (len(peaks) - len(self.peaks))
        self.peaks = [
            max(a, b) for a, b in zip(known, peaks + [0.0] * (len(known) - len(peaks)), strict=True)
        ]

    def mono(self) -> FloatArray | None:
        """All samples so far as the mean of the channels that are not silent; None if there are none."""
        if not self.pieces:
            return None
        spoke = sum(peak > _SILENT_PEAK for peak in self.peaks)
        samples: FloatArray = np.concatenate(self.pieces)
        samples /= np.float32(max(1, spoke))
        return samples


def _fill(track: _Timeline, frames: Iterator[AudioFrame]) -> None:
    """Resample the frames run by run: a run ends where times jump or the format changes."""
    run: _Run | None = None
    for frame in frames:
        if run is None or not run.goes_on(frame):
            if run is not None:
                run.finish(track)
            time_s = frame.time
            if time_s is None:
                # Sound without a time follows the sound before it.
                time_s = run.next_s if run is not None else track.start_s
            run = _Run(time_s, time_s, frame)
        run.add(frame, track)
    if run is not None:
        run.finish(track)


class _Run:
    """Contiguous frames of one format, with their resampler."""

    def __init__(self, start_s: float, next_s: float, like: AudioFrame) -> None:
        self.start_s = start_s
        self.next_s = next_s
        self._format = (like.sample_rate, like.format.name, like.layout.name)
        self._done = 0
        # Channels stay separate so that the mean can leave out silent ones.
        self._resampler = AudioResampler(
            format="fltp", layout=like.layout, rate=SAMPLE_RATE_HZ, frame_size=_BLOCK
        )

    def goes_on(self, frame: AudioFrame) -> bool:
        """Whether a frame follows without a jump in time or a change of format."""
        if (frame.sample_rate, frame.format.name, frame.layout.name) != self._format:
            return False
        return frame.time is None or abs(frame.time - self.next_s) <= _TIME_TOLERANCE_S

    def add(self, frame: AudioFrame, track: _Timeline) -> None:
        """Resample a frame and store the result."""
        self.next_s += frame.samples / max(1, frame.sample_rate)
        # The resampler changes times, but this module keeps its own.
        frame.pts = None
        self._put(frame, track)

    def finish(self, track: _Timeline) -> None:
        """Store the rest from the resampler."""
        self._put(None, track)

    def _put(self, frame: AudioFrame | None, track: _Timeline) -> None:
        try:
            resampled = self._resampler.resample(frame)
        except LIBAV_ERRORS:
            return
        for piece in resampled:
            channels = np.asarray(piece.to_ndarray(), dtype=np.float32)
            track.put(channels, self.start_s + self._done / SAMPLE_RATE_HZ)
            self._done += channels.shape[1]
