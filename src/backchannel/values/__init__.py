"""Values that every room shares. All are frozen: functions take state and return it, and keep none.

Times are seconds; the suffix of a name is its unit. Nothing here needs numpy, so the web layer can use these
values without loading it. Values with arrays in them are in `tracks`.
"""

from backchannel.values.clock import MAX_GAP_S, MAX_OVERLAP_S, Clock, Span, covered_s
from backchannel.values.coverage import BEHAVIOUR_NOTE, Coverage
from backchannel.values.cue import Cue
from backchannel.values.given import GivenWords, Said
from backchannel.values.names import EngagementLevel, Modality, Policy, Probability, SignalType
from backchannel.values.result import SegmentResult
from backchannel.values.rules import Bands, Rules
from backchannel.values.segment import MediaLimits, Segment
from backchannel.values.signal import DIMENSIONS, SCORES, EngagementSpan, Evidence, Quality, Signal
from backchannel.values.words import Phrase, Word

__all__ = [
    "BEHAVIOUR_NOTE",
    "DIMENSIONS",
    "MAX_GAP_S",
    "MAX_OVERLAP_S",
    "SCORES",
    "Bands",
    "Clock",
    "Coverage",
    "Cue",
    "EngagementLevel",
    "EngagementSpan",
    "Evidence",
    "GivenWords",
    "MediaLimits",
    "Modality",
    "Phrase",
    "Policy",
    "Probability",
    "Quality",
    "Rules",
    "Said",
    "Segment",
    "SegmentResult",
    "Signal",
    "SignalType",
    "Span",
    "Word",
    "covered_s",
]
