"""Stories made by hand."""

from typing import Any

from backchannel.summary.story import Story
from backchannel.values import Coverage, Cue, Evidence, Modality, Probability, Signal, SignalType, Span

ALL = Coverage(picture=True, sound=True, face_share=1.0, speech_share=0.5)
VISUAL = {"smile", "nod", "shake", "facing", "gaze_away", "brow_furrow"}


def cue(name: str, start_s: float, end_s: float, value: float = 1.0, **more: Any) -> Cue:
    modality: Modality = "visual" if name in VISUAL else "audio"
    fields: dict[str, Any] = {"unit": "s", "baseline": None, "certainty": 0.9} | more
    return Cue(name, modality, Span(start_s, end_s), value, **fields)


def signal(
    name: SignalType, start_s: float, probability: Probability = "medium", weight: float = 1.0
) -> Signal:
    span = Span(start_s, start_s + 2.0)
    evidence = Evidence("nod", "", "visual", span, 9.0, "deg", None, weight)
    score = {"low": 0.4, "medium": 0.6, "high": 0.8}[probability]
    return Signal(name, span, probability, f"Nodded for {name} (9 deg).", ("visual",), score, (evidence,))


def story(*found: Cue | Signal, duration_s: float = 60.0, coverage: Coverage = ALL, **more: Any) -> Story:
    return Story(
        duration_s,
        tuple(one for one in found if isinstance(one, Cue)),
        tuple(one for one in found if isinstance(one, Signal)),
        coverage,
        **more,
    )
