"""The optional sections that a client can ask for: `include[]`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

PARAMETERS: Final = ("include[]", "include")
"""The published name, and the variant that some HTTP clients send."""


@dataclass(frozen=True, slots=True)
class Include:
    """The optional sections of a result.

    Attributes
    ----------
    quality_overall, quality_timeline
        The two parts of `conversation_quality`.
    evidence
        The measurements that each signal is based on. Our own.
    transcript
        What was said, if the server listens for words. Our own.
    summary
        The conversation in plain words, at the end of a v1 or v2 session. Our own.
    """

    quality_overall: bool = False
    quality_timeline: bool = False
    evidence: bool = False
    transcript: bool = False
    summary: bool = False


def parse_include(flags: Iterable[str]) -> Include:
    """Read the flags. Unknown ones are ignored, as the wire contract requires.

    Examples
    --------
    >>> parse_include(["evidence", "something new"])
    Include(quality_overall=False, quality_timeline=False, evidence=True, transcript=False, summary=False)
    """
    asked = set(flags)
    return Include(
        quality_overall="conversation_quality_overall" in asked,
        quality_timeline="conversation_quality_timeline" in asked,
        evidence="evidence" in asked,
        transcript="transcript" in asked,
        summary="summary" in asked,
    )


def wants_words(query: str) -> bool:
    """Read ``words=off`` from a query string: the client does not want to be listened to.

    Examples
    --------
    >>> wants_words("words=off"), wants_words("include[]=transcript")
    (False, True)
    """
    return ("words", "off") not in parse_qsl(query)


def include_of_query(query: str) -> Include:
    """Read `include[]` from a query string, percent-encoded (``include%5B%5D``) or not.

    Examples
    --------
    >>> include_of_query("include%5B%5D=evidence").evidence
    True
    """
    return parse_include(value for name, value in parse_qsl(query) if name in PARAMETERS)
