"""Conversation quality from signals, engagement and the voice's liveliness, never from content."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from backchannel.signals.policy import judged_dimensions
from backchannel.signals.weights import quality_table
from backchannel.values import Cue, EngagementSpan, Policy, Quality, Signal, Span


@dataclass(frozen=True, slots=True)
class QualityState:
    """State of the cumulative quality: the sum of seconds × score for each dimension, and the seconds."""

    weighed: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    duration_s: float = 0.0


def judge(
    segment: Span,
    signals: Sequence[Signal],
    engagement: Sequence[EngagementSpan],
    cues: Sequence[Cue],
    policy: Policy = "full",
) -> Quality:
    """Quality of one segment: each dimension is ``50 + 50·tanh(Σ weight · share)``.

    A dimension that needs a signal that the policy leaves out is not judged: it is 50.
    """
    judged = judged_dimensions(policy)
    shares = _shares(segment, signals, engagement, cues)
    scores = {
        dimension: 50
        + 50 * math.tanh(sum(weight * shares.get(name, 0.0) for name, weight in weights.items()))
        if dimension in judged
        else 50.0
        for dimension, weights in quality_table().items()
    }
    return Quality(**scores)


def _shares(
    segment: Span, signals: Sequence[Signal], engagement: Sequence[EngagementSpan], cues: Sequence[Cue]
) -> Mapping[str, float]:
    shares: dict[str, float] = {}
    if segment.duration_s <= 0:
        return shares

    def add(name: str, span: Span, factor: float) -> None:
        share = factor * span.overlap_s(segment) / segment.duration_s
        shares[name] = min(1.0, shares.get(name, 0.0) + share)

    for signal in signals:
        add(signal.type, signal.span, signal.score)
        if signal.type == "confusion" and signal.span.end_s < segment.end_s - 0.5:
            add("confusion_resolved", signal.span, signal.score)
    for piece in engagement:
        add(piece.state, piece.span, 1.0)
    for cue in cues:
        if cue.name in ("smile", "pitch_lively", "pitch_flat"):
            add(cue.name, cue.span, cue.certainty)
    return shares


def accumulate(state: QualityState, segment: Span, quality: Quality) -> tuple[QualityState, Quality]:
    """Add a segment to the cumulative quality, weighted by its duration."""
    values = tuple(getattr(quality, field.name) for field in fields(Quality))
    weighed = tuple(
        before + value * segment.duration_s for before, value in zip(state.weighed, values, strict=True)
    )
    total_s = state.duration_s + segment.duration_s
    overall = Quality(*(value / total_s for value in weighed)) if total_s > 0 else quality
    return QualityState(weighed, total_s), overall
