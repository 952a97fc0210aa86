"""Cues, labels and evaluated clips made by hand."""

from backchannel.explain.labels import LabelledCue, LabelledSpan, Labels
from backchannel.explain.run import EvaluatedClip
from backchannel.explain.score import score_clip
from backchannel.values import (
    Coverage,
    Cue,
    EngagementSpan,
    Modality,
    Quality,
    SegmentResult,
    Signal,
    SignalType,
    Span,
)

EVEN = Quality(50, 50, 50, 50, 50)


def cue(name: str, start_s: float, end_s: float) -> Cue:
    modality: Modality = "audio" if name in ("speaking", "long_pause", "filled_pause") else "visual"
    return Cue(name, modality, Span(start_s, end_s), 9.0, "deg", 1.0, 0.8, (("rate", 2.1, "Hz"),), "left")


def label(name: str, start_s: float, end_s: float, certainty: str = "high") -> LabelledCue:
    return LabelledCue(start_s, end_s, cue=name, certainty=certainty)  # type: ignore[arg-type]


def spans(*pairs: tuple[float, float]) -> tuple[LabelledSpan, ...]:
    return tuple(LabelledSpan(*pair) for pair in pairs)


def result(*signals: SignalType, duration_s: float = 10.0, sound: bool = True) -> SegmentResult:
    span = Span(0.0, duration_s)
    found = tuple(
        Signal(name, Span(1.0, 2.0), "medium", "Nodded & <smiled>.", ("visual",), 0.6, ()) for name in signals
    )
    coverage = Coverage(picture=True, sound=sound, face_share=1.0, speech_share=0.5)
    return SegmentResult(span, (), found, (EngagementSpan(span, "engaged"),), EVEN, EVEN, coverage)


def evaluated(name: str, labels: Labels, cues: tuple[Cue, ...], *signals: SignalType) -> EvaluatedClip:
    results = (result(*signals),)
    score = score_clip(name, results, cues, labels)
    missed = {
        (cue_name, one.span): "Nearly <found>."
        for cue_name, match in score.cues.items()
        for one in match.missed
    }
    return EvaluatedClip(labels, results, cues, score, missed)
