"""What a worker does. Imported by worker processes only: it brings the networks and the decoders."""

from backchannel.media.timing import probe
from backchannel.model import MediaLimits, Segment, SegmentResult
from backchannel.perception.models import load_networks
from backchannel.session import analyze_segment


def warm_up() -> None:
    """Load what the first segment would otherwise wait for."""
    load_networks()


def duration_s(segment: Segment, limits: MediaLimits) -> float:
    """Measure how long the media is, s, cheaply; it decides how long `analyze` may take.

    Raises
    ------
    Problem
        The media is bad.
    """
    return probe(segment, limits).duration_s


def analyze(state: bytes, segment: Segment, limits: MediaLimits) -> tuple[bytes, SegmentResult]:
    """Analyse one segment; see `session.analyze_segment`."""
    return analyze_segment(state, segment, limits)
