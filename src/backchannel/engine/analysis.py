"""What a worker does. Imported by worker processes only: it brings the networks and the decoders."""

from collections.abc import Iterable, Sequence

from backchannel.errors import Problem
from backchannel.live import follow as follow_live
from backchannel.media.decode.timing import probe
from backchannel.perception.networks import load_networks, stay_on_one_thread
from backchannel.session import analyze_segment, analyze_whole
from backchannel.values import MediaLimits, Progress, Segment, SegmentResult


def warm_up() -> None:
    """Load what the first segment would otherwise wait for."""
    stay_on_one_thread()
    load_networks()


def duration_s(
    segment: Segment, limits: MediaLimits, *, needs_picture: bool = False, needs_sound: bool = False
) -> float:
    """Measure how long the media is, s, cheaply; it decides how long the analysis may take.

    Raises
    ------
    Problem
        The media is bad, or without the picture (ih5001) or the sound (ih5008) that it needs.
    """
    timing = probe(segment, limits)
    if needs_picture and not timing.has_video:
        raise Problem("ih5001", "The file has no picture. Send a video, or choose a model that only listens.")
    if needs_sound and not timing.has_audio:
        raise Problem("ih5008", "The file has no sound, which this model needs. Send one with a sound track.")
    return timing.duration_s


def analyze(state: bytes, segment: Segment, limits: MediaLimits) -> tuple[bytes, SegmentResult]:
    """Analyse one segment; see `session.analyze_segment`."""
    return analyze_segment(state, segment, limits)


def follow(
    state: bytes, segment: Segment, limits: MediaLimits, left_out: Sequence[Segment]
) -> tuple[bytes, Progress]:
    """Follow a live session by one segment; see `live.follow`."""
    return follow_live(state, segment, limits, left_out)


def analyze_file(segment: Segment, limits: MediaLimits) -> Iterable[SegmentResult]:
    """Analyse a complete medium; see `session.analyze_whole`."""
    return analyze_whole(segment, limits)
