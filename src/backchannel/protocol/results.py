"""How an analysis is spelled in JSON. The same sections appear in streams and in uploads."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
from msgspec import UNSET, UnsetType

from backchannel.protocol.include import Include
from backchannel.values import (
    Coverage,
    EngagementLevel,
    EngagementSpan,
    Evidence,
    Modality,
    Probability,
    Quality,
    SegmentResult,
    Signal,
    SignalType,
    Span,
)

SEAM_S = 0.05
"""Signals on both sides of a seam that are no further apart are one."""
NEUTRAL_QUALITY = Quality(50.0, 50.0, 50.0, 50.0, 50.0)
"""No evidence either way: the answer before anything was analysed."""


class EvidenceBody(msgspec.Struct, frozen=True):
    """A number that a signal rests on; times in session seconds."""

    cue: str
    modality: Modality
    start: float
    end: float
    value: float
    unit: str
    baseline: float | None
    weight: float
    direction: str | UnsetType = UNSET


class SignalBody(msgspec.Struct, frozen=True):
    """A signal; times in session seconds. Fields in the published order."""

    type: SignalType
    start: float
    end: float
    probability: Probability
    rationale: str
    modality: tuple[Modality, ...] | UnsetType = UNSET
    evidence: tuple[EvidenceBody, ...] | UnsetType = UNSET


class EngagementBody(msgspec.Struct, frozen=True):
    """A stretch in one engagement state; times in session seconds."""

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
    """One segment's quality; times in session seconds."""

    start: float
    end: float
    values: QualityBody


class ConversationQualityBody(msgspec.Struct, frozen=True):
    """The two halves of conversation quality, each only when asked for."""

    overall: QualityBody | UnsetType = UNSET
    timeline: tuple[TimelineBody, ...] | UnsetType = UNSET


class CoverageBody(msgspec.Struct, frozen=True):
    """What there was to measure from. Ours; other clients ignore it."""

    picture: bool
    sound: bool
    face_share: float | None
    speech_share: float | None
    analysis_rate_hz: float | None
    notes: tuple[str, ...]


class AnalysisBody(msgspec.Struct, frozen=True):
    """The answer to an upload."""

    signals: tuple[SignalBody, ...]
    engagement_state: tuple[EngagementBody, ...]
    conversation_quality: ConversationQualityBody | UnsetType = UNSET
    coverage: CoverageBody | UnsetType = UNSET


def seconds(time_s: float) -> float:
    """Round to hundredths; whole seconds become integers, as the published examples show them."""
    rounded = round(float(time_s), 2)
    return int(rounded) if rounded.is_integer() else rounded


def signal_bodies(
    signals: Sequence[Signal], include: Include, *, modality: bool = False
) -> tuple[SignalBody, ...]:
    """Spell signals, sorted by start; with their modalities (v1) and evidence where asked."""
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


def engagement_bodies(engagement: Sequence[EngagementSpan]) -> tuple[EngagementBody, ...]:
    """Spell engagement; neighbours share a boundary before rounding, so they share it after."""
    return tuple(
        EngagementBody(seconds(part.span.start_s), seconds(part.span.end_s), part.state)
        for part in engagement
    )


def quality_body(quality: Quality) -> QualityBody:
    """Spell quality; the index is rounded only after the mean."""
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
    """Spell the halves that were asked for; UNSET, which is left out, when none was."""
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
    """Spell the answer to an upload from the results of its segments, in order."""
    quality: ConversationQualityBody | UnsetType = UNSET
    if results and (include.quality_overall or include.quality_timeline):
        # Existing clients require `overall` wherever `conversation_quality` is.
        both = Include(quality_overall=True, quality_timeline=include.quality_timeline)
        quality = conversation_quality(
            results[-1].quality_overall, [(result.span, result.quality) for result in results], both
        )
    return AnalysisBody(
        signals=signal_bodies(whole_signals(results), include, modality=True),
        engagement_state=_joined(
            engagement_bodies([part for result in results for part in result.engagement])
        ),
        conversation_quality=quality,
        coverage=coverage_body(results),
    )


def coverage_body(results: Sequence[SegmentResult]) -> CoverageBody:
    """Spell what a whole medium could be measured from, its segments weighed by their length."""
    coverages = [(result.coverage, result.span.duration_s) for result in results]
    whole = Coverage(
        picture=any(coverage.picture for coverage, _ in coverages),
        sound=any(coverage.sound for coverage, _ in coverages),
        face_share=_mean([(coverage.face_share, length_s) for coverage, length_s in coverages]),
        speech_share=_mean([(coverage.speech_share, length_s) for coverage, length_s in coverages]),
        frozen=bool(coverages) and all(coverage.frozen for coverage, _ in coverages),
        analysis_rate_hz=min(
            (rate_hz for coverage, _ in coverages if (rate_hz := coverage.analysis_rate_hz) is not None),
            default=None,
        ),
    )
    return CoverageBody(
        whole.picture,
        whole.sound,
        whole.face_share,
        whole.speech_share,
        whole.analysis_rate_hz,
        whole.notes,
    )


def _mean(shares: Sequence[tuple[float | None, float]]) -> float | None:
    known = [(share, length_s) for share, length_s in shares if share is not None and length_s > 0]
    if not known:
        return None
    return round(
        sum(share * length_s for share, length_s in known) / sum(length_s for _, length_s in known), 3
    )


def whole_signals(results: Sequence[SegmentResult]) -> list[Signal]:
    """Join signals that only a seam between segments has kept apart; the later one knows all the evidence."""
    joined: list[Signal] = []
    for result in results:
        for signal in result.signals:
            before = next((told for told in joined if _continues(told, signal, result.span)), None)
            if before is None:
                joined.append(signal)
            else:
                joined[joined.index(before)] = replace(
                    signal, span=Span(before.span.start_s, signal.span.end_s)
                )
    return joined


def _continues(before: Signal, after: Signal, segment: Span) -> bool:
    at_seam = abs(after.span.start_s - segment.start_s) <= SEAM_S
    return before.type == after.type and at_seam and abs(before.span.end_s - after.span.start_s) <= SEAM_S


def _joined(parts: Sequence[EngagementBody]) -> tuple[EngagementBody, ...]:
    """Join neighbours in the same state, which only the seam between two segments has kept apart."""
    joined: list[EngagementBody] = []
    for part in parts:
        if joined and joined[-1].state == part.state and joined[-1].end == part.start:
            joined[-1] = EngagementBody(joined[-1].start, part.end, part.state)
        else:
            joined.append(part)
    return tuple(joined)


def _evidence(evidence: Evidence) -> EvidenceBody:
    return EvidenceBody(
        cue=evidence.cue,
        modality=evidence.modality,
        start=seconds(evidence.span.start_s),
        end=seconds(evidence.span.end_s),
        value=float(evidence.value),
        unit=evidence.unit,
        baseline=None if evidence.baseline is None else float(evidence.baseline),
        weight=float(evidence.weight),
        direction=evidence.direction or UNSET,
    )
