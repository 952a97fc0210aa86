"""Read the phrase lists: one file for each language, each phrase with its cue.

A phrase in a list is written as words in lower case, without punctuation. ``^`` before it means that a clause
must begin there, ``$`` behind it that a clause must end there: ``^right$`` is in "Right, I see", not in "turn
right". Where several phrases match, the longest counts. So ``nothing`` lists longer phrases with another
meaning.
"""

import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

LISTED: Final = (
    "assent",
    "dissent",
    "hedge",
    "certainty",
    "clarifying_question",
    "positive",
    "negative",
    "filler",
    "apology",
    "thanks",
    "self_correction",
)
"""Cues that come from lists. Questions and repetitions are found without one."""
OTHERS: Final = (
    "nothing",
    "suspends",
    "suspends_after",
    "suspends_both",
    "reports",
    "reports_after",
    "stumbles",
)
"""Lists of a language that are no cues:

- ``nothing``: phrases that contain another one, but mean something else.
- ``suspends``, ``suspends_after``, ``suspends_both``: words (negations, conditions) that take a cue in the
  next few words back, in the last few, or in both. "I don't disagree" is no dissent. "I don't agree" has its
  own phrase.
- ``reports``, ``reports_after``: phrases that make the rest, or the beginning, of the sentence another
  person's words, such as "he said".
- ``stumbles``: words that nobody says twice on purpose.
"""
WITHOUT_SPACES: Final = frozenset({"ja"})
"""Languages whose lists are compared letter by letter."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What one phrase of a list means, and where it must be.

    Attributes
    ----------
    meaning
        A cue, or one of `OTHERS`.
    begins, ends
        A clause must begin before it, or end behind it.
    """

    meaning: str
    begins: bool
    ends: bool


@dataclass(frozen=True, slots=True)
class WordList:
    """The phrases of one language.

    Attributes
    ----------
    language
        ISO 639-1 code.
    patterns
        By the words of the phrase (letters, in languages without spaces).
    stumbles
        See `OTHERS`.
    longest
        Words of the longest phrase.
    """

    language: str
    patterns: Mapping[tuple[str, ...], tuple[Pattern, ...]]
    stumbles: frozenset[str]
    longest: int


@cache
def languages() -> tuple[str, ...]:
    """Languages that have a list, by their ISO 639-1 codes."""
    folder = resources.files("backchannel.cues.words") / "lists"
    return tuple(
        sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))
    )


@cache
def word_list(language: str) -> WordList | None:
    """Read the list of a language; None if there is none, so that its words give no cues."""
    if language not in languages():
        return None
    file = resources.files("backchannel.cues.words") / "lists" / f"{language}.toml"
    return parse_list(language, tomllib.loads(file.read_text(encoding="utf-8")))


def parse_list(language: str, content: Mapping[str, Iterable[str]]) -> WordList:
    """Make a list from the content of its file.

    Raises
    ------
    ValueError
        When a phrase is listed twice, or under an unknown heading.
    """
    patterns: dict[tuple[str, ...], tuple[Pattern, ...]] = {}
    for meaning, phrases in content.items():
        if meaning not in (*LISTED, *OTHERS):
            raise ValueError(f"{language}: {meaning} is neither a cue nor another kind of list")
        if meaning == "stumbles":
            continue
        for phrase in phrases:
            words = tuple(units(phrase.strip("^$"), language))
            pattern = Pattern(meaning, phrase.startswith("^"), phrase.endswith("$"))
            known = patterns.get(words, ())
            if any((other.begins, other.ends) == (pattern.begins, pattern.ends) for other in known):
                raise ValueError(f"{language}: {phrase!r} is listed twice")
            patterns[words] = (*known, pattern)
    stumbles = frozenset(plain(word) for word in content.get("stumbles", ()))
    return WordList(language, patterns, stumbles, max(map(len, patterns), default=0))


def units(text: str, language: str) -> Iterator[str]:
    """What is compared: words without punctuation and capitals; letters, in languages without spaces."""
    for word in text.split():
        kept = plain(word)
        if language in WITHOUT_SPACES:
            yield from kept
        elif kept:
            yield kept


def plain(word: str) -> str:
    """Return a word in lower case, without punctuation around it.

    Examples
    --------
    >>> plain("“Don’t!")
    "don't"
    """
    folded = unicodedata.normalize("NFKC", word).casefold().replace("’", "'")
    first = next((index for index, letter in enumerate(folded) if _is_letter(letter)), len(folded))
    last = next((index for index in range(len(folded), 0, -1) if _is_letter(folded[index - 1])), first)
    return folded[first:last]


def _is_letter(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNM"
