"""Signals with their evidence, engagement and conversation quality."""

from dataclasses import dataclass, fields
from typing import Final

from backchannel.values.clock import Span
from backchannel.values.names import EngagementLevel, Modality, Probability, SignalType


@dataclass(frozen=True, slots=True)
class Evidence:
    """One measured number behind a signal. Every number in a rationale is one of these, rounded.

    Attributes
    ----------
    cue
        Name of the cue.
    measure
        Name of a further measure of the cue, for example ``rate``; empty for the cue's own value.
    modality, span, direction
        Those of the cue.
    value, unit, baseline
        The measurement, and the person's baseline in the same unit; None where there is none.
    weight
        What the cue added to the log-odds; 0 for further measures, which add nothing of their own.
    text
        For the modality ``text``: the words as they were heard (`Cue.quote`).
    """

    cue: str
    measure: str
    modality: Modality
    span: Span
    value: float
    unit: str
    baseline: float | None
    weight: float
    direction: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """An interpretation of cues, inside one segment."""

    type: SignalType
    span: Span
    probability: Probability
    rationale: str
    modalities: tuple[Modality, ...]
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class EngagementSpan:
    """A stretch in one engagement state."""

    span: Span
    state: EngagementLevel


@dataclass(frozen=True, slots=True)
class Quality:
    """Conversation quality, each 0..100; 50 means no evidence either way."""

    clarity: float
    authority: float
    energy: float
    rapport: float
    learning: float

    @property
    def quality_index(self) -> float:
        """Mean of the five dimensions, not rounded."""
        return (self.clarity + self.authority + self.energy + self.rapport + self.learning) / 5


DIMENSIONS: Final = tuple(dimension.name for dimension in fields(Quality))
"""Names of the dimensions of conversation quality, in the order of the wire."""
SCORES: Final = ("quality_index", *DIMENSIONS)
"""The dimensions, with their mean before them."""
