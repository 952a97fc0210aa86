"""The values that every room shares. All frozen: state is passed, never remembered.

Seconds everywhere; a name's suffix is its unit. Arrays are described as ``(shape) unit``; a missing
measurement is NaN, never zero. numpy is named for types only, so the web layer can hold these values
without loading it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from backchannel.arrays import FloatArray, TimeArray

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

    def overlap_s(self, other: Span) -> float:
        """Length that this span and the other have in common, s; 0 when apart."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))

    def clip(self, other: Span) -> Span:
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
    """

    data: bytes
    new_from_byte: int = 0
    continuous: bool = False


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
    """

    max_duration_s: float = 60.0
    min_duration_s: float = 0.0
    max_width_px: int = 4096
    max_height_px: int = 2304
    max_frame_rate_hz: float = 120.0


# --- tracks ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FaceTracks:
    """Numbers per analysed frame for one face in one segment.

    Every array has one row per entry of `PictureTracks.time_s`; rows in which this face was not measured
    are NaN and have `valid` False. Left and right are the subject's own. Lengths are in face widths
    (the distance between the outer eye corners of the fitted rigid face) unless the name says otherwise.

    Attributes
    ----------
    valid
        (n,) bool. The mesh was found and trusted in this frame.
    box_px
        (n, 4) px of the analysed picture: left, top, width, height.
    confidence
        (n,) 0..1, the mesh's own face score.
    head_pitch_deg, head_yaw_deg, head_roll_deg
        (n,) deg. Pitch + is up, yaw + is toward the subject's left, roll + is toward the subject's left
        shoulder (see `perception.geometry`).
    head_x, head_y, head_scale
        (n,) centre of the head, and apparent face width, all relative to the picture's height. A larger
        scale is nearer.
    gaze_yaw_deg, gaze_pitch_deg
        (n,) deg, eye in head plus head, same signs as the head's.
    eye_yaw_deg, eye_pitch_deg
        (n,) deg, eye in head alone.
    eye_openness_left, eye_openness_right
        (n,) lid gap over eye width.
    mouth_opening, mouth_width, lip_corner_height, lip_press
        (n,) face widths. Corner height is above the base of the nose (so negative), and a smile raises it. Lip
        press is the visible thickness of both lips: pressed lips are thin.
    lip_corner_height_left, lip_corner_height_right
        (n,) face widths.
    brow_inner_left, brow_inner_right, brow_outer_left, brow_outer_right, brow_gap
        (n,) face widths. Heights above the eye's centre; the gap is between the inner brow ends.
    lower_lid_raise
        (n,) face widths. Lower lid above the line between the eye's corners; a felt smile raises it.
    chin_raise
        (n,) face widths. Rise of the chin boss toward the lower lip.
    """

    valid: NDArray[np.bool_]
    box_px: FloatArray
    confidence: FloatArray
    head_pitch_deg: FloatArray
    head_yaw_deg: FloatArray
    head_roll_deg: FloatArray
    head_x: FloatArray
    head_y: FloatArray
    head_scale: FloatArray
    gaze_yaw_deg: FloatArray
    gaze_pitch_deg: FloatArray
    eye_yaw_deg: FloatArray
    eye_pitch_deg: FloatArray
    eye_openness_left: FloatArray
    eye_openness_right: FloatArray
    mouth_opening: FloatArray
    mouth_width: FloatArray
    lip_corner_height: FloatArray
    lip_corner_height_left: FloatArray
    lip_corner_height_right: FloatArray
    lip_press: FloatArray
    brow_inner_left: FloatArray
    brow_inner_right: FloatArray
    brow_outer_left: FloatArray
    brow_outer_right: FloatArray
    brow_gap: FloatArray
    lower_lid_raise: FloatArray
    chin_raise: FloatArray


@dataclass(frozen=True, slots=True)
class PictureTracks:
    """What the picture of one segment gave.

    Attributes
    ----------
    time_s
        (n,) presentation time of each analysed frame from the segment's start, s, increasing.
    faces
        The faces that were followed, most prominent first. Empty when there were none.
    face_count
        (n,) faces in view, as last counted by the detector.
    luminance
        (n,) mean brightness of the frame, 0..1.
    moving
        (n,) bool. The frame differs from the one analysed before it. A frozen picture is no measurement.
    width_px, height_px
        Size of the analysed picture after rotation, px.
    """

    time_s: TimeArray
    faces: tuple[FaceTracks, ...]
    face_count: NDArray[np.int32]
    luminance: FloatArray
    moving: NDArray[np.bool_]
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class VoiceTracks:
    """What the sound of one segment gave. Row k of a track is at ``k * hop``, from the segment's start.

    Attributes
    ----------
    start_s
        Time of the first sample from the segment's start, s. Rows count from here.
    speech_probability
        (p,) 0..1 per 32 ms.
    f0_hz, f0_confidence
        (q,) per 16 ms. F0 is NaN where unvoiced.
    level_dbfs, spectral_change
        (r,) per 10 ms. RMS level, and cosine distance (0..1) of the band spectrum to 50 ms before.
    syllable_time_s
        (k,) syllable nuclei from the segment's start, s.
    noise_floor_dbfs
        Level exceeded 90% of the time, dBFS.
    """

    start_s: float
    speech_probability: FloatArray
    f0_hz: FloatArray
    f0_confidence: FloatArray
    level_dbfs: FloatArray
    spectral_change: FloatArray
    syllable_time_s: TimeArray
    noise_floor_dbfs: float


SPEECH_HOP_S = 0.032
F0_HOP_S = 0.016
LEVEL_HOP_S = 0.010


@dataclass(frozen=True, slots=True)
class Tracks:
    """Everything measured in one segment: the only thing later rooms ever see of the media.

    Attributes
    ----------
    duration_s
        Length of the new media, s.
    stream_start_s
        Container time at which the new media begins, for a continuous stream; None for a complete file.
    picture, voice
        None when the segment has no such track: not measured, which is not the same as measured and empty.
    """

    duration_s: float
    stream_start_s: float | None
    picture: PictureTracks | None
    voice: VoiceTracks | None


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
    """

    cue: str
    modality: Modality
    span: Span
    value: float
    unit: str
    baseline: float | None
    weight: float


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
    notes
        Plain sentences such as "No face was in view.", ready to be shown.
    """

    picture: bool
    sound: bool
    face_share: float | None
    speech_share: float | None
    notes: tuple[str, ...] = ()


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
    coverage: Coverage = field(default=Coverage(picture=False, sound=False, face_share=None, speech_share=None))
