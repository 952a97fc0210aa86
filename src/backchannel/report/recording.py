"""What a report is made of: everything that was told about one recording, and nothing that was not.

A `Recording` comes from the results of an analysis (`gather.recording_of`) or, as JSON, from whoever listened
to a v2 stream: the live console collects events and posts this document. Its parts are spelled as the events
are, so most of them can be kept as they come::

    {
      "source": "Live conversation",                # what the report is called; a file's name
      "recorded_at": "2026-11-22T21:16:50+01:00",   # when it began, with the offset; null where not known
      "analyzed_at": "2026-11-22T21:18:02+01:00",   # when the analysis was finished
      "duration": 72.4,                             # seconds, as all times
      "signals": [                                  # signal.detected, as last updated; `type` is its
        {"type": "agreement", "start": 4.1,         # `signal_type`, `end` comes from signal.ended (or, for
         "end": 6.0, "probability": "high",         # one that still goes on, is the duration)
         "rationale": "Nodded ...", "evidence": [   # `evidence` as it comes with include `evidence`
           {"cue": "nod", "modality": "visual", "start": 4.1, "end": 6.0, "value": 9.0, "unit": "deg",
            "baseline": null, "weight": 1.9}]}],
      "cues": [                                     # cue.detected, as it comes; `measures` may be added:
        {"cue": "nod", "modality": "visual",        # [["rate", 2.1, "Hz"]]
         "start": 4.1, "end": 6.0, "value": 9.0, "unit": "deg", "baseline": null, "certainty": 0.9}],
      "engagement": [                               # one for each engagement.updated; `end` is the next
        {"start": 0, "end": 72.4, "state": "engaged"}],     # one's start, or the duration
      "quality": {"overall": {...},                 # conversation_quality.updated: the last `overall`,
                  "timeline": [...]},               # or null, and every entry of `timeline`
      "coverage": {
        "picture": true, "sound": true,             # whether there was any; null where not known
        "face_share": null, "speech_share": null,   # 0..1; null where not known
        "analysis_rate_hz": 15.0,                   # the least pictures a second; null where not known
        "frozen": false,                            # the picture never changed
        "dropped": [{"start": 9, "end": 9.8}],      # coverage.dropped: `ranges`, all of them
        "degraded": []},                            # coverage.degraded: `ranges`, all of them
      "engine": "backchannel-1"                     # session.ready: `engine`
    }

`source`, `analyzed_at`, `duration`, `signals` and `engagement` are asked for; the rest may be left out.
Fields that are not named here are passed over. Numbers and texts have bounds, because the document comes
from outside; texts are only ever shown escaped.
"""

import re
from datetime import datetime
from typing import Annotated, Final, Literal, Self

import msgspec
from msgspec import Meta

from backchannel import __version__
from backchannel.errors import Problem
from backchannel.protocol.products import ENGINE
from backchannel.values import EngagementLevel, Modality, Probability, SignalType, Span

MAX_DOCUMENT_BYTES: Final = 8 * 1024 * 1024
"""Largest document that is read: an hour of dense cues is a quarter of it (judgement)."""
MAX_DURATION_S: Final = 86_400.0

Time = Annotated[float, Meta(ge=0.0, le=MAX_DURATION_S)]
Measure = Annotated[float, Meta(ge=-1e9, le=1e9)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Rate = Annotated[float, Meta(ge=0.0, le=1000.0)]
Score = Annotated[int, Meta(ge=0, le=100)]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]
Unit = Annotated[str, Meta(max_length=24)]
Title = Annotated[str, Meta(min_length=1, max_length=300)]
Prose = Annotated[str, Meta(max_length=4000)]
Release = Annotated[str, Meta(max_length=64)]
Moment = Annotated[datetime, Meta(tz=True)]
Direction = Literal["", "left", "right", "up", "down"]


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the recording, s from its beginning."""

    start: Time
    end: Time

    def __post_init__(self) -> None:
        """Refuse what ends before it begins."""
        if self.end < self.start:
            raise ValueError("it ends before it begins")

    @property
    def span(self) -> Span:
        """The same as a span."""
        return Span(self.start, self.end)


class EvidenceEntry(Stretch, frozen=True, kw_only=True):
    """A number that a signal rests on; `weight` is what it adds to the log-odds."""

    cue: Name
    modality: Modality
    value: Measure
    unit: Unit
    baseline: Measure | None
    weight: Measure
    direction: Direction = ""


class SignalEntry(Stretch, frozen=True, kw_only=True):
    """A signal and why it was reported."""

    type: SignalType
    probability: Probability
    rationale: Prose
    evidence: Annotated[tuple[EvidenceEntry, ...], Meta(max_length=100)] = ()


class CueEntry(Stretch, frozen=True, kw_only=True):
    """A cue and what was measured of it; `measures` are (name, value, unit)."""

    cue: Name
    modality: Modality
    value: Measure
    unit: Unit
    baseline: Measure | None
    certainty: Share
    direction: Direction = ""
    measures: Annotated[tuple[tuple[Name, Measure, Unit], ...], Meta(max_length=32)] = ()


class EngagementEntry(Stretch, frozen=True, kw_only=True):
    """A stretch in one state of engagement."""

    state: EngagementLevel


class QualityScores(msgspec.Struct, frozen=True, kw_only=True):
    """Conversation quality, 0..100; 50 means no evidence either way."""

    quality_index: Score
    clarity: Score
    authority: Score
    energy: Score
    rapport: Score
    learning: Score


class QualityEntry(Stretch, frozen=True, kw_only=True):
    """The quality of one window."""

    values: QualityScores


class QualityCourse(msgspec.Struct, frozen=True, kw_only=True):
    """Quality over the whole recording, and window by window."""

    overall: QualityScores | None = None
    timeline: Annotated[tuple[QualityEntry, ...], Meta(max_length=5_000)] = ()


class CoverageEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What there was to measure from.

    Attributes
    ----------
    picture, sound
        There was some; None where not known.
    face_share, speech_share
        Share of the analysed pictures with a face, and of the time with speech; None where not known.
    analysis_rate_hz
        Pictures a second that were looked at, where it was least; None where not known.
    frozen
        The picture never changed, so nothing was measured in it.
    dropped, degraded
        Stretches that were never analysed, and those that were analysed without a picture.
    """

    picture: bool | None = None
    sound: bool | None = None
    face_share: Share | None = None
    speech_share: Share | None = None
    analysis_rate_hz: Rate | None = None
    frozen: bool = False
    dropped: Annotated[tuple[Stretch, ...], Meta(max_length=5_000)] = ()
    degraded: Annotated[tuple[Stretch, ...], Meta(max_length=5_000)] = ()


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was told about one recording.

    Attributes
    ----------
    source
        What it is called: a file's name, without its folder.
    recorded_at
        When it began, with a time zone; None where not known.
    analyzed_at
        When the analysis was finished, with a time zone.
    duration
        Length, s.
    engine, version
        What analysed it.
    """

    source: Title
    analyzed_at: Moment
    duration: Time
    signals: Annotated[tuple[SignalEntry, ...], Meta(max_length=5_000)]
    engagement: Annotated[tuple[EngagementEntry, ...], Meta(max_length=10_000)]
    recorded_at: Moment | None = None
    cues: Annotated[tuple[CueEntry, ...], Meta(max_length=20_000)] = ()
    quality: QualityCourse = QualityCourse()
    coverage: CoverageEntry = CoverageEntry()
    engine: Release = ENGINE
    version: Release = __version__

    def in_order(self) -> Self:
        """Return the same with everything sorted by time."""
        return msgspec.structs.replace(
            self,
            signals=tuple(sorted(self.signals, key=lambda one: (one.start, one.end, one.type))),
            cues=tuple(sorted(self.cues, key=lambda one: (one.start, one.end, one.cue))),
            engagement=tuple(sorted(self.engagement, key=lambda one: one.start)),
            quality=msgspec.structs.replace(
                self.quality, timeline=tuple(sorted(self.quality.timeline, key=lambda one: one.start))
            ),
        )


_MISSING: Final = re.compile(r"missing required field `(\w+)`")
_PATH: Final = re.compile(r"(?<= - at `)\$[\w.\[\]]*(?=`$)")
_decoder: Final = msgspec.json.Decoder(Recording)


def decode_recording(document: bytes | str) -> Recording:
    """Read a recording from JSON.

    Raises
    ------
    backchannel.errors.Problem
        ``ih4003`` when it is too large, ``ih4005`` when it is none; the message says where.
    """
    if len(document) > MAX_DOCUMENT_BYTES:
        raise Problem(
            "ih4003",
            f"The recording is {len(document)} bytes; a report is made of {MAX_DOCUMENT_BYTES} at most.",
        )
    try:
        return _decoder.decode(document).in_order()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("ih4005", f"The recording cannot be read{_place(error)}.") from None


def encode_recording(recording: Recording) -> bytes:
    """Spell a recording as JSON, as `decode_recording` reads it."""
    return msgspec.json.encode(recording)


def _place(error: Exception) -> str:
    # Only names of ours and indices are said; what was found in their place is the sender's.
    missing = _MISSING.search(str(error))
    path = ".".join(filter(None, (_PATH.search(str(error)) or [""])[0].strip("$`.").split(".")))
    if missing:
        return f": `{'.'.join(filter(None, (path, missing[1])))}` is missing"
    return f": `{path}` cannot be used" if path else ""
