"""Reads `thresholds.toml`: every threshold of every cue, each with its source, in one table."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class CueThresholds:
    """One cue's row.

    Attributes
    ----------
    measured_as
        How the cue is measured, in words for the documentation.
    source
        Where the numbers come from, or "judgement".
    known_failure
        What it gets wrong, in words for the documentation.
    values
        The numbers, by name; units are in the names.
    """

    measured_as: str
    source: str
    known_failure: str
    values: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        return self.values[name]


@cache
def cue_table() -> Mapping[str, CueThresholds]:
    """Every cue by name, in the table's order."""
    text = resources.files("backchannel.cues").joinpath("thresholds.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: _row(row) for name, row in tomllib.loads(text).items()})


def _row(row: dict[str, str | float]) -> CueThresholds:
    words = {"measured_as", "source", "known_failure"}
    values = {name: float(value) for name, value in row.items() if name not in words}
    return CueThresholds(
        str(row["measured_as"]), str(row["source"]), str(row["known_failure"]), MappingProxyType(values)
    )
