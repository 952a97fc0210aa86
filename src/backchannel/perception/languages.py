"""Find the language that is spoken, from the first phrases. Pure."""

from collections.abc import Mapping
from typing import Final

ENOUGH_SPEECH_S: Final = 10.0
"""Speech after which the language is known (judgement: a few phrases)."""
DOUBTED_S: Final = 1.0
"""What was known about a language in doubt counts as much as so much speech (judgement)."""
SURE: Final = 0.6
"""Share of the most probable language from which no other is considered (judgement)."""
MIN_LANGUAGE: Final = 0.05
"""Languages that are less probable are forgotten (judgement)."""

Languages = tuple[tuple[str, float], ...]
"""Seconds of speech for each language, by probability."""


def is_known(languages: Languages) -> bool:
    """Whether there was enough speech to know the language."""
    return _sum_s(languages) >= ENOUGH_SPEECH_S


def most_probable(languages: Languages) -> str:
    """Return the most probable language; empty if nobody has spoken."""
    return max(languages, key=lambda known: known[1])[0] if languages else ""


def less_probable(languages: Languages) -> Languages:
    """Leave out the most probable language; nothing is left if there is no doubt about it."""
    most = most_probable(languages)
    if dict(languages).get(most, 0.0) >= SURE * _sum_s(languages):
        return ()
    return tuple(known for known in languages if known[0] != most)


def with_a_phrase(
    languages: Languages, probabilities: Mapping[str, float], speech_s: float, *, doubted: bool
) -> Languages:
    """Add a phrase.

    Parameters
    ----------
    probabilities
        Of each language, in this phrase.
    speech_s
        How long it is, s.
    doubted
        What is known so far counts for little.
    """
    known, sum_s = dict(languages), _sum_s(languages)
    if doubted and sum_s > DOUBTED_S:
        known = {language: seconds * DOUBTED_S / sum_s for language, seconds in known.items()}
    for language, probability in probabilities.items():
        if probability >= MIN_LANGUAGE or not known:
            known[language] = known.get(language, 0.0) + probability * speech_s
    return tuple(known.items())


def _sum_s(languages: Languages) -> float:
    return sum(seconds for _, seconds in languages)
