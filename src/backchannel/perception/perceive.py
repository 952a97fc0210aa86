"""perceive(segment) -> Tracks: the heavy, pure half of the way through the house."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

from backchannel.arrays import ImageArray
from backchannel.media.decode import Frame, Sound, frames_of, read, sound_of, timing_of
from backchannel.media.decode.prefetch import prefetch
from backchannel.perception.networks import load_networks
from backchannel.perception.picture import Looking, go_on_measuring
from backchannel.perception.voice import measure_voice
from backchannel.tracks import PictureTracks, Tracks
from backchannel.values import MediaLimits, Segment


@dataclass(frozen=True, slots=True)
class PerceptionSettings:
    """How finely to look.

    Attributes
    ----------
    frame_rate_hz
        Analysed frames a second, 8..30.
    max_side_px
        Pictures are scaled down to this longest side before anything looks at them.
    """

    frame_rate_hz: float = 15.0
    max_side_px: int = 640


def perceive(
    segment: Segment,
    limits: MediaLimits,
    settings: PerceptionSettings | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Tracks:
    """Turn one segment's bytes into tracks. Keeps nothing: any worker may do it, and may do it again.

    Parameters
    ----------
    on_progress
        Called after each analysed frame with its time, s.

    Raises
    ------
    backchannel.errors.Problem
        When the media cannot be used; see `backchannel.media.decode`.
    """
    sensed = sense(segment, limits, settings, on_progress)
    voice = None
    if sensed.sound is not None:
        voice = measure_voice(load_networks(), sensed.sound.samples, sensed.sound.start_s)
    return Tracks(sensed.duration_s, sensed.stream_start_s, sensed.picture, voice)


@dataclass(frozen=True, slots=True)
class Sensed:
    """A segment's picture measured, and its sound as it is, for whoever measures that in other lengths.

    Attributes
    ----------
    duration_s, stream_start_s, picture
        See `tracks.Tracks`.
    sound
        None when there is none.
    looking
        To be passed on with the next piece of the same running picture.
    """

    duration_s: float
    stream_start_s: float | None
    picture: PictureTracks | None
    sound: Sound | None
    looking: Looking = Looking()


def sense(
    segment: Segment,
    limits: MediaLimits,
    settings: PerceptionSettings | None = None,
    on_progress: Callable[[float], None] | None = None,
    looking: Looking | None = None,
) -> Sensed:
    """Decode one segment and measure its picture; parameters and errors are those of `perceive`.

    Parameters
    ----------
    looking
        What the piece before it left, where this one goes on without a gap.
    """
    looking = looking or Looking()
    settings = settings or PerceptionSettings()
    with read(segment, limits) as medium, ExitStack() as decoding:
        timing = timing_of(medium, limits)
        picture = None
        if timing.has_video and not segment.sound_only:
            frames = frames_of(
                medium, limits, timing, rate_hz=settings.frame_rate_hz, max_side_px=settings.max_side_px
            )
            if limits.spare_core:
                # Whatever happens, its thread has ended before the medium is closed.
                frames = decoding.enter_context(closing(prefetch(frames)))
            picture, looking = go_on_measuring(load_networks(), _told(frames, on_progress), looking)
        sound = sound_of(medium, timing)
    return Sensed(timing.duration_s, timing.stream_start_s, picture, sound, looking)


def _told(
    frames: Iterable[Frame], on_progress: Callable[[float], None] | None
) -> Iterator[tuple[float, ImageArray]]:
    for frame in frames:
        yield frame.time_s, frame.image
        if on_progress is not None:
            on_progress(frame.time_s)
