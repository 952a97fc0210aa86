"""The data of a report: the results of one analysis, and nothing else.

A `Recording` comes from the results of an analysis (`gather.recording_of`), or as JSON from a client of a v2
stream: the live console collects events and posts this document. Its parts have the fields of the events, so
a client can keep most of them unchanged::

    {
      "source": "Live conversation",                # title of the report, for example a file name
      "recorded_at": "2026-11-22T21:16:50+01:00",   # start of the recording, with offset; null if unknown
      "analyzed_at": "2026-11-22T21:18:02+01:00",   # end of the analysis
      "duration": 72.4,                             # seconds, like all times
      "signals": [                                  # signal.detected with its last update; `type` is its
        {"type": "agreement", "start": 4.1,         # `signal_type`, `end` comes from signal.ended (or is
         "end": 6.0, "probability": "high",         # the duration if the signal is still active)
         "rationale": "Nodded ...", "evidence": [   # `evidence` as sent with include `evidence`
           {"cue": "nod", "measure": "",            # `measure` is empty for the cue's own value
            "modality": "visual", "start": 4.1,
            "end": 6.0, "value": 9.0, "unit": "deg", "baseline": null, "weight": 1.9}]}],
      "cues": [                                     # cue.detected, unchanged; `measures` may be added:
        {"cue": "nod", "modality": "visual",        # [["rate", 2.1, "Hz"]]
         "start": 4.1, "end": 6.0, "value": 9.0, "unit": "deg", "baseline": null, "certainty": 0.9}],
      "transcript": [                               # final phrases of transcript.updated, if words are on
        {"start": 4.0, "end": 6.2, "text": "Yes."}],
      "engagement": [                               # one per engagement.updated; `end` is the start of the
        {"start": 0, "end": 72.4, "state": "engaged"}],     # next one, or the duration
      "quality": {"overall": {...},                 # conversation_quality.updated: the last `overall` (or
                  "timeline": [...]},               # null), and all entries of `timeline`
      "coverage": {
        "picture": true, "sound": true,             # whether there was any; null if unknown
        "face_share": null, "speech_share": null,   # 0..1; null if unknown
        "analysis_rate_hz": 15.0,                   # lowest analysis rate; null if unknown
        "frozen": false,                            # the picture never changed
        "dropped": [{"start": 9, "end": 9.8}],      # all `ranges` of coverage.dropped
        "degraded": [],                             # all `ranges` of coverage.degraded
        "policy": "full",                           # `policy` of session.ready, if it has one
        "company": false,                           # another face was in view
        "sound_tracks": 1,                          # how many there were; one was analysed
        "truncated": false},                        # the file ends before its own end
      "engine": "backchannel-1"                     # `engine` of session.ready
    }

`source`, `analyzed_at`, `duration`, `signals` and `engagement` are required. Everything else is optional.
Recordings of earlier versions wrote a measure behind its cue (``"cue": "nod.rate"``); they are read too.
Unknown fields are ignored. The document comes from outside, so numbers and texts have bounds, and texts are
always escaped when shown.
"""

import re
from datetime import datetime
from typing import Annotated, Final, Literal, Self

import msgspec
from msgspec import Meta

from backchannel import __version__
from backchannel.errors import Problem
from backchannel.protocol.products import ENGINE
from backchannel.values import EngagementLevel, Modality, Policy, Probability, SignalType, Span

MAX_DOCUMENT_BYTES: Final = 8 * 1024 * 1024
"""Largest accepted document. An hour of dense cues needs a quarter of it (judgement)."""
MAX_DURATION_S: Final = 86_400.0

Time = Annotated[float, Meta(ge=0.0, le=MAX_DURATION_S)]
Measure = Annotated[float, Meta(ge=-1e9, le=1e9)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Rate = Annotated[float, Meta(ge=0.0, le=1000.0)]
Score = Annotated[int, Meta(ge=0, le=100)]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$")]
NameOrEarlier = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")
]
MeasureName = Annotated[str, Meta(max_length=64, pattern=r"^([a-z][a-z0-9_]*)?$")]
Unit = Annotated[str, Meta(max_length=24)]
Title = Annotated[str, Meta(min_length=1, max_length=300)]
Prose = Annotated[str, Meta(max_length=4000)]
Release = Annotated[str, Meta(max_length=64)]
Moment = Annotated[datetime, Meta(tz=True)]
Direction = Literal["", "left", "right", "up", "down"]


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A period of the recording, s from its start."""

    start: Time
    end: Time

    def __post_init__(self) -> None:
        """Refuse an end before the start."""
        if self.end < self.start:
            raise ValueError("the end is before the start")

    @property
    def span(self) -> Span:
        """The period as a span."""
        return Span(self.start, self.end)


class EvidenceEntry(Period, frozen=True, kw_only=True):
    """A measurement that a signal is based on.

    `weight` is what it adds to the log-odds. `measure` is empty for the cue's own value.
    """

    cue: NameOrEarlier
    modality: Modality
    value: Measure
    unit: Unit
    baseline: Measure | None
    weight: Measure
    measure: MeasureName = ""
    direction: Direction = ""

    def __post_init__(self) -> None:
        """Read a name of an earlier version, such as ``nod.rate``, as a cue and its measure."""
        super().__post_init__()
        cue, dot, measure = self.cue.partition(".")
        if dot:
            msgspec.structs.force_setattr(self, "cue", cue)
            msgspec.structs.force_setattr(self, "measure", measure)


class SignalEntry(Period, frozen=True, kw_only=True):
    """A signal with its rationale and evidence."""

    type: SignalType
    probability: Probability
    rationale: Prose
    evidence: Annotated[tuple[EvidenceEntry, ...], Meta(max_length=100)] = ()


class CueEntry(Period, frozen=True, kw_only=True):
    """A cue with its measurements. `measures` are (name, value, unit)."""

    cue: Name
    modality: Modality
    value: Measure
    unit: Unit
    baseline: Measure | None
    certainty: Share
    direction: Direction = ""
    measures: Annotated[tuple[tuple[Name, Measure, Unit], ...], Meta(max_length=32)] = ()


class WordEntry(Period, frozen=True, kw_only=True):
    """One word that was said."""

    text: Annotated[str, Meta(min_length=1, max_length=200)]


class PhraseEntry(Period, frozen=True, kw_only=True):
    """Words that were said without a long pause. `words` has the time of each, if it is known."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    words: Annotated[tuple[WordEntry, ...], Meta(max_length=1000)] = ()


class EngagementEntry(Period, frozen=True, kw_only=True):
    """A period with one engagement state."""

    state: EngagementLevel


class QualityScores(msgspec.Struct, frozen=True, kw_only=True):
    """Conversation quality, 0..100; 50 means no evidence either way."""

    quality_index: Score
    clarity: Score
    authority: Score
    energy: Score
    rapport: Score
    learning: Score


class QualityEntry(Period, frozen=True, kw_only=True):
    """The quality of one window."""

    values: QualityScores


class QualityCourse(msgspec.Struct, frozen=True, kw_only=True):
    """Quality of the whole recording, and of each window."""

    overall: QualityScores | None = None
    timeline: Annotated[tuple[QualityEntry, ...], Meta(max_length=5_000)] = ()


class CoverageEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What the recording offered to measure.

    Attributes
    ----------
    picture, sound
        Whether the recording has video and audio. None if unknown.
    face_share, speech_share
        Share of the analysed frames with a face, and of the time with speech. None if unknown.
    analysis_rate_hz
        The lowest analysis rate, frames per second. None if unknown.
    frozen
        Whether the picture never changed. Nothing is measured in it then.
    dropped, degraded
        Periods that were not analysed, and periods analysed without video.
    policy
        What could be reported; ``behaviour`` leaves out feelings and quality.
    company
        Whether another face was in view, which was not analysed.
    sound_tracks
        Number of sound tracks. One of them was analysed.
    truncated
        Whether the file ends before its own end.
    """

    picture: bool | None = None
    sound: bool | None = None
    face_share: Share | None = None
    speech_share: Share | None = None
    analysis_rate_hz: Rate | None = None
    frozen: bool = False
    dropped: Annotated[tuple[Period, ...], Meta(max_length=5_000)] = ()
    degraded: Annotated[tuple[Period, ...], Meta(max_length=5_000)] = ()
    policy: Policy = "full"
    company: bool = False
    sound_tracks: Annotated[int, Meta(ge=1, le=100)] = 1
    truncated: bool = False


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """The results of the analysis of one recording.

    Attributes
    ----------
    source
        The title: a file name without its folder, for example.
    recorded_at
        Start of the recording, with a time zone. None if unknown.
    analyzed_at
        End of the analysis, with a time zone.
    duration
        Duration, s.
    engine, version
        The engine and its version.

    See Also
    --------
    decode_recording, encode_recording : Read and write it as JSON.
    """

    source: Title
    analyzed_at: Moment
    duration: Time
    signals: Annotated[tuple[SignalEntry, ...], Meta(max_length=5_000)]
    engagement: Annotated[tuple[EngagementEntry, ...], Meta(max_length=10_000)]
    recorded_at: Moment | None = None
    cues: Annotated[tuple[CueEntry, ...], Meta(max_length=20_000)] = ()
    transcript: Annotated[tuple[PhraseEntry, ...], Meta(max_length=10_000)] = ()
    quality: QualityCourse = QualityCourse()
    coverage: CoverageEntry = CoverageEntry()
    engine: Release = ENGINE
    version: Release = __version__

    @property
    def judged(self) -> QualityCourse:
        """The quality to show: none if the policy leaves it out, because then every score is 50."""
        return self.quality if self.coverage.policy == "full" else QualityCourse()

    def in_order(self) -> Self:
        """Return the same recording with everything sorted by time."""
        return msgspec.structs.replace(
            self,
            signals=tuple(sorted(self.signals, key=lambda one: (one.start, one.end, one.type))),
            cues=tuple(sorted(self.cues, key=lambda one: (one.start, one.end, one.cue))),
            engagement=tuple(sorted(self.engagement, key=lambda one: one.start)),
            transcript=tuple(sorted(self.transcript, key=lambda one: one.start)),
            quality=msgspec.structs.replace(
                self.quality, timeline=tuple(sorted(self.quality.timeline, key=lambda one: one.start))
            ),
        )


_MISSING: Final = re.compile(r"missing required field `(\w+)`")
_PATH: Final = re.compile(r"(?<= - at `)\$[\w.\[\]]*(?=`$)")
_decoder: Final = msgspec.json.Decoder(Recording)


def decode_recording(document: bytes | str) -> Recording:
    """Read a recording from JSON.

    Parameters
    ----------
    document
        The JSON, at most `MAX_DOCUMENT_BYTES` long.

    Returns
    -------
    Recording
        Sorted by time.

    Raises
    ------
    backchannel.errors.Problem
        ``ih4003`` if the document is too large, ``ih4005`` if it is invalid. The message names the field.

    See Also
    --------
    encode_recording : The inverse.

    Examples
    --------
    >>> text = '{"source": "talk.mp4", "analyzed_at": "2026-01-01T00:00:00Z", "duration": 10, "signals": [],'
    >>> recording = decode_recording(text + ' "engagement": [{"start": 0, "end": 10, "state": "engaged"}]}')
    >>> recording.engagement[0].state
    'engaged'
    """
    if len(document) > MAX_DOCUMENT_BYTES:
        raise Problem(
            "ih4003",
            f"The recording has {len(document)} bytes. The limit is {MAX_DOCUMENT_BYTES} bytes. "
            "Save a shorter recording.",
        )
    try:
        return _decoder.decode(document).in_order()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("ih4005", f"The recording is invalid{_invalid_field(error)}.") from None


def encode_recording(recording: Recording) -> bytes:
    """Return a recording as JSON.

    See Also
    --------
    decode_recording : The inverse.
    """
    return msgspec.json.encode(recording)


def _invalid_field(error: Exception) -> str:
    # The message contains only our own field names and indices, never a value of the sender.
    missing = _MISSING.search(str(error))
    path = ".".join(filter(None, (_PATH.search(str(error)) or [""])[0].strip("$`.").split(".")))
    if missing:
        return f": `{'.'.join(filter(None, (path, missing[1])))}` is missing"
    return f": `{path}` has an invalid value" if path else ""
