"""Read the table of guidance."""

import tomllib
from functools import cache
from importlib import resources
from typing import Final, Literal

import msgspec

from backchannel.values import Probability, SignalType

Dimension = Literal["clarity", "authority", "energy", "rapport", "learning"]
"""A dimension of conversation quality that guidance can serve."""
RANKS: Final = {"low": 0, "medium": 1, "high": 2}


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When to advise what.

    Attributes
    ----------
    name
        Its name in the table.
    advice
        The beginning of the sentence, without its evidence.
    dimensions
        The goals that it serves.
    source
        Why the advice follows from the evidence.
    signals, least
        Signals that call for it, from this probability on.
    cues
        Cues that call for it.
    """

    name: str
    advice: str
    dimensions: frozenset[Dimension]
    source: str
    signals: frozenset[SignalType] = frozenset()
    least: Probability = "low"
    cues: frozenset[str] = frozenset()


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: tuple[Rule, ...]


@cache
def guidance_rules() -> tuple[Rule, ...]:
    """Return every rule, the most urgent first."""
    text = resources.files("backchannel.guidance").joinpath("rules.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Table).rules
