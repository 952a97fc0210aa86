"""The names that values use: modalities, signals, probabilities, engagement levels and policies."""

from typing import Literal

Modality = Literal["visual", "audio", "text"]
SignalType = Literal[
    "agreement",
    "confidence",
    "confusion",
    "disagreement",
    "frustration",
    "hesitation",
    "interest",
    "skepticism",
    "stress",
    "uncertainty",
]
Probability = Literal["low", "medium", "high"]
EngagementLevel = Literal["engaged", "neutral", "disengaged"]
Policy = Literal["full", "behaviour"]
"""What may be reported: everything, or only behaviour. `signals.policy` says what that leaves out."""
