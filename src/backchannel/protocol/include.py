"""The optional sections a client asks for: `include[]`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

PARAMETERS: Final = ("include[]", "include")
"""The published spelling, and the plain one that some HTTP clients make of it."""


@dataclass(frozen=True, slots=True)
class Include:
    """What results hold beside signals and engagement.

    Attributes
    ----------
    quality_overall, quality_timeline
        The two halves of `conversation_quality`.
    evidence
        Our own: the numbers each signal rests on.
    """

    quality_overall: bool = False
    quality_timeline: bool = False
    evidence: bool = False


def parse_include(flags: Iterable[str]) -> Include:
    """Read the flags; those that nobody knows are ignored, as the contract says."""
    asked = set(flags)
    return Include(
        quality_overall="conversation_quality_overall" in asked,
        quality_timeline="conversation_quality_timeline" in asked,
        evidence="evidence" in asked,
    )


def include_of_query(query: str) -> Include:
    """Read `include[]` from a query string, percent-encoded (``include%5B%5D``) or not."""
    return parse_include(value for name, value in parse_qsl(query) if name in PARAMETERS)
