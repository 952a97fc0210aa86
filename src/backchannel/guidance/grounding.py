"""Check a sentence that somebody else wrote: it may say nothing that was not measured or heard. Pure.

A language model may word advice (`server.guidance_writer`). It sees the evidence and the transcript, and its
sentence is used only if it passes these rules. Otherwise the sentence of the table is used.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from backchannel.guidance.guide import Advice
from backchannel.signals.phrases import number

MAX_WORDS: Final = 35
"""The longest sentence of the table has 34 words."""
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)?")
_QUOTED: Final = re.compile(r"[“”„«»\"]([^“”„«»\"]*)[“”„«»\"]|(?<!\w)[‘'](.+?)[’'](?!\w)")
_WORD: Final = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)*")


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    counts: frozenset[str]
    states: frozenset[str]
    acts: tuple[frozenset[str], ...]


@cache
def _words() -> _Words:
    """Read the words that need evidence."""
    text = resources.files("backchannel.guidance").joinpath("grounding.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Words)


def is_grounded(text: str, advice: Advice, heard: Sequence[str]) -> bool:
    """Return whether a sentence says nothing that is not in the advice's evidence, or was said.

    Parameters
    ----------
    text
        The sentence.
    advice
        The advice whose place it takes.
    heard
        What was said, as far as the writer saw it.

    Examples
    --------
    >>> from backchannel.values import Span
    >>> advice = Advice("Go on to the next point: the person nodded 3 times.", Span(0.0, 10.0))
    >>> is_grounded("They nodded 3 times, so go on.", advice, [])
    True
    >>> is_grounded("They nodded 4 times, so go on.", advice, [])
    False
    """
    quotes = _quotes_in(text)
    own = _words_in(_QUOTED.sub(" ", text))
    return (
        _is_one_sentence(text)
        and _numbers_in(text) <= _numbers_of(advice)
        and _is_told(own, _words_in(advice.text) | ({"said"} if quotes else set()))
        and all(_is_said(quote, advice, heard) for quote in quotes)
        and not re.search(r"[“”„«»\"]", _QUOTED.sub("", text))
    )


def _is_told(own: set[str], told: set[str]) -> bool:
    """Whether the words outside quotations count, and name acts, only as the sentence of the table does."""
    words = _words()
    acts = (act for act in words.acts if own & act)
    return own & words.counts <= told and not own & words.states and all(told & act for act in acts)


def _is_one_sentence(text: str) -> bool:
    words = text.split()
    return 0 < len(words) <= MAX_WORDS and text.isprintable() and text[-1] in '.?!”"'


def _numbers_in(text: str) -> set[str]:
    return {found.replace(",", ".") for found in _NUMBER.findall(text)}


def _numbers_of(advice: Advice) -> set[str]:
    measured = (number(entry.value, entry.unit) for entry in advice.evidence)
    return _numbers_in(" ".join([advice.text, *measured, *(entry.text for entry in advice.evidence)]))


def _words_in(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}


def _quotes_in(text: str) -> list[str]:
    return [first or second for first, second in _QUOTED.findall(text)]


def _is_said(quote: str, advice: Advice, heard: Iterable[str]) -> bool:
    wanted = _plain(quote)
    said = [entry.text for entry in advice.evidence if entry.text]
    return bool(wanted.strip()) and any(wanted in _plain(text) for text in (*said, *heard))


def _plain(text: str) -> str:
    """Words between spaces, so that only whole words are found in it."""
    return f" {' '.join(word.casefold().replace('’', chr(39)) for word in _WORD.findall(text))} "
