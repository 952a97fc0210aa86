"""Results of an analysis as JSON. Streams and uploads share these sections."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from backchannel.constants import MIN_GAP_S
from backchannel.protocol.file_cues import CueBody, file_cues
from backchannel.protocol.include import Include
from backchannel.signals.merge import merge_signals
from backchannel.values import (
    Coverage,
    EngagementLevel,
    EngagementSpan,
    Evidence,
    Modality,
    Policy,
    Probability,
    Quality,
    SegmentResult,
    Signal,
    SignalType,
    Span,
)

NEUTRAL_QUALITY = Quality(50.0, 50.0, 50.0, 50.0, 50.0)
"""No evidence either way: the quality before any analysis."""


class EvidenceBody(msgspec.Struct, frozen=True):
    """A measurement that a signal is based on. Times in session seconds.

    `measure` says which of the cue's measures it is, for example ``rate``; empty for the cue's own value.
    `text` has the words that were heard, if the cue is in words.
    """

    cue: str
    measure: str
    modality: Modality
    start: float
    end: float
    value: float
    unit: str
    baseline: float | None
    weight: float
    direction: str | UnsetType = UNSET
    text: str | UnsetType = UNSET


class SignalBody(msgspec.Struct, frozen=True):
    """A signal. Times in session seconds. Fields in the published order."""

    type: SignalType
    start: float
    end: float
    probability: Probability
    rationale: str
    modality: tuple[Modality, ...] | UnsetType = UNSET
    evidence: tuple[EvidenceBody, ...] | UnsetType = UNSET


class EngagementBody(msgspec.Struct, frozen=True):
    """A span with one engagement state. Times in session seconds."""

    start: float
    end: float
    state: EngagementLevel


class QualityBody(msgspec.Struct, frozen=True):
    """Conversation quality in whole points, 0..100."""

    quality_index: int
    clarity: int
    authority: int
    energy: int
    rapport: int
    learning: int


class TimelineBody(msgspec.Struct, frozen=True):
    """The quality of one segment. Times in session seconds."""

    start: float
    end: float
    values: QualityBody


class ConversationQualityBody(msgspec.Struct, frozen=True):
    """The two parts of conversation quality, each only if the client asked for it."""

    overall: QualityBody | UnsetType = UNSET
    timeline: tuple[TimelineBody, ...] | UnsetType = UNSET


class PeriodBody(msgspec.Struct, frozen=True):
    """A stretch of session time, s."""

    start: float
    end: float


class CoverageBody(msgspec.Struct, frozen=True):
    """What the media offered to measure. Our own; other clients ignore it.

    The last fields are present only where there is something to say: stretches without a picture, other faces
    in view, several sound tracks, a file whose end is missing, and a policy that leaves something out.
    """

    picture: bool
    sound: bool
    face_share: float | None
    speech_share: float | None
    analysis_rate_hz: float | None
    notes: tuple[str, ...]
    policy: Policy | UnsetType = UNSET
    degraded: tuple[PeriodBody, ...] | UnsetType = UNSET
    company: bool | UnsetType = UNSET
    sound_tracks: int | UnsetType = UNSET
    truncated: bool | UnsetType = UNSET


class PhraseBody(msgspec.Struct, frozen=True):
    """Words that were said without a long pause. Times in session seconds; `language` as in ISO 639-1."""

    start: float
    end: float
    text: str
    confidence: float
    language: str


class AnalysisBody(msgspec.Struct, frozen=True):
    """The result of a v0 or v1 upload. `cues` are our own, and only there with the evidence."""

    signals: tuple[SignalBody, ...]
    engagement_state: tuple[EngagementBody, ...]
    conversation_quality: ConversationQualityBody | UnsetType = UNSET
    coverage: CoverageBody | UnsetType = UNSET
    cues: tuple[CueBody, ...] | UnsetType = UNSET
    transcript: tuple[PhraseBody, ...] | UnsetType = UNSET


def seconds(time_s: float) -> float:
    """Round to hundredths. Whole seconds become integers, as in the published examples.

    Examples
    --------
    >>> seconds(5.004), seconds(5.126)
    (5, 5.13)
    """
    rounded = round(float(time_s), 2)
    return int(rounded) if rounded.is_integer() else rounded


def signal_bodies(
    signals: Sequence[Signal], include: Include, *, modality: bool = False
) -> tuple[SignalBody, ...]:
    """Return signals as JSON, sorted by start.

    Parameters
    ----------
    signals
        Signals in any order.
    include
        The sections that the client asked for, among them evidence.
    modality
        Whether to list the modalities of each signal's evidence, as on v1.
    """
    return tuple(
        SignalBody(
            type=signal.type,
            start=seconds(signal.span.start_s),
            end=seconds(signal.span.end_s),
            probability=signal.probability,
            rationale=signal.rationale,
            modality=signal.modalities if modality else UNSET,
            evidence=tuple(map(_evidence, signal.evidence)) if include.evidence else UNSET,
        )
        for signal in sorted(signals, key=lambda signal: signal.span.start_s)
    )


def transcript_bodies(
    results: Sequence[SegmentResult], include: Include
) -> tuple[PhraseBody, ...] | UnsetType:
    """Return what was said as JSON, or UNSET, which leaves the field out, if the client did not ask."""
    if not include.transcript:
        return UNSET
    phrases = [phrase for result in results for phrase in result.transcript]
    return tuple(
        PhraseBody(
            start=seconds(phrase.span.start_s),
            end=seconds(phrase.span.end_s),
            text=phrase.text,
            confidence=round(phrase.confidence, 3),
            language=phrase.language,
        )
        for phrase in sorted(phrases, key=lambda phrase: phrase.span)
        if phrase.final and phrase.words
    )


def engagement_bodies(engagement: Sequence[EngagementSpan]) -> tuple[EngagementBody, ...]:
    """Return engagement as JSON. Neighbours share a boundary, also after rounding."""
    return tuple(
        EngagementBody(seconds(part.span.start_s), seconds(part.span.end_s), part.state)
        for part in engagement
    )


def quality_body(quality: Quality) -> QualityBody:
    """Return quality as JSON. The index is the mean of unrounded values, rounded once."""
    return QualityBody(
        quality_index=round(quality.quality_index),
        clarity=round(quality.clarity),
        authority=round(quality.authority),
        energy=round(quality.energy),
        rapport=round(quality.rapport),
        learning=round(quality.learning),
    )


def conversation_quality(
    overall: Quality, timeline: Sequence[tuple[Span, Quality]], include: Include
) -> ConversationQualityBody | UnsetType:
    """Return the parts that the client asked for, or UNSET, which leaves the field out."""
    if not (include.quality_overall or include.quality_timeline):
        return UNSET
    entries = tuple(
        TimelineBody(seconds(span.start_s), seconds(span.end_s), quality_body(quality))
        for span, quality in timeline
    )
    return ConversationQualityBody(
        overall=quality_body(overall) if include.quality_overall else UNSET,
        timeline=entries if include.quality_timeline else UNSET,
    )


def analysis_body(results: Sequence[SegmentResult], include: Include) -> AnalysisBody:
    """Return the result of an upload.

    Parameters
    ----------
    results
        The results of the file's windows, in order.
    include
        The sections that the client asked for.
    """
    quality: ConversationQualityBody | UnsetType = UNSET
    if results and (include.quality_overall or include.quality_timeline):
        # Existing clients require `overall` wherever `conversation_quality` is.
        both = Include(quality_overall=True, quality_timeline=include.quality_timeline)
        quality = conversation_quality(
            results[-1].quality_overall, [(result.span, result.quality) for result in results], both
        )
    return AnalysisBody(
        signals=signal_bodies(merge_signals(results), include, modality=True),
        engagement_state=engagement_of(results),
        conversation_quality=quality,
        coverage=coverage_body(results),
        cues=file_cues(results) if include.evidence else UNSET,
        transcript=transcript_bodies(results, include),
    )


def engagement_of(results: Sequence[SegmentResult]) -> tuple[EngagementBody, ...]:
    """Return the engagement of a whole file as JSON."""
    return _merge_engagement(engagement_bodies([part for result in results for part in result.engagement]))


def whole_coverage(coverages: Sequence[tuple[Coverage, float]]) -> Coverage:
    """Return the coverage of a whole conversation: the mean of its windows, weighted by duration, s."""
    return Coverage(
        picture=any(coverage.picture for coverage, _ in coverages),
        sound=any(coverage.sound for coverage, _ in coverages),
        face_share=_mean([(coverage.face_share, length_s) for coverage, length_s in coverages]),
        speech_share=_mean([(coverage.speech_share, length_s) for coverage, length_s in coverages]),
        frozen=bool(coverages) and all(coverage.frozen for coverage, _ in coverages),
        analysis_rate_hz=min(
            (rate_hz for coverage, _ in coverages if (rate_hz := coverage.analysis_rate_hz) is not None),
            default=None,
        ),
        policy="behaviour" if any(coverage.policy == "behaviour" for coverage, _ in coverages) else "full",
        without_picture=_joined([hole for coverage, _ in coverages for hole in coverage.without_picture]),
        company=any(coverage.company for coverage, _ in coverages),
        sound_tracks=max((coverage.sound_tracks for coverage, _ in coverages), default=1),
        truncated=any(coverage.truncated for coverage, _ in coverages),
        unlisted_language=next(
            (coverage.unlisted_language for coverage, _ in coverages if coverage.unlisted_language), ""
        ),
    )


def coverage_body(results: Sequence[SegmentResult]) -> CoverageBody:
    """Return the coverage of a whole file as JSON."""
    whole = whole_coverage([(result.coverage, result.span.duration_s) for result in results])
    return CoverageBody(
        whole.picture,
        whole.sound,
        whole.face_share,
        whole.speech_share,
        whole.analysis_rate_hz,
        whole.notes,
        degraded=tuple(
            PeriodBody(seconds(hole.start_s), seconds(hole.end_s)) for hole in whole.without_picture
        )
        or UNSET,
        company=whole.company or UNSET,
        sound_tracks=whole.sound_tracks if whole.sound_tracks > 1 else UNSET,
        truncated=whole.truncated or UNSET,
        policy=policy_body(whole.policy),
    )


def policy_body(policy: Policy) -> Policy | UnsetType:
    """Return a policy as JSON: absent if it leaves nothing out."""
    return UNSET if policy == "full" else policy


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Join stretches that overlap or touch."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start_s <= joined[-1].end_s + MIN_GAP_S:
            joined[-1] = Span(joined[-1].start_s, max(joined[-1].end_s, span.end_s))
        else:
            joined.append(span)
    return tuple(joined)


def _mean(shares: Sequence[tuple[float | None, float]]) -> float | None:
    known = [(share, length_s) for share, length_s in shares if share is not None and length_s > 0]
    if not known:
        return None
    return round(
        sum(share * length_s for share, length_s in known) / sum(length_s for _, length_s in known), 3
    )


def _merge_engagement(parts: Sequence[EngagementBody]) -> tuple[EngagementBody, ...]:
    """Merge adjacent parts with the same state."""
    merged: list[EngagementBody] = []
    for part in parts:
        if merged and merged[-1].state == part.state and merged[-1].end == part.start:
            merged[-1] = EngagementBody(merged[-1].start, part.end, part.state)
        else:
            merged.append(part)
    return tuple(merged)


def _evidence(evidence: Evidence) -> EvidenceBody:
    return EvidenceBody(
        cue=evidence.cue,
        measure=evidence.measure,
        modality=evidence.modality,
        start=seconds(evidence.span.start_s),
        end=seconds(evidence.span.end_s),
        value=float(evidence.value),
        unit=evidence.unit,
        baseline=None if evidence.baseline is None else float(evidence.baseline),
        weight=float(evidence.weight),
        direction=evidence.direction or UNSET,
        text=evidence.text or UNSET,
    )
