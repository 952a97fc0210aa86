"""perceive(segment) -> Tracks: the heavy, pure half of the way through the house."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from backchannel.arrays import ImageArray
from backchannel.media.decode import Frame, decode_audio, decode_frames, probe
from backchannel.model import MediaLimits, Segment
from backchannel.perception.models import load_networks
from backchannel.perception.picture import measure_picture
from backchannel.perception.voice import measure_voice
from backchannel.tracks import Tracks


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
    settings = settings or PerceptionSettings()
    networks = load_networks()
    timing = probe(segment, limits)
    picture = None
    if timing.has_video and not segment.sound_only:
        frames = decode_frames(
            segment, limits, rate_hz=settings.frame_rate_hz, max_side_px=settings.max_side_px
        )
        picture = measure_picture(networks, _told(frames, on_progress))
    sound = decode_audio(segment, limits) if timing.has_audio else None
    return Tracks(
        duration_s=timing.duration_s,
        stream_start_s=timing.stream_start_s,
        picture=picture,
        voice=measure_voice(networks, sound.samples, sound.start_s) if sound is not None else None,
    )


def _told(
    frames: Iterable[Frame], on_progress: Callable[[float], None] | None
) -> Iterator[tuple[float, ImageArray]]:
    for frame in frames:
        yield frame.time_s, frame.image
        if on_progress is not None:
            on_progress(frame.time_s)
