"""Encoded picture to RGB frames on a uniform grid, one at a time, so memory does not grow with length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from backchannel.errors import Problem
from backchannel.media.decode.demux import (
    LIBAV_ERRORS,
    Medium,
    has_presentation_times,
    is_new,
    max_pixels,
    read,
)
from backchannel.media.decode.projector import Projector, pixel_aspect
from backchannel.media.decode.selection import DisplayOrder, Grid, nearest_to_ticks
from backchannel.media.decode.timing import Timing, check_size, timing_of
from backchannel.values import MediaLimits, Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT_RATE_HZ = 15.0
DEFAULT_MAX_SIDE_PX = 640

_UNFILTERED_SCALE = 2 / 3
"""The filter that smooths the edges of a codec's blocks takes a fifth to a third of decoding; scaling down
smooths them as well. It is left out where the picture is scaled to so much or less (judgement; 720p is, to a
half). At its own size a small face in a strongly compressed picture trembles by up to a half more without the
filter, and that hid nods."""


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
    rate_hz: float = DEFAULT_RATE_HZ,
    max_side_px: int = DEFAULT_MAX_SIDE_PX,
    timing: Timing | None = None,
) -> Iterator[Frame]:
    """Decode a segment's new picture, at most one frame for every tick of a uniform grid.

    For each tick ``k / rate_hz`` the frame nearest to it is taken, if one lies within half a tick; frames
    are never repeated nor invented. A continuous stream's grid stands still on the container's clock, so
    the same frames are taken however the stream was cut. Damaged packets are passed over.

    Parameters
    ----------
    segment
        Media that decodes on its own.
    limits
        Bounds on duration and picture.
    rate_hz
        Ticks per second; ``math.inf`` takes every frame.
    max_side_px
        Longest side of the images; larger pictures are scaled down, smaller ones are left as they are.
    timing
        What `probe` said about this segment, to save measuring it again.

    Yields
    ------
    Frame
        In order of time. Nothing if the segment has no new picture.

    Raises
    ------
    Problem
        What `probe` raises; ``ih5001`` if the picture grows beyond the limits on the way; ``ih5004`` if
        not one frame decodes and there is no sound either.
    """
    with read(segment, limits) as medium:
        timing = timing or timing_of(medium, limits)
        yield from frames_of(medium, limits, timing, rate_hz=rate_hz, max_side_px=max_side_px)


def frames_of(
    medium: Medium,
    limits: MediaLimits,
    timing: Timing,
    *,
    rate_hz: float = DEFAULT_RATE_HZ,
    max_side_px: int = DEFAULT_MAX_SIDE_PX,
) -> Iterator[Frame]:
    """Decode the new picture of a medium that is read already; the rest is that of `decode_frames`."""
    stream = medium.picture
    if not timing.has_video or stream is None:
        return
    grid = Grid(rate_hz, 0.0 if medium.segment.continuous else timing.zero_s)
    plan = _plan(medium, stream, grid)
    decoded = False
    projector = Projector(pixel_aspect(stream), max_side_px)
    smoothed = _scale_of(stream, max_side_px) > _UNFILTERED_SCALE
    decoding = _decode(medium, stream, plan, limits, smoothed=smoothed)
    for time_s, (frame, new) in nearest_to_ticks(decoding, grid):
        decoded = True
        if new and grid.nearest_tick(time_s) not in plan.taken_ticks:
            yield Frame(time_s - timing.zero_s, projector.show(frame))
    if not decoded and not timing.has_audio:
        raise Problem(
            "ih5004", "Not one frame of the picture could be decoded. Begin the media with a key frame."
        )


# --- what to decode --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to do with each packet, found by reading them all once.

    Attributes
    ----------
    first_packet
        Number of the packet to begin with: the last key frame at or before the new media.
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


def _plan(medium: Medium, stream: VideoStream, grid: Grid) -> _Plan:
    timed, in_new, first_packet = True, False, 0
    old, new = set[int](), set[int]()
    for number, packet in enumerate(medium.packets_of(stream)):
        if packet.is_keyframe and not in_new:
            first_packet = number
        place = is_new(packet, medium.segment)
        # A packet without a place follows one that has it, and is as new as that one.
        in_new = place if place is not None else in_new
        if packet.pts is None or not has_presentation_times(medium.container):
            timed = False
        else:
            (new if in_new else old).add(packet.pts)
    second_per_unit = float(stream.time_base or 0)
    timeline = ((unit * second_per_unit, unit) for unit in sorted(old | new))
    wanted = frozenset(unit for _, unit in nearest_to_ticks(timeline, grid))
    return _Plan(
        first_packet=first_packet if old else 0,
        old=frozenset(old),
        new=frozenset(new),
        timed=timed,
        wanted=wanted,
        taken_ticks=frozenset(grid.nearest_tick(unit * second_per_unit) for unit in wanted & old),
    )


def _scale_of(stream: VideoStream, max_side_px: int) -> float:
    """Side of a picture as it is looked at, over its side as coded."""
    return max_side_px / max(stream.codec_context.width, stream.codec_context.height, 1)


def _decode(
    medium: Medium, stream: VideoStream, plan: _Plan, limits: MediaLimits, *, smoothed: bool
) -> Iterator[tuple[float, tuple[VideoFrame, bool]]]:
    """Yield every frame that the grid might take, with its container time and whether it is new."""
    context = stream.codec_context
    context.thread_count = 1
    context.options = {
        "max_pixels": str(max_pixels(limits)),
        "skip_loop_filter": "default" if smoothed else "all",
    }
    second_per_unit = float(stream.time_base or 0)
    order = None if plan.timed else DisplayOrder()
    skipping = plan.timed
    for packet in chain(islice(medium.packets_of(stream), plan.first_packet, None), (None,)):
        if packet is not None and skipping:
            # A frame that no other frame refers to costs nothing if the grid will not take it.
            context.skip_frame = "DEFAULT" if packet.pts in plan.wanted else "NONREF"
        try:
            frames = context.decode(packet)
        except LIBAV_ERRORS:
            continue
        if order is not None and packet is not None and packet.dts is not None:
            order.decoding(packet.dts)
        for frame in frames:
            if frame.interlaced_frame and skipping:
                # Each field may be a packet with its own time; half a frame must not be skipped.
                context.skip_frame, skipping = "DEFAULT", False
            time = order.shown() if order is not None else frame.pts
            if time is None or frame.is_corrupt or (skipping and plan.passes_over(time)):
                continue
            check_size(frame.width, frame.height, limits)
            yield time * second_per_unit, (frame, plan.is_new(time))
