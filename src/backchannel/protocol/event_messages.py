"""The messages of streams v1 and v2: what a server says, and how it is spelled.

Each message is an envelope: its type, when it was said, the correlation id, and the data. The classes here
are the data; `encode` puts one into its envelope and `decode` takes it out again. The fields are published
(wire contract, section 3); those that only we send stand last, and other clients ignore them.
"""

from datetime import datetime
from typing import Any, ClassVar, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from backchannel.protocol.products import ModelName
from backchannel.protocol.results import EvidenceBody, QualityBody, TimelineBody
from backchannel.values import EngagementLevel, Modality, Probability, SignalType

IncludeFlag = Literal["conversation_quality_overall", "conversation_quality_timeline"]
EndReason = Literal["client_shutdown", "idle_timeout", "max_duration", "server_shutdown"]


class ConfigOptions(msgspec.Struct, frozen=True):
    """What a config frame may ask for. Existing clients accept only published values here."""

    include: tuple[IncludeFlag, ...]
    goal_dimensions: None = None
    model: tuple[ModelName, ...] | None = None


class SessionReady(msgspec.Struct, frozen=True):
    """The session is open, with these limits."""

    type: ClassVar[str] = "session.ready"

    session_idle_timeout_seconds: int
    session_max_duration_seconds: int
    max_segment_duration_seconds: float | None
    min_segment_size_bytes: int
    max_segment_size_bytes: int
    supported_session_config_options: ConfigOptions
    engine: str | UnsetType = UNSET
    extensions: tuple[str, ...] | UnsetType = UNSET


class SessionUpdated(msgspec.Struct, frozen=True):
    """The configuration that holds from now on; `extensions` are ours."""

    type: ClassVar[str] = "session.updated"

    include: tuple[IncludeFlag, ...]
    goal_dimensions: None = None
    model: ModelName | None = None
    engine: str | UnsetType = UNSET
    extensions: tuple[str, ...] | UnsetType = UNSET


class SessionClosing(msgspec.Struct, frozen=True):
    """No more media is taken; what was accepted is finished within this time."""

    type: ClassVar[str] = "session.closing"

    max_drain_seconds: int


class SessionEnded(msgspec.Struct, frozen=True):
    """The last message of a session that ends in good order."""

    type: ClassVar[str] = "session.ended"

    reason: EndReason


class SignalDetected(msgspec.Struct, frozen=True):
    """A signal has begun."""

    type: ClassVar[str] = "signal.detected"

    signal_type: SignalType
    start: float
    probability: Probability
    rationale: str
    modality: tuple[Modality, ...] | UnsetType = UNSET
    evidence: tuple[EvidenceBody, ...] | UnsetType = UNSET


class SignalUpdated(SignalDetected, frozen=True):
    """A signal that goes on has another probability or rationale."""

    type: ClassVar[str] = "signal.updated"


class SignalEnded(msgspec.Struct, frozen=True):
    """A signal is over since `end`."""

    type: ClassVar[str] = "signal.ended"

    signal_type: SignalType
    end: float


class EngagementUpdated(msgspec.Struct, frozen=True):
    """A state of engagement was entered at `start`."""

    type: ClassVar[str] = "engagement.updated"

    state: EngagementLevel
    start: float


class QualityUpdated(msgspec.Struct, frozen=True):
    """Quality after the newest window: `timeline` holds that window alone."""

    type: ClassVar[str] = "conversation_quality.updated"

    overall: QualityBody | UnsetType = UNSET
    timeline: tuple[TimelineBody, ...] | UnsetType = UNSET


class RangeBody(msgspec.Struct, frozen=True):
    """A stretch of session time, s."""

    start: float
    end: float


class CoverageDropped(msgspec.Struct, frozen=True):
    """These stretches were never analysed."""

    type: ClassVar[str] = "coverage.dropped"

    ranges: tuple[RangeBody, ...]


class CoverageDegraded(msgspec.Struct, frozen=True):
    """These stretches were analysed without a picture, though the stream has one."""

    type: ClassVar[str] = "coverage.degraded"

    ranges: tuple[RangeBody, ...]
    reason: Literal["video_gap"] = "video_gap"


class FaceBody(msgspec.Struct, frozen=True):
    """The subject's face: shares of the picture's width and height, and the gaze, deg.

    Yaw + is the subject's left, pitch + is up; null where the gaze was not measured.
    """

    left: float
    top: float
    width: float
    height: float
    gaze_yaw_deg: float | None
    gaze_pitch_deg: float | None


class CoverageMeasured(msgspec.Struct, frozen=True):
    """What the newest media was measured from. Ours: sent only to those who asked for evidence."""

    type: ClassVar[str] = "coverage.measured"

    start: float
    end: float
    picture: bool
    sound: bool
    face_share: float | None
    brightness: float | None
    level_dbfs: float | None
    face: FaceBody | None
    analysis_rate_hz: float | None


class CueDetected(msgspec.Struct, frozen=True):
    """A cue is over and known. Ours: sent only to those who asked for evidence."""

    type: ClassVar[str] = "cue.detected"

    cue: str
    modality: Modality
    start: float
    end: float
    value: float
    unit: str
    baseline: float | None
    certainty: float
    direction: str | UnsetType = UNSET


class Error(msgspec.Struct, frozen=True):
    """Something was wrong: with a message of the client's, by its number, or with the session."""

    type: ClassVar[str] = "error"

    code: str
    message: str
    link: str
    segment: int | None
    retryable: bool
    retry_after_seconds: float | UnsetType = UNSET


Data = (
    SessionReady
    | SessionUpdated
    | SessionClosing
    | SessionEnded
    | SignalDetected
    | SignalUpdated
    | SignalEnded
    | EngagementUpdated
    | QualityUpdated
    | CoverageDropped
    | CoverageDegraded
    | CoverageMeasured
    | CueDetected
    | Error
)

_KINDS: Final[dict[str, type[Data]]] = {
    kind.type: kind
    for kind in (
        SessionReady,
        SessionUpdated,
        SessionClosing,
        SessionEnded,
        SignalDetected,
        SignalUpdated,
        SignalEnded,
        EngagementUpdated,
        QualityUpdated,
        CoverageDropped,
        CoverageDegraded,
        CoverageMeasured,
        CueDetected,
        Error,
    )
}


class _Envelope(msgspec.Struct, frozen=True):
    type: str
    timestamp: datetime
    correlation_id: str
    data: msgspec.Raw


class Received(msgspec.Struct, frozen=True):
    """A message as a client reads it; `data` is a dict where the type is one we do not know."""

    type: str
    timestamp: datetime
    correlation_id: str
    data: Data | dict[str, Any]


def encode(data: Data, correlation_id: str, now: datetime) -> str:
    """Spell a message as the text of a WebSocket frame.

    Parameters
    ----------
    now
        When it is said; aware, in UTC.
    """
    envelope = _Envelope(data.type, now, correlation_id, msgspec.Raw(msgspec.json.encode(data)))
    return msgspec.json.encode(envelope).decode()


_decoder: msgspec.json.Decoder[_Envelope] = msgspec.json.Decoder(_Envelope)


def decode(text: str | bytes) -> Received:
    """Read a server's message. Unknown fields and types are let pass: a server may say more than we know.

    Raises
    ------
    msgspec.ValidationError, msgspec.DecodeError
        The text is no message of these streams.
    """
    envelope = _decoder.decode(text)
    kind: Any = _KINDS.get(envelope.type, dict[str, Any])
    data = msgspec.json.decode(envelope.data, type=kind)
    return Received(envelope.type, envelope.timestamp, envelope.correlation_id, data)
