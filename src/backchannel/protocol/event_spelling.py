"""How what goes on is spelled as events: one message for each change that the client wants to hear of."""

from collections.abc import Iterator, Sequence

from msgspec import UNSET

from backchannel.model import Cue, Progress, SegmentResult, Signal, Span
from backchannel.protocol.event_messages import (
    CoverageDegraded,
    CoverageDropped,
    CueDetected,
    Data,
    EngagementUpdated,
    QualityUpdated,
    RangeBody,
    SignalDetected,
    SignalEnded,
    SignalUpdated,
)
from backchannel.protocol.include import Include
from backchannel.protocol.results import TimelineBody, quality_body, seconds, signal_bodies
from backchannel.signals.activity import (
    Change,
    CueFound,
    Detected,
    Ended,
    EngagementChanged,
    Updated,
    WindowClosed,
)


def spell_changes(changes: Sequence[Change], include: Include, *, modality: bool) -> Iterator[Data]:
    """Spell changes in their order.

    Parameters
    ----------
    include
        What the client asked for: quality, and evidence with its cues.
    modality
        Whether signals name the modalities they rest on, as on v1.
    """
    for change in changes:
        match change:
            case Detected(signal):
                yield _signal(signal, SignalDetected, include, modality=modality)
            case Updated(signal):
                yield _signal(signal, SignalUpdated, include, modality=modality)
            case Ended(name, end_s):
                yield SignalEnded(name, seconds(end_s))
            case EngagementChanged(state, start_s):
                yield EngagementUpdated(state, seconds(start_s))
            case CueFound(cue) if include.evidence:
                yield _cue(cue)
            case WindowClosed(result) if include.quality_overall or include.quality_timeline:
                yield _quality(result, include)


def spell_coverage(progress: Progress) -> Iterator[Data]:
    """Spell what could not be analysed, or not whole."""
    if progress.dropped:
        yield CoverageDropped(tuple(map(spell_range, progress.dropped)))
    if progress.degraded:
        yield CoverageDegraded(tuple(map(spell_range, progress.degraded)))


def spell_range(span: Span) -> RangeBody:
    """Spell a stretch of session time."""
    return RangeBody(seconds(span.start_s), seconds(span.end_s))


def _signal(
    signal: Signal, kind: type[SignalDetected], include: Include, *, modality: bool
) -> SignalDetected:
    (body,) = signal_bodies([signal], include, modality=modality)
    return kind(
        signal_type=body.type,
        start=body.start,
        probability=body.probability,
        rationale=body.rationale,
        modality=body.modality,
        evidence=body.evidence,
    )


def _quality(result: SegmentResult, include: Include) -> QualityUpdated:
    start, end = seconds(result.span.start_s), seconds(result.span.end_s)
    return QualityUpdated(
        overall=quality_body(result.quality_overall) if include.quality_overall else UNSET,
        timeline=(TimelineBody(start, end, quality_body(result.quality)),)
        if include.quality_timeline
        else UNSET,
    )


def _cue(cue: Cue) -> CueDetected:
    return CueDetected(
        cue=cue.name,
        modality=cue.modality,
        start=seconds(cue.span.start_s),
        end=seconds(cue.span.end_s),
        value=float(cue.value),
        unit=cue.unit,
        baseline=None if cue.baseline is None else float(cue.baseline),
        certainty=float(cue.certainty),
        direction=cue.direction or UNSET,
    )
