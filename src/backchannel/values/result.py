"""The result of one window."""

from dataclasses import dataclass, field

from backchannel.values.clock import Span
from backchannel.values.coverage import Coverage
from backchannel.values.cue import Cue
from backchannel.values.signal import EngagementSpan, Quality, Signal
from backchannel.values.words import Phrase


@dataclass(frozen=True, slots=True)
class SegmentResult:
    """The result of one window, in session time. Each v0 segment is one window.

    Attributes
    ----------
    span
        The window on the session clock.
    cues
        Cues that overlap the window, sorted by start.
    signals
        Signals inside the window, sorted by start.
    engagement
        Contiguous spans that cover exactly the window.
    quality
        This window's quality.
    quality_overall
        Cumulative quality over every window of the session, weighted by duration.
    transcript
        Phrases of the window; empty if words are off. In a file, these are the phrases that begin in it.
        Live, they are the phrases that became known in it, so they may begin before it.
    """

    span: Span
    cues: tuple[Cue, ...]
    signals: tuple[Signal, ...]
    engagement: tuple[EngagementSpan, ...]
    quality: Quality
    quality_overall: Quality
    coverage: Coverage = field(
        default=Coverage(picture=False, sound=False, face_share=None, speech_share=None)
    )
    transcript: tuple[Phrase, ...] = ()
