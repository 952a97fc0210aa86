"""The messages that a server sends on streams v1 and v2, and their JSON form.

Each message is an envelope with its type, a timestamp, the correlation id and the data. The classes here are
the data. `encode` wraps one in its envelope, and `decode` unwraps it. The wire contract (section 3) defines
the fields. Our own fields come last, and other clients ignore them.
"""

from datetime import datetime
from typing import Any, ClassVar, Final, Literal, Protocol

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from backchannel.protocol.products import ModelName
from backchannel.protocol.results import EvidenceBody, QualityBody, TimelineBody
from backchannel.protocol.summary_message import SessionSummary
from backchannel.values import EngagementLevel, Modality, Policy, Probability, SignalType

IncludeFlag = Literal["conversation_quality_overall", "conversation_quality_timeline"]
EndReason = Literal["client_shutdown", "idle_timeout", "max_duration", "server_shutdown"]


class ConfigOptions(msgspec.Struct, frozen=True):
    """The options of a config frame. Existing clients accept only published values here."""

    include: tuple[IncludeFlag, ...]
    goal_dimensions: None = None
    model: tuple[ModelName, ...] | None = None


class ResumedBody(msgspec.Struct, frozen=True):
    """The session goes on. Binary messages up to `through` are answered for.

    The client sends those from `resend_from` on again. The server sends its messages up to `last_seq` again
    that the client has not read; `lost_messages` of them were too old for that.
    """

    through: int
    resend_from: int
    last_seq: int
    lost_messages: int


class SessionReady(msgspec.Struct, frozen=True):
    """The session is open. It has these limits. `policy` is present if it leaves something out.

    The last three are present if the client connected with `resume`.
    """

    type: ClassVar[str] = "session.ready"

    session_idle_timeout_seconds: int
    session_max_duration_seconds: int
    max_segment_duration_seconds: float | None
    min_segment_size_bytes: int
    max_segment_size_bytes: int
    supported_session_config_options: ConfigOptions
    engine: str | UnsetType = UNSET
    extensions: tuple[str, ...] | UnsetType = UNSET
    policy: Policy | UnsetType = UNSET
    resume_token: str | UnsetType = UNSET
    resume_within_seconds: float | UnsetType = UNSET
    resumed: ResumedBody | UnsetType = UNSET


class MediaReceived(msgspec.Struct, frozen=True):
    """Binary messages up to `through` are answered for. Our own: sent only with `resume`.

    After a lost connection the client sends those from `resend_from` on again, so it keeps these.
    """

    type: ClassVar[str] = "media.received"

    through: int
    resend_from: int


class SessionUpdated(msgspec.Struct, frozen=True):
    """The configuration from now on. `extensions` is our own field."""

    type: ClassVar[str] = "session.updated"

    include: tuple[IncludeFlag, ...]
    goal_dimensions: None = None
    model: ModelName | None = None
    engine: str | UnsetType = UNSET
    extensions: tuple[str, ...] | UnsetType = UNSET


class SessionClosing(msgspec.Struct, frozen=True):
    """The session accepts no more media. The server finishes accepted media within this time."""

    type: ClassVar[str] = "session.closing"

    max_drain_seconds: int


class SessionEnded(msgspec.Struct, frozen=True):
    """The last message of a session that ends normally."""

    type: ClassVar[str] = "session.ended"

    reason: EndReason


class SignalDetected(msgspec.Struct, frozen=True):
    """A signal started."""

    type: ClassVar[str] = "signal.detected"

    signal_type: SignalType
    start: float
    probability: Probability
    rationale: str
    modality: tuple[Modality, ...] | UnsetType = UNSET
    evidence: tuple[EvidenceBody, ...] | UnsetType = UNSET


class SignalUpdated(SignalDetected, frozen=True):
    """The probability or rationale of an active signal changed."""

    type: ClassVar[str] = "signal.updated"


class SignalEnded(msgspec.Struct, frozen=True):
    """A signal ended at `end`."""

    type: ClassVar[str] = "signal.ended"

    signal_type: SignalType
    end: float


class EngagementUpdated(msgspec.Struct, frozen=True):
    """The engagement state changed at `start`."""

    type: ClassVar[str] = "engagement.updated"

    state: EngagementLevel
    start: float


class QualityUpdated(msgspec.Struct, frozen=True):
    """Quality after the newest window. `timeline` has only that window."""

    type: ClassVar[str] = "conversation_quality.updated"

    overall: QualityBody | UnsetType = UNSET
    timeline: tuple[TimelineBody, ...] | UnsetType = UNSET


class RangeBody(msgspec.Struct, frozen=True):
    """A span of session time, s."""

    start: float
    end: float


class CoverageDropped(msgspec.Struct, frozen=True):
    """The server did not analyse these spans."""

    type: ClassVar[str] = "coverage.dropped"

    ranges: tuple[RangeBody, ...]


class CoverageDegraded(msgspec.Struct, frozen=True):
    """The server analysed these spans without video, although the stream has video."""

    type: ClassVar[str] = "coverage.degraded"

    ranges: tuple[RangeBody, ...]
    reason: Literal["video_gap"] = "video_gap"


class FaceBody(msgspec.Struct, frozen=True):
    """The subject's face box, as shares of the frame's width and height, and the gaze, deg.

    Positive yaw is toward the subject's left, positive pitch is up. Null if the gaze was not measured.
    """

    left: float
    top: float
    width: float
    height: float
    gaze_yaw_deg: float | None
    gaze_pitch_deg: float | None


class CoverageMeasured(msgspec.Struct, frozen=True):
    """What the newest media offered to measure. Our own: sent only with `include` of evidence."""

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
    faces: int | None = None


class CueDetected(msgspec.Struct, frozen=True):
    """A cue was detected and has ended. Our own: sent only with `include` of evidence."""

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
    text: str | UnsetType = UNSET


class TranscriptUpdated(msgspec.Struct, frozen=True):
    """What was said. Our own: sent only with `include` of transcript.

    A phrase that is not final is shown while the person still speaks. A later one that begins at the same
    time replaces it, and a final one always follows. Its text is empty if it was not heard after all.
    """

    type: ClassVar[str] = "transcript.updated"

    start: float
    end: float
    text: str
    confidence: float
    language: str
    final: bool


class Error(msgspec.Struct, frozen=True):
    """An error about a binary message (`segment` is its number) or about the session (null)."""

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
    | TranscriptUpdated
    | MediaReceived
    | SessionSummary
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
        TranscriptUpdated,
        MediaReceived,
        SessionSummary,
        Error,
    )
}


class _Envelope(msgspec.Struct, frozen=True):
    type: str
    timestamp: datetime
    correlation_id: str
    data: msgspec.Raw
    seq: int | UnsetType = UNSET


class Received(msgspec.Struct, frozen=True):
    """A message as a client reads it. `data` is a dict if the type is unknown."""

    type: str
    timestamp: datetime
    correlation_id: str
    data: Data | dict[str, Any]
    seq: int | UnsetType = UNSET


class Message(Protocol):
    """The data of a message, on any of the event streams."""

    type: ClassVar[str]


def encode(data: Message, correlation_id: str, now: datetime, seq: int | UnsetType = UNSET) -> str:
    """Return a message as the text of a WebSocket frame.

    Parameters
    ----------
    data
        The message.
    correlation_id
        The session's correlation id.
    now
        The message's timestamp, timezone-aware and in UTC.
    seq
        The message's number, in a session that can be resumed.

    See Also
    --------
    decode : The inverse.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> encode(SignalEnded("interest", 4.5), "id", datetime(2026, 1, 1, tzinfo=UTC))
    '{"type":"signal.ended","timestamp":"2026-01-01T00:00:00Z","correlation_id":"id","data":{"signal_type":"interest","end":4.5}}'
    """
    envelope = _Envelope(data.type, now, correlation_id, msgspec.Raw(msgspec.json.encode(data)), seq)
    return msgspec.json.encode(envelope).decode()


def sent_again(text: str, correlation_id: str) -> str:
    """Return a message of an earlier connection with the correlation id of this one."""
    return msgspec.json.encode(replace(_decoder.decode(text), correlation_id=correlation_id)).decode()


_decoder: msgspec.json.Decoder[_Envelope] = msgspec.json.Decoder(_Envelope)


def decode(text: str | bytes) -> Received:
    """Read a server's message. Unknown fields and types are accepted, because a newer server may send them.

    Raises
    ------
    msgspec.ValidationError, msgspec.DecodeError
        If the text is not a message of these streams.

    See Also
    --------
    encode : The inverse.
    """
    try:
        envelope = _decoder.decode(text)
        kind: Any = _KINDS.get(envelope.type, dict[str, Any])
        data = msgspec.json.decode(envelope.data, type=kind)
    except (UnicodeDecodeError, RecursionError):
        # msgspec raises these for a text that is none, and for values inside values without end.
        raise msgspec.DecodeError("not a message of these streams") from None
    return Received(envelope.type, envelope.timestamp, envelope.correlation_id, data, envelope.seq)
