"""Decode the picture to RGB frames on a uniform grid, one at a time, so memory does not grow with length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from backchannel.constants import FULL_RATE_HZ
from backchannel.errors import Problem
from backchannel.media.decode.demux import (
    LIBAV_ERRORS,
    Demuxed,
    has_presentation_times,
    is_new,
    max_pixels,
)
from backchannel.media.decode.medium import Medium, read
from backchannel.media.decode.projector import Projector, pixel_aspect
from backchannel.media.decode.running import Decoders
from backchannel.media.decode.selection import DisplayOrder, Grid, nearest_to_ticks
from backchannel.media.decode.timing import check_pixel_rate, check_size
from backchannel.values import MediaLimits, Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT_MAX_SIDE_PX = 640

_UNFILTERED_SCALE = 2 / 3
"""The filter that smooths the edges of a codec's blocks takes a fifth to a third of decoding; scaling down
smooths them as well. It is turned off if the picture is scaled to this share or less (judgement; 720p is
scaled to a half). At full size, a small face in a strongly compressed picture jitters up to a half more
without the filter, which hid nods."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture as shown.

    Attributes
    ----------
    time_s
        Presentation time from the segment's new start, s.
    image
        (h, w, 3) uint8 RGB, upright, with square pixels.
    """

    time_s: float
    image: NDArray[np.uint8]


def decode_frames(
    segment: Segment,
    limits: MediaLimits,
    *,
    rate_hz: float = FULL_RATE_HZ,
    max_side_px: int = DEFAULT_MAX_SIDE_PX,
) -> Iterator[Frame]:
    """Decode a segment's new picture; see `frames_of`. Also raises the errors of `medium.read`."""
    with read(segment, limits) as medium:
        yield from frames_of(medium, rate_hz=rate_hz, max_side_px=max_side_px)


def frames_of(
    medium: Medium,
    *,
    rate_hz: float = FULL_RATE_HZ,
    max_side_px: int = DEFAULT_MAX_SIDE_PX,
    decoders: Decoders | None = None,
) -> Iterator[Frame]:
    """Decode the new picture of a medium, at most one frame for every tick of a uniform grid.

    For each tick ``k / rate_hz`` the frame nearest to it is taken, if one lies within half a tick; frames
    are never repeated nor invented. A running stream's grid is fixed on the container's clock, so the
    cut into chunks does not change the frames. Damaged packets are skipped.

    Parameters
    ----------
    rate_hz
        Ticks per second; ``math.inf`` takes every frame.
    max_side_px
        Longest side of the images; larger pictures are scaled down, smaller ones are left as they are.
    decoders
        Running decoders, which save decoding again from the last key frame. They do not change the frames.

    Yields
    ------
    Frame
        In order of time. Nothing if the medium has no new picture.

    Raises
    ------
    Problem
        ``ih5001`` if the picture grows beyond the limits; ``ih5004`` if no frame decodes and there is no
        sound.
    """
    stream, timing = medium.source.picture, medium.timing
    if not timing.has_video or stream is None:
        return
    grid = Grid(rate_hz, 0.0 if medium.segment.continuous else timing.zero_s)
    plan = _plan(medium.source, stream, grid)
    running = decoders.take(medium.segment.continues) if decoders is not None and plan.timed else None
    smoothed = _scale_of(stream, max_side_px) > _UNFILTERED_SCALE
    context = running or _prepared(stream.codec_context, medium.limits, smoothed=smoothed)
    begin = plan.first_packet if running is None else plan.first_new
    projector: Projector | None = None
    decoding = _decode(medium, stream, context, plan, begin, decoders)
    for time_s, (frame, new) in nearest_to_ticks(decoding, grid):
        # A decoder knows the shape of the pixels only once it has seen a frame.
        projector = projector or Projector(pixel_aspect(stream, context), max_side_px)
        if new and grid.nearest_tick(time_s) not in plan.taken_ticks:
            yield Frame(time_s - timing.zero_s, projector.show(frame))
    if projector is None and not timing.has_audio:
        raise Problem(
            "ih5004", "Not one frame of the picture could be decoded. Begin the media with a key frame."
        )


# --- what to decode --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plan:
    """Plan for each packet, from reading them all once.

    Attributes
    ----------
    first_packet
        Number of the packet to begin with: the last key frame at or before the new media.
    first_new
        Number of the first new packet, where a running decoder continues.
    old, new
        Presentation times of the old and the new packets, in the stream's own units.
    timed
        Whether every packet has such a time.
    wanted
        Those times that the grid will take.
    taken_ticks
        Ticks whose nearest frame is an old one: it was taken with the segment before.
    """

    first_packet: int
    first_new: int
    old: frozenset[int]
    new: frozenset[int]
    timed: bool
    wanted: frozenset[int]
    taken_ticks: frozenset[int]

    def passes_over(self, time: int) -> bool:
        """Whether the grid will not take a frame of this time."""
        return time not in self.wanted and (time in self.new or time in self.old)

    def is_new(self, time: int) -> bool:
        """Whether a frame of this time belongs to the new media."""
        return time in self.new or (time not in self.old and (not self.new or time >= min(self.new)))


def _plan(source: Demuxed, stream: VideoStream, grid: Grid) -> _Plan:
    timed, in_new, first_packet, first_new = True, False, 0, 0
    old, new = set[int](), set[int]()
    for number, packet in enumerate(source.packets_of(stream)):
        if packet.is_keyframe and not in_new:
            first_packet = number
        place = is_new(packet, source.segment)
        # A packet without a position is as new as the one before it.
        if place and not in_new:
            first_new = number
        in_new = place if place is not None else in_new
        if packet.pts is None or not has_presentation_times(source.container):
            timed = False
        else:
            (new if in_new else old).add(packet.pts)
    second_per_unit = float(stream.time_base or 0)
    timeline = ((unit * second_per_unit, unit) for unit in sorted(old | new))
    wanted = frozenset(unit for _, unit in nearest_to_ticks(timeline, grid))
    return _Plan(
        first_packet=first_packet if old else 0,
        first_new=first_new,
        old=frozenset(old),
        new=frozenset(new),
        timed=timed,
        wanted=wanted,
        taken_ticks=frozenset(grid.nearest_tick(unit * second_per_unit) for unit in wanted & old),
    )


def _scale_of(stream: VideoStream, max_side_px: int) -> float:
    """Side of the analysed picture over its side as coded."""
    return max_side_px / max(stream.codec_context.width, stream.codec_context.height, 1)


def _decode(
    medium: Medium,
    stream: VideoStream,
    context: VideoCodecContext,
    plan: _Plan,
    begin: int,
    decoders: Decoders | None,
) -> Iterator[tuple[float, tuple[VideoFrame, bool]]]:
    """Yield every frame that the grid might take, with its container time and whether it is new."""
    second_per_unit = float(stream.time_base or 0)
    order = None if plan.timed else DisplayOrder()
    skipping, newest = plan.timed, -1
    packets = islice(medium.source.packets_of(stream), begin, None)
    for packet in chain(packets, (None,)):
        if packet is not None and skipping:
            # Skip frames that neither the grid nor other frames need.
            context.skip_frame = "DEFAULT" if packet.pts in plan.wanted else "NONREF"
        if packet is None and decoders is not None and skipping and newest >= max(plan.wanted, default=0):
            # It holds no frame back, so the next piece of the stream can continue with it.
            decoders.keep(medium.segment.reaches, context)
            return
        try:
            frames = context.decode(packet)
        except LIBAV_ERRORS:
            continue
        if order is not None and packet is not None and packet.dts is not None:
            order.decoding(packet.dts)
        for frame in frames:
            if frame.interlaced_frame and skipping:
                # Each field may be a packet with its own time, and half a frame must not be skipped.
                context.skip_frame, skipping = "DEFAULT", False
            time = order.shown() if order is not None else frame.pts
            newest = max(newest, time or 0)
            if time is None or frame.is_corrupt or (skipping and plan.passes_over(time)):
                continue
            check_size(frame.width, frame.height, medium.limits)
            # The header may claim another size.
            check_pixel_rate(frame.width, frame.height, medium.timing, medium.limits)
            yield time * second_per_unit, (frame, plan.is_new(time))


def _prepared(context: VideoCodecContext, limits: MediaLimits, *, smoothed: bool) -> VideoCodecContext:
    context.thread_count = 1
    context.options = {
        "max_pixels": str(max_pixels(limits)),
        "skip_loop_filter": "default" if smoothed else "all",
    }
    return context
