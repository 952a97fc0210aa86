"""Hand-made results to encode."""

from backchannel.values import EngagementSpan, Evidence, Quality, SegmentResult, Signal, Span


def segment_result(start_s: float = 5.0, end_s: float = 10.0) -> SegmentResult:
    middle_s = start_s + 1.004
    return SegmentResult(
        span=Span(start_s, end_s),
        cues=(),
        signals=(
            Signal(
                type="confidence",
                span=Span(middle_s, end_s),
                probability="medium",
                rationale="Steady voice.",
                modalities=("audio",),
                score=0.5,
                evidence=(),
            ),
            Signal(
                type="agreement",
                span=Span(start_s, middle_s),
                probability="high",
                rationale="Nodded 3 times.",
                modalities=("visual",),
                score=0.9,
                evidence=(
                    Evidence("nod", "cycles", "visual", Span(start_s, middle_s), 3.0, "", None, 0.8),
                    Evidence("nod", "", "visual", Span(start_s, middle_s), 9.25, "deg", 1.5, 0.8),
                ),
            ),
        ),
        engagement=(
            EngagementSpan(Span(start_s, middle_s), "neutral"),
            EngagementSpan(Span(middle_s, end_s), "engaged"),
        ),
        quality=Quality(50.4, 50.4, 50.4, 50.4, 52.4),
        quality_overall=Quality(67, 68, 80, 75, 70),
    )
