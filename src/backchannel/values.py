"""Values that every room shares. All are frozen: functions take state and return it, and keep none.

Times are seconds; the suffix of a name is its unit. Nothing here needs numpy, so the web layer can use these
values without loading it. Values with arrays in them are in `tracks`.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from backchannel.constants import FULL_RATE_HZ

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
Policy = Literal["full", "behaviour"]
"""What may be reported: everything, or only behaviour. `signals.policy` says what that leaves out."""


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

    def shifted(self, by_s: float) -> "Span":
        """Move the span in time."""
        return Span(self.start_s + by_s, self.end_s + by_s)

    def clip(self, other: "Span") -> "Span":
        """Return the part of this span inside the other; empty (zero length) when they are apart."""
        start_s = min(max(self.start_s, other.start_s), other.end_s)
        return Span(start_s, min(max(self.end_s, start_s), max(other.end_s, start_s)))


MAX_OVERLAP_S, MAX_GAP_S = 1.0, 600.0
"""A stream whose clock jumps back, or ahead, by more than this is another stream (judgement)."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Session time, and how a running stream's own time maps onto it.

    Attributes
    ----------
    reached_s
        Session time up to which media has arrived.
    stream_offset_s
        Session time minus container time of the running stream; None outside a stream.
    """

    reached_s: float = 0.0
    stream_offset_s: float | None = None

    def place(self, stream_start_s: float | None) -> tuple[float, float | None]:
        """Return the session time at which new media begins, and the stream's offset.

        The clock of a running stream shows how much was lost between two pieces; neighbouring pieces may
        overlap by a few frames. A complete file starts its own clock at zero, so it follows the media before
        it without a gap.

        Parameters
        ----------
        stream_start_s
            Container time at which the new media begins; None for a complete file.

        Examples
        --------
        >>> Clock(reached_s=5.0).place(None)
        (5.0, None)
        >>> Clock(reached_s=5.0, stream_offset_s=0.0).place(7.5)
        (7.5, 0.0)
        """
        if stream_start_s is None:
            return self.reached_s, None
        if self.stream_offset_s is not None:
            start_s = stream_start_s + self.stream_offset_s
            if self.reached_s - MAX_OVERLAP_S <= start_s <= self.reached_s + MAX_GAP_S:
                return start_s, self.stream_offset_s
        return self.reached_s, self.reached_s - stream_start_s


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
        segment; False for a complete file, whose clock starts at its own zero.
    sound_only
        True to measure only the sound, even if there is a picture.
    continues, reaches
        Digests of the running stream before and after this segment. A worker that still holds the decoder
        that stopped at `continues` can go on with it. Empty for a complete file.
    unbroken
        Nothing of the running stream is missing between the segment before and this one.
    """

    data: bytes
    new_from_byte: int = 0
    continuous: bool = False
    sound_only: bool = False
    continues: bytes = b""
    reaches: bytes = b""
    unbroken: bool = False


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
    max_pixel_rate_hz
        Most pixels in a second of picture, px/s: the largest picture at 60 frames/s (judgement).
    max_packet_rate_hz
        Most packets of all tracks in a second of media, packets/s. 240 frames a second with sound in the
        shortest packets, 2.5 ms of Opus, are 640 (judgement).
    analysis_rate_hz
        Frames analysed per second: fewer than `FULL_RATE_HZ` under load.
    spare_core
        Whether a second core may be used, which gives the same result sooner.
    """

    max_duration_s: float = 60.0
    min_duration_s: float = 0.0
    max_width_px: int = 4096
    max_height_px: int = 2304
    max_frame_rate_hz: float = 120.0
    max_pixel_rate_hz: float = 4096.0 * 2304.0 * 60.0
    max_packet_rate_hz: float = 1000.0
    analysis_rate_hz: float = FULL_RATE_HZ
    spare_core: bool = False


# --- how cues are interpreted ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bands:
    """Probabilities from which a signal is reported, and is called medium and high (signals table)."""

    report: float = 0.35
    medium: float = 0.55
    high: float = 0.75


@dataclass(frozen=True, slots=True)
class Rules:
    """How the cues of a conversation are interpreted, for as long as it lasts.

    Attributes
    ----------
    policy
        What may be reported.
    priors
        Calibrated log-odds without evidence, by signal. The others are as in the table of weights.
    bands
        Probabilities of the three words.
    """

    policy: Policy = "full"
    priors: tuple[tuple[SignalType, float], ...] = ()
    bands: Bands = Bands()


# --- words -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """One word that was heard.

    Attributes
    ----------
    text
        As written, with its punctuation, for example ``sure?``.
    span
        When it was said, s. Its edges are good to 0.3 s.
    confidence
        0..1, the mean probability of its parts.
    """

    text: str
    span: Span
    confidence: float


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that were said without a long pause.

    Attributes
    ----------
    span
        From the beginning of its voice activity to the end, s.
    text
        All of it as one would write it.
    words
        Its words, in order. Empty if a phrase that was shown while it was said turned out not to be heard.
    language
        ISO 639-1 code, for example ``en``.
    confidence
        0..1, the probability of a part of the text, on average.
    final
        False while the person is still speaking. A later phrase that begins at the same time replaces it, and
        a final one always follows.
    """

    span: Span
    text: str
    words: tuple[Word, ...]
    language: str
    confidence: float
    final: bool = True

    def shifted(self, by_s: float) -> "Phrase":
        """Move the phrase in time."""
        words = tuple(replace(word, span=word.span.shifted(by_s)) for word in self.words)
        return replace(self, span=self.span.shifted(by_s), words=words)


# --- cues, signals, results ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cue:
    """A visible or audible event with its time and its measurements.

    Attributes
    ----------
    name
        A row of the cue table, for example ``nod``.
    span
        Session time, s.
    value, unit
        The main measurement, for example 9.0 ``deg``.
    baseline
        The person's baseline in the same unit, or None if the cue has none.
    certainty
        0..1.
    measures
        Further measurements a rationale may quote, as (name, value, unit), for example
        ``("rate", 2.1, "Hz")`` or ``("cycles", 3.0, "")``.
    direction
        For cues that have one: ``left``, ``right``, ``up``, ``down`` (the subject's own sides).
    quote
        For cues of the modality ``text``: the words as they were heard; empty if there are too many to quote.
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
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One measured number behind a signal. Every number in a rationale is one of these, rounded.

    Attributes
    ----------
    cue
        Name of the cue.
    measure
        Name of a further measure of the cue, for example ``rate``; empty for the cue's own value.
    modality, span, direction
        Those of the cue.
    value, unit, baseline
        The measurement, and the person's baseline in the same unit; None where there is none.
    weight
        What the cue added to the log-odds; 0 for further measures, which add nothing of their own.
    text
        For the modality ``text``: the words as they were heard (`Cue.quote`).
    """

    cue: str
    measure: str
    modality: Modality
    span: Span
    value: float
    unit: str
    baseline: float | None
    weight: float
    direction: str = ""
    text: str = ""


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
        """Mean of the five dimensions, not rounded."""
        return (self.clarity + self.authority + self.energy + self.rapport + self.learning) / 5


BEHAVIOUR_NOTE = "Only behaviour is reported: no feelings, and no conversation quality."
"""What the policy `behaviour` says of itself, on every page and in every answer that has coverage."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What could be measured in a window.

    Attributes
    ----------
    picture, sound
        The window has a track of that kind.
    face_share
        Share of the analysed frames with a measured face, 0..1; None without picture.
    speech_share
        Share of the time with speech, 0..1; None without sound.
    frozen
        The picture never changed, so the face could not be measured.
    analysis_rate_hz
        Frames analysed per second, at most; None without picture.
    policy
        What may be reported about it.
    without_picture
        Stretches without a picture in media that has one, session time. They may begin before the window.
    company
        Another face was in view besides the person's. It was not analysed.
    sound_tracks
        Number of the media's sound tracks. One of them was analysed.
    truncated
        The file ends before its own end.
    unlisted_language
        ISO 639-1 code of the language that was heard, if it has no phrase list; otherwise empty.
    """

    picture: bool
    sound: bool
    face_share: float | None
    speech_share: float | None
    frozen: bool = False
    analysis_rate_hz: float | None = None
    policy: Policy = "full"
    without_picture: tuple[Span, ...] = ()
    company: bool = False
    sound_tracks: int = 1
    truncated: bool = False
    unlisted_language: str = ""

    @property
    def reduced(self) -> bool:
        """Whether fewer frames were analysed because the server was overloaded."""
        return self.analysis_rate_hz is not None and self.analysis_rate_hz < FULL_RATE_HZ

    @property
    def unmeasured(self) -> bool:
        """Whether nobody was visible or speaking, so that engagement says nothing about a person."""
        return not self.face_share and not self.speech_share

    @property
    def incomplete(self) -> bool:
        """Whether there was more in the media than was analysed or reported, or less than there should be."""
        media = self.without_picture or self.company or self.sound_tracks > 1 or self.truncated
        return bool(self.reduced or media or self.unlisted_language or self.policy != "full")

    @property
    def notes(self) -> tuple[str, ...]:
        """What was missing, and what was left out, in plain sentences."""
        rate = f"{self.analysis_rate_hz:g}" if self.analysis_rate_hz is not None else ""
        holes = " and ".join(
            f"from {hole.start_s:.1f} to {hole.end_s:.1f} s" for hole in self.without_picture
        )
        notes = {
            "There was no picture.": not self.picture,
            f"There was no picture {holes}.": self.picture and bool(holes),
            "No face was in view.": self.face_share == 0,
            "The picture did not change.": self.frozen,
            f"Only {rate} frames a second were analysed instead of {FULL_RATE_HZ:g}.": self.reduced,
            "More than one face was in view. Only one person was analysed.": self.company,
            "There was no sound.": not self.sound,
            "No speech was detected.": self.speech_share == 0,
            "Nobody was visible or speaking, so engagement was not measured.": self.unmeasured,
            BEHAVIOUR_NOTE: self.policy == "behaviour",
            f"There were {self.sound_tracks} sound tracks. Only the one with the most speech was analysed.": (
                self.sound_tracks > 1
            ),
            "The file is truncated. Its end is missing.": self.truncated,
            f"The language “{self.unlisted_language}” has no phrase list, so its words give no cues.": bool(
                self.unlisted_language
            ),
        }
        return tuple(sentence for sentence, holds in notes.items() if holds)


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
