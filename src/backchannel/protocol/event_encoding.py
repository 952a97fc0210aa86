"""Changes of a conversation as events: one message for each change that the client asked for."""

from collections.abc import Iterator, Sequence

from msgspec import UNSET

from backchannel.protocol.event_messages import (
    CoverageDegraded,
    CoverageDropped,
    CoverageMeasured,
    CueDetected,
    Data,
    EngagementUpdated,
    FaceBody,
    QualityUpdated,
    RangeBody,
    SignalDetected,
    SignalEnded,
    SignalUpdated,
    TranscriptUpdated,
)
from backchannel.protocol.include import Include
from backchannel.protocol.results import TimelineBody, quality_body, seconds, signal_bodies
from backchannel.updates import (
    Change,
    Changes,
    CueOver,
    EngagementChanged,
    FaceInView,
    SignalBegan,
    SignalChanged,
    SignalOver,
    View,
    WindowClosed,
)
from backchannel.values import Cue, SegmentResult, Signal, Span


def encode_changes(changes: Sequence[Change], include: Include, *, modality: bool) -> Iterator[Data]:
    """Yield the messages for some changes, in order.

    Parameters
    ----------
    changes
        What happened since the last messages.
    include
        The sections that the client asked for. Cues come with evidence.
    modality
        Whether signals list the modalities of their evidence, as on v1.
    """
    for change in changes:
        match change:
            case SignalBegan(signal=signal):
                yield _signal(signal, SignalDetected, include, modality=modality)
            case SignalChanged(signal=signal):
                yield _signal(signal, SignalUpdated, include, modality=modality)
            case SignalOver(type=name, end_s=end_s):
                yield SignalEnded(name, seconds(end_s))
            case EngagementChanged(state=state, start_s=start_s):
                yield EngagementUpdated(state, seconds(start_s))
            case CueOver(cue=cue) if include.evidence:
                yield _cue(cue)
            case WindowClosed(result=result) if include.quality_overall or include.quality_timeline:
                yield _quality(result, include)


def encode_coverage(changes: Changes, include: Include) -> Iterator[Data]:
    """Yield messages for dropped and degraded media, and for coverage if the client asked for evidence."""
    if changes.dropped:
        yield CoverageDropped(tuple(map(_range, changes.dropped)))
    if changes.degraded:
        yield CoverageDegraded(tuple(map(_range, changes.degraded)))
    if changes.view is not None and include.evidence:
        yield _view(changes.view)


def encode_transcript(changes: Changes, include: Include) -> Iterator[Data]:
    """Yield messages for what was said, if the client asked for the transcript."""
    for phrase in changes.phrases if include.transcript else ():
        yield TranscriptUpdated(
            start=seconds(phrase.span.start_s),
            end=seconds(phrase.span.end_s),
            text=phrase.text,
            confidence=round(phrase.confidence, 3),
            language=phrase.language,
            final=phrase.final,
        )


def _range(span: Span) -> RangeBody:
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


def _view(view: View) -> CoverageMeasured:
    return CoverageMeasured(
        start=seconds(view.span.start_s),
        end=seconds(view.span.end_s),
        picture=view.picture,
        sound=view.sound,
        face_share=_rounded(view.face_share, 2),
        brightness=_rounded(view.brightness, 3),
        level_dbfs=_rounded(view.level_dbfs, 1),
        face=None if view.face is None else _face(view.face),
        analysis_rate_hz=view.analysis_rate_hz,
        faces=view.faces,
    )


def _face(face: FaceInView) -> FaceBody:
    return FaceBody(
        left=round(face.left, 4),
        top=round(face.top, 4),
        width=round(face.width, 4),
        height=round(face.height, 4),
        gaze_yaw_deg=_rounded(face.gaze_yaw_deg, 1),
        gaze_pitch_deg=_rounded(face.gaze_pitch_deg, 1),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


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
        text=cue.quote or UNSET,
    )
