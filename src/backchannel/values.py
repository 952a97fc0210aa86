"""The values that every room shares. All frozen: state is passed, never remembered.

Seconds everywhere; a name's suffix is its unit. Nothing here needs numpy, so the web layer can hold these
values without loading it; the values with arrays in them are in `tracks`.
"""

from dataclasses import dataclass, field
from typing import Literal

Modality = Literal["visual", "audio", "text"]
SignalType = Literal[
    "agreement",
    "confidence",
    "confusion",
    "disagreement",
    "frustration",
    "hesitation",
    "interest",
    "skepticism",
    "stress",
    "uncertainty",
]
Probability = Literal["low", "medium", "high"]
EngagementLevel = Literal["engaged", "neutral", "disengaged"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of session time, half open: ``start_s <= t < end_s``."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length, s."""
        return self.end_s - self.start_s

    def overlap_s(self, other: "Span") -> float:
        """Length that this span and the other have in common, s; 0 when apart."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))

    def clip(self, other: "Span") -> "Span":
        """Return the part of this span inside the other; empty (zero length) when they are apart."""
        start_s = min(max(self.start_s, other.start_s), other.end_s)
        return Span(start_s, min(max(self.end_s, start_s), max(other.end_s, start_s)))


# --- media -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Segment:
    """One message's media, made independent of every other message.

    Attributes
    ----------
    data
        Bytes that decode on their own: a complete file, or a container header, the media since the last
        key frame, and the new media.
    new_from_byte
        Offset in `data` where the media that no earlier segment covered begins. A packet is new when its
        last byte lies at or after this offset.
    continuous
        True when `data` belongs to one running stream, whose container clock goes on from segment to
        segment; False for a complete file, whose clock starts anew.
    sound_only
        True when only the sound is to be measured, whether or not there is a picture.
    """

    data: bytes
    new_from_byte: int = 0
    continuous: bool = False
    sound_only: bool = False


FULL_RATE_HZ = 15.0
"""Pictures a second that are looked at where nothing stands against it."""


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """What a segment may cost to decode (wire contract, section 8).

    Attributes
    ----------
    max_duration_s, min_duration_s
        Bounds on the new media, s. The lower bound already includes its tolerance.
    max_width_px, max_height_px
        Largest picture, either way round, px.
    max_frame_rate_hz
        Largest frame rate, frames/s.
    analysis_rate_hz
        Pictures a second that are looked at: fewer than `FULL_RATE_HZ` where there is too much to do.
    spare_core
        Whether a second core may be used, for the same answer sooner.
    """

    max_duration_s: float = 60.0
    min_duration_s: float = 0.0
    max_width_px: int = 4096
    max_height_px: int = 2304
    max_frame_rate_hz: float = 120.0
    analysis_rate_hz: float = FULL_RATE_HZ
    spare_core: bool = False


# --- cues, signals, results ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cue:
    """A timed, observable event with what was measured.

    Attributes
    ----------
    name
        A row of the cue table, for example ``nod``.
    span
        Session time, s.
    value, unit
        The telling measurement, for example 9.0 ``deg``.
    baseline
        The person's own usual value in the same unit, or None where the cue is absolute.
    certainty
        0..1.
    measures
        Further measurements a rationale may quote, as (name, value, unit), for example
        ``("rate", 2.1, "Hz")`` or ``("cycles", 3.0, "")``.
    direction
        For cues that have one: ``left``, ``right``, ``up``, ``down`` (the subject's own sides).
    """

    name: str
    modality: Modality
    span: Span
    value: float
    unit: str
    baseline: float | None
    certainty: float
    measures: tuple[tuple[str, float, str], ...] = ()
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A number that a signal rests on; every number in a rationale is one of these, rounded.

    `cue` names the cue; further measures of the same cue are separate entries named ``cue.measure``.
    `direction` is the cue's, for cues that have one.
    """

    cue: str
    modality: Modality
    span: Span
    value: float
    unit: str
    baseline: float | None
    weight: float
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """An interpretation of cues, inside one segment."""

    type: SignalType
    span: Span
    probability: Probability
    rationale: str
    modalities: tuple[Modality, ...]
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class EngagementSpan:
    """A stretch in one engagement state."""

    span: Span
    state: EngagementLevel


@dataclass(frozen=True, slots=True)
class Quality:
    """Conversation quality, each 0..100; 50 means no evidence either way."""

    clarity: float
    authority: float
    energy: float
    rapport: float
    learning: float

    @property
    def quality_index(self) -> float:
        """Mean of the five dimensions; rounded by whoever shows it, after the mean."""
        return (self.clarity + self.authority + self.energy + self.rapport + self.learning) / 5


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the segment could be measured from.

    Attributes
    ----------
    picture, sound
        The segment has a track of that kind.
    face_share
        Share of the analysed frames with a measured face, 0..1; None without picture.
    speech_share
        Share of the time with speech, 0..1; None without sound.
    frozen
        The picture never changed, so nothing could be measured in it.
    analysis_rate_hz
        Pictures a second that were looked at, at most; None without picture.
    """

    picture: bool
    sound: bool
    face_share: float | None
    speech_share: float | None
    frozen: bool = False
    analysis_rate_hz: float | None = None

    @property
    def reduced(self) -> bool:
        """Whether fewer pictures a second were looked at than usual, since there was too much to do."""
        return self.analysis_rate_hz is not None and self.analysis_rate_hz < FULL_RATE_HZ

    @property
    def notes(self) -> tuple[str, ...]:
        """What was missing, in plain sentences."""
        looked = f"{self.analysis_rate_hz:g}" if self.analysis_rate_hz is not None else ""
        said = {
            "There was no picture.": not self.picture,
            "No face was in view.": self.face_share == 0,
            "The picture did not change.": self.frozen,
            f"The picture was looked at {looked} times a second instead of {FULL_RATE_HZ:g}.": self.reduced,
            "There was no sound.": not self.sound,
            "No speech was heard.": self.speech_share == 0,
        }
        return tuple(sentence for sentence, holds in said.items() if holds)


@dataclass(frozen=True, slots=True)
class SegmentResult:
    """The answer to one segment, in session time.

    Attributes
    ----------
    span
        The segment's place on the session clock.
    cues
        Cues that touch the segment, sorted by start.
    signals
        Signals inside the segment, sorted by start.
    engagement
        Contiguous spans that cover exactly the segment.
    quality
        This segment's quality.
    quality_overall
        Cumulative quality over every segment analysed in the session, weighed by duration.
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


# --- conversations that are followed as they happen ------------------------------------------------


@dataclass(frozen=True, slots=True)
class WindowResult:
    """What a window shows, so far or in the end.

    Attributes
    ----------
    result
        As for a segment that is the window as far as its media has come.
    complete
        The window is over and this is the last word on it; otherwise the next media may change it.
    """

    result: SegmentResult
    complete: bool


@dataclass(frozen=True, slots=True)
class FaceView:
    """Where the subject's face was last seen, in shares of the picture, and where it looked.

    Attributes
    ----------
    left, top, width, height
        0..1 of the picture's width and height.
    gaze_yaw_deg, gaze_pitch_deg
        As in the tracks: yaw + is the subject's left, pitch + is up. None where it was not measured.
    """

    left: float
    top: float
    width: float
    height: float
    gaze_yaw_deg: float | None
    gaze_pitch_deg: float | None


@dataclass(frozen=True, slots=True)
class View:
    """What the newest media was measured from, for who is before the camera and may mend it.

    Attributes
    ----------
    span
        The media, on the session clock.
    picture, sound
        Whether there was any of it in this media.
    face_share
        Share of its analysed frames with a measured face, 0..1; None without picture.
    brightness
        Mean of its frames, 0..1; None without picture.
    level_dbfs
        RMS of its sound; None without sound. Silence is `SILENT_DBFS`.
    face
        None when no face was measured in it.
    analysis_rate_hz
        Pictures a second that were looked at, at most; None without picture.
    """

    span: Span
    picture: bool
    sound: bool
    face_share: float | None = None
    brightness: float | None = None
    level_dbfs: float | None = None
    face: FaceView | None = None
    analysis_rate_hz: float | None = None


SILENT_DBFS = -100.0
"""Level of silence: below the step of 16-bit samples (-96 dBFS)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What new media brought to a conversation that is followed live.

    Attributes
    ----------
    reached_s
        Session time up to which media has come.
    windows
        Windows that were completed, and last the one that is still open; in order.
    dropped
        Stretches that were never analysed, since their media never came.
    degraded
        Stretches that were analysed without a picture, though the stream has one.
    view
        What the new media was measured from.
    """

    reached_s: float
    windows: tuple[WindowResult, ...] = ()
    dropped: tuple[Span, ...] = ()
    degraded: tuple[Span, ...] = ()
    view: View | None = None
