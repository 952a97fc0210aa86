"""Reads `weights.toml`: how much each cue counts for or against each signal, and for quality."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, get_args

from backchannel.values import SignalType


@dataclass(frozen=True, slots=True)
class SignalWeights:
    """One signal's row.

    Attributes
    ----------
    prior
        Log-odds with no evidence at all.
    primary, supporting, against
        Log-odds a reading adds (or, for `against`, takes away) at full strength and certainty.
    definitive
        Primary readings that may carry the signal to "high" from one modality alone.
    source
        Where the pairing of cues and signal comes from.
    """

    prior: float
    primary: Mapping[str, float]
    supporting: Mapping[str, float]
    against: Mapping[str, float]
    definitive: frozenset[str]
    source: str


@dataclass(frozen=True, slots=True)
class Strength:
    """How a cue's size becomes a strength: one half at `half`, one at `full`, straight in between."""

    by: str
    half: float
    full: float

    def of(self, size: float) -> float:
        """Strength of a size, 0.25..1."""
        return min(1.0, max(0.25, 0.5 + 0.5 * (size - self.half) / (self.full - self.half)))


@cache
def _document() -> dict[str, Any]:
    text = resources.files("backchannel.signals").joinpath("weights.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def signal_table() -> Mapping[SignalType, SignalWeights]:
    """Every signal by name, in alphabetical order."""
    document = _document()
    return MappingProxyType({name: _signal_row(document[name]) for name in get_args(SignalType)})


def calibrated(row: SignalWeights, prior: float | None) -> SignalWeights:
    """Return a row with a calibrated prior; the row itself if there is none."""
    return row if prior is None else replace(row, prior=prior)


def _signal_row(row: dict[str, Any]) -> SignalWeights:
    return SignalWeights(
        prior=float(row["prior"]),
        primary=MappingProxyType(dict(row["primary"])),
        supporting=MappingProxyType(dict(row["supporting"])),
        against=MappingProxyType(dict(row["against"])),
        definitive=frozenset(row["definitive"]),
        source=str(row["source"]),
    )


@cache
def strength_table() -> Mapping[str, Strength]:
    """How strong each cue is, by cue name."""
    return MappingProxyType({name: Strength(**row) for name, row in _document()["strength"].items()})


@cache
def quality_table() -> Mapping[str, Mapping[str, float]]:
    """Weights of each quality dimension."""
    return MappingProxyType(
        {name: MappingProxyType(dict(row)) for name, row in _document()["quality"].items()}
    )
