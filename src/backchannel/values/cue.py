"""A cue: a visible or audible event with its measurements."""

from dataclasses import dataclass

from backchannel.values.clock import Span
from backchannel.values.names import Modality


@dataclass(frozen=True, slots=True)
class Cue:
    """A visible or audible event with its time and its measurements.

    Attributes
    ----------
    name
        A row of the cue table, for example ``nod``.
    span
        Session time, s.
    value, unit
        The main measurement, for example 9.0 ``deg``.
    baseline
        The person's baseline in the same unit, or None if the cue has none.
    certainty
        0..1.
    measures
        Further measurements a rationale may quote, as (name, value, unit), for example
        ``("rate", 2.1, "Hz")`` or ``("cycles", 3.0, "")``.
    direction
        For cues that have one: ``left``, ``right``, ``up``, ``down`` (the subject's own sides).
    quote
        For cues of the modality ``text``: the words as they were heard; empty if there are too many to quote.
    """

    name: str
    modality: Modality
    span: Span
    value: float
    unit: str
    baseline: float | None
    certainty: float
    measures: tuple[tuple[str, float, str], ...] = ()
    direction: str = ""
    quote: str = ""
