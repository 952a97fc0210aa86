"""Encoded picture to RGB frames on a uniform grid, one at a time, so memory does not grow with length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from backchannel.errors import Problem
from backchannel.media.demux import LIBAV_ERRORS, first_picture, is_new, max_pixels, opened, packets
from backchannel.media.selection import Grid, nearest_to_ticks
from backchannel.media.timing import Timing, check_size, probe
from backchannel.model import MediaLimits, Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT_RATE_HZ = 15.0
DEFAULT_MAX_SIDE_PX = 640

# Pixels further from square than this are a damaged header, not a camera.
_MAX_PIXEL_ASPECT = 4.0


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
    timing = timing or probe(segment, limits)
    if not timing.has_video:
        return
    grid = Grid(rate_hz, 0.0 if segment.continuous else timing.zero_s)
    plan = _plan(segment, limits, grid)
    decoded = False
    with opened(segment, limits) as container:
        stream = first_picture(container)
        if stream is None:
            return
        # Kept from frame to frame, since setting up a scaler costs as much as using it.
        scaler = VideoReformatter()
        for time_s, (frame, new) in nearest_to_ticks(_decode(container, stream, plan, limits), grid):
            decoded = True
            if new:
                yield Frame(time_s - timing.zero_s, _shown(frame, scaler, pixel_aspect(stream), max_side_px))
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
    new
        Presentation times of the new packets, in the stream's own units.
    wanted
        Presentation times that the grid will take, old and new; None where packets have no such times.
    """

    first_packet: int
    new: frozenset[int]
    wanted: frozenset[int] | None


def _plan(segment: Segment, limits: MediaLimits, grid: Grid) -> _Plan:
    times: list[int | None] = []
    new: list[bool] = []
    first_packet = 0
    with opened(segment, limits) as container:
        stream = first_picture(container)
        if stream is None:
            return _Plan(0, frozenset(), None)
        for packet in packets(container, stream):
            if packet.is_keyframe and not any(new[-1:]):
                first_packet = len(times)
            place = is_new(packet, segment)
            # A packet without a place follows one that has it, and is as new as that one.
            new.append(place if place is not None else any(new[-1:]))
            times.append(packet.pts)
        second_per_unit = float(stream.time_base or 0)
    known = sorted({time for time in times if time is not None})
    wanted = frozenset(
        unit for _, unit in nearest_to_ticks(((unit * second_per_unit, unit) for unit in known), grid)
    )
    return _Plan(
        first_packet=first_packet if new and not new[0] else 0,
        new=frozenset(time for time, is_new_ in zip(times, new, strict=True) if time is not None and is_new_),
        wanted=wanted if None not in times else None,
    )


def _decode(
    container: InputContainer, stream: VideoStream, plan: _Plan, limits: MediaLimits
) -> Iterator[tuple[float, tuple[VideoFrame, bool]]]:
    """Yield every frame that the grid might take, with its container time and whether it is new."""
    context = stream.codec_context
    context.thread_count = 1
    context.options = {"max_pixels": str(max_pixels(limits))}
    second_per_unit = float(stream.time_base or 0)
    oldest_new = min(plan.new, default=0)
    for packet in chain(islice(packets(container, stream), plan.first_packet, None), (None,)):
        if packet is not None and plan.wanted is not None:
            # A frame that no other frame refers to costs nothing if the grid will not take it.
            context.skip_frame = "DEFAULT" if packet.pts in plan.wanted else "NONREF"
        try:
            frames = context.decode(packet)
        except LIBAV_ERRORS:
            continue
        for frame in frames:
            unit = frame.pts if frame.pts is not None else frame.dts
            if unit is None or frame.is_corrupt:
                continue
            check_size(frame.width, frame.height, limits)
            new = unit in plan.new if plan.wanted is not None else unit >= oldest_new
            yield unit * second_per_unit, (frame, new)


# --- how it is shown -------------------------------------------------------------------------------


def pixel_aspect(stream: VideoStream) -> float:
    """Width of a pixel over its height; 1 where the stream does not say or cannot mean it."""
    ratio = float(stream.sample_aspect_ratio or 1)
    return ratio if 1 / _MAX_PIXEL_ASPECT <= ratio <= _MAX_PIXEL_ASPECT else 1.0


def shown_size(width_px: int, height_px: int, aspect: float, max_side_px: int) -> tuple[int, int]:
    """Size with square pixels and a bounded longest side; no side is ever made longer.

    Parameters
    ----------
    width_px, height_px
        Size as coded, before rotation.
    aspect
        Width of a pixel over its height.
    max_side_px
        Bound on both sides.

    Returns
    -------
    tuple of int
        Width and height, px.
    """
    width, height = width_px * min(aspect, 1.0), height_px / max(aspect, 1.0)
    scale = min(1.0, max_side_px / max(width, height, 1.0))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _shown(frame: VideoFrame, scaler: VideoReformatter, aspect: float, max_side_px: int) -> NDArray[np.uint8]:
    width, height = shown_size(frame.width, frame.height, aspect, max_side_px)
    # One pass of swscale scales and converts; scaling RGB would be three times the work.
    rgb = scaler.reformat(frame, width=width, height=height, format="rgb24", interpolation="AREA")
    image: NDArray[np.uint8] = np.asarray(rgb.to_ndarray(), dtype=np.uint8)
    # The display matrix turns counterclockwise, as does rot90.
    return np.ascontiguousarray(np.rot90(image, round(frame.rotation / 90)))
