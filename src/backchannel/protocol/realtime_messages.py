"""The messages of the realtime stream that the other streams do not have, or have in another form.

The wire contract (section 7b) and the vendor's SDK define the fields. Signals have no rationale here, and
their modalities are only ``visual`` and ``audio``: words are heard. `words` is our own field, and other
clients ignore it.
"""

from typing import ClassVar, Literal

import msgspec
from msgspec import UNSET, UnsetType

from backchannel.protocol.event_messages import (
    CoverageDegraded,
    CoverageDropped,
    Error,
    SessionClosing,
    SessionEnded,
    SignalEnded,
)
from backchannel.values import Policy, Probability, SignalType

AnalysisGroup = Literal["visual", "audio"]
Frequency = Literal["high", "medium", "low"]


class RealtimeOptions(msgspec.Struct, frozen=True):
    """The options of a config frame: the default instructions, and the values of the others."""

    realtime_recommendation_instructions: str
    realtime_recommendation_frequency: tuple[Frequency, ...]
    analysis_groups: tuple[AnalysisGroup, ...]


class RealtimeReady(msgspec.Struct, frozen=True):
    """The session is open. It has these limits. `words`: the server listens for words."""

    type: ClassVar[str] = "session.ready"

    session_idle_timeout_seconds: int
    session_max_duration_seconds: int
    max_segment_duration_seconds: float | None
    min_segment_size_bytes: int
    max_segment_size_bytes: int
    supported_session_config_options: RealtimeOptions
    engine: str | UnsetType = UNSET
    policy: Policy | UnsetType = UNSET
    words: bool | UnsetType = UNSET


class RealtimeUpdated(msgspec.Struct, frozen=True):
    """The configuration from now on."""

    type: ClassVar[str] = "session.updated"

    realtime_recommendation_instructions: str | None
    realtime_recommendation_frequency: Frequency
    analysis_groups: tuple[AnalysisGroup, ...]
    words: bool | UnsetType = UNSET


class RealtimeDetected(msgspec.Struct, frozen=True):
    """A signal started."""

    type: ClassVar[str] = "signal.detected"

    signal_type: SignalType
    start: float
    probability: Probability
    modality: tuple[AnalysisGroup, ...]


class RealtimeSignalUpdated(RealtimeDetected, frozen=True):
    """The probability or the modalities of an active signal changed."""

    type: ClassVar[str] = "signal.updated"


class TranscriptGenerated(msgspec.Struct, frozen=True):
    """The server heard a phrase. It does not tell speakers apart, so `speaker` is always 0."""

    type: ClassVar[str] = "transcript.generated"

    start: float
    end: float
    text: str
    speaker: int = 0


class Recommendation(msgspec.Struct, frozen=True):
    """Guidance about a stretch of the session. `text` is ``NO_GUIDANCE`` if there is nothing to say."""

    type: ClassVar[str] = "realtime_recommendation.generated"

    text: str
    start: float
    end: float


RealtimeData = (
    RealtimeReady
    | RealtimeUpdated
    | SessionClosing
    | SessionEnded
    | RealtimeDetected
    | RealtimeSignalUpdated
    | SignalEnded
    | TranscriptGenerated
    | Recommendation
    | CoverageDropped
    | CoverageDegraded
    | Error
)
