"""Find cues in the words of a phrase. Pure.

Only words that were heard with confidence give a cue, because a rationale quotes them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from backchannel.cues.thresholds import cue_table
from backchannel.cues.words.lists import LISTED, WITHOUT_SPACES, Pattern, WordList, units, word_list
from backchannel.values import Cue, Modality, Phrase, Span, Word

TEXT: Final[Modality] = "text"
NAMES: Final = frozenset({*LISTED, "question", "repetition"})
"""Every cue that words can give."""
SHORTEST_S: Final = 0.05
"""A word at the edge of its phrase may have no length, but a cue has some (judgement)."""
MOST_QUOTED: Final = 11
"""A rationale quotes fewer than a dozen words."""
SUSPENDED_WITHIN: Final = 4
"""From a negation to what it takes back, words ("I don't really think that's right"; judgement)."""
SUSPENDED_WITHIN_AFTER: Final = 2
"""The same, for a negation that follows ("das stimmt so nicht"; judgement)."""
LETTERS_PER_WORD: Final = 3
"""In languages without spaces, the limits above count so many letters as a word (judgement)."""
NOT_SUSPENDED: Final = frozenset({"filler", "self_correction", "apology", "clarifying_question"})
"""A negation before them does not take them back: "no, I mean yes"."""

_BEFORE: Final = frozenset({"suspends", "suspends_both"})
_AFTER: Final = frozenset({"suspends_after", "suspends_both"})
_CLAUSE_ENDS: Final = frozenset(",;:.?!…—–、。，？！；：।،؟")
_SENTENCE_ENDS: Final = frozenset(".?!…。？！।؟")
_QUESTION: Final = frozenset("?？؟")
_TRIMMED: Final = ' ,.;:。、।"“”«»「」'
_QUOTES: Final = frozenset('"“”„«»「」『』')


@dataclass(frozen=True, slots=True)
class Unit:
    """What is compared with the lists: a word, or a letter of it in languages without spaces.

    Attributes
    ----------
    text
        In lower case, without punctuation.
    word
        Number of its word in the phrase.
    clause, sentence
        Numbers of its clause and sentence in the phrase.
    quoted
        It is inside quotation marks.
    """

    text: str
    word: int
    clause: int
    sentence: int
    quoted: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase of a list, from a unit up to another."""

    meaning: str
    first: int
    end: int


def word_cues(phrase: Phrase) -> tuple[Cue, ...]:
    """Find the cues in a phrase, sorted by start.

    Returns none for a phrase that may still change, and for a language without a list
    (`cues.words.lists.languages`).
    """
    known = word_list(phrase.language)
    if known is None or not phrase.final or not phrase.words:
        return ()
    parts = _units(phrase)
    if not parts:
        return ()  # only marks and symbols
    matches = list(_matches(parts, known))
    found = [*_said(parts, matches, known), *_repetitions(parts, known)]
    spoken: list[tuple[str, Sequence[Word]]] = [
        (match.meaning, phrase.words[parts[match.first].word : parts[match.end - 1].word + 1])
        for match in found
    ]
    spoken += [("question", words) for words in _questions(phrase, parts)]
    space = "" if phrase.language in WITHOUT_SPACES else " "
    cues = [_cue(name, words, space) for name, words in spoken]
    return tuple(sorted((cue for cue in cues if cue is not None), key=lambda cue: (cue.span, cue.name)))


# --- units -----------------------------------------------------------------------------------------


def _units(phrase: Phrase) -> list[Unit]:
    parts: list[Unit] = []
    clause = sentence = 0
    quoted = False
    for number, word in enumerate(phrase.words):
        marks = sum(letter in _QUOTES for letter in word.text)
        quoted = quoted or marks > 0
        parts += [Unit(text, number, clause, sentence, quoted) for text in units(word.text, phrase.language)]
        quoted = quoted and not _closes(word.text, marks)
        clause += word.text[-1:] in _CLAUSE_ENDS or marks > 0
        sentence += word.text.rstrip('"”»」』')[-1:] in _SENTENCE_ENDS
    return parts


def _closes(text: str, marks: int) -> bool:
    """Whether a word inside quotation marks is the last of them."""
    return marks >= 2 or (marks == 1 and text[0] not in _QUOTES)


# --- lists -----------------------------------------------------------------------------------------


def _matches(parts: Sequence[Unit], known: WordList) -> Iterator[Match]:
    """The longest phrase at each place, from left to right, without overlaps."""
    first = 0
    while first < len(parts):
        match = _longest(parts, first, known)
        if match is not None:
            yield match
        first = match.end if match is not None else first + 1


def _longest(parts: Sequence[Unit], first: int, known: WordList) -> Match | None:
    for end in range(min(len(parts), first + known.longest), first, -1):
        if parts[end - 1].sentence != parts[first].sentence:
            continue
        patterns = known.patterns.get(tuple(part.text for part in parts[first:end]), ())
        # The one that is most particular about its place.
        for pattern in sorted(patterns, key=lambda pattern: pattern.begins + pattern.ends, reverse=True):
            if _is_in_place(parts, first, end, pattern):
                return Match(pattern.meaning, first, end)
    return None


def _is_in_place(parts: Sequence[Unit], first: int, end: int, pattern: Pattern) -> bool:
    begins = first == 0 or parts[first - 1].clause != parts[first].clause
    ends = end == len(parts) or parts[end].clause != parts[end - 1].clause
    return (begins or not pattern.begins) and (ends or not pattern.ends)


def _said(parts: Sequence[Unit], matches: Sequence[Match], known: WordList) -> Iterator[Match]:
    """Matches that are cues, and the person's own: not taken back, and not another person's words."""
    size = LETTERS_PER_WORD if known.language in WITHOUT_SPACES else 1
    for match in matches:
        if match.meaning not in LISTED or parts[match.first].quoted:
            continue
        if not _is_reported(parts, match, matches) and not _is_suspended(parts, match, matches, size):
            yield match


def _is_reported(parts: Sequence[Unit], match: Match, matches: Sequence[Match]) -> bool:
    sentence = parts[match.first].sentence
    return any(
        (other.meaning == "reports" and other.first < match.first)
        or (other.meaning == "reports_after" and other.first > match.first)
        for other in matches
        if parts[other.first].sentence == sentence
    )


def _is_suspended(parts: Sequence[Unit], match: Match, matches: Sequence[Match], size: int) -> bool:
    if match.meaning in NOT_SUSPENDED:
        return False
    clause = parts[match.first].clause
    return any(
        (other.meaning in _BEFORE and 0 < match.first - other.first <= SUSPENDED_WITHIN * size)
        or (other.meaning in _AFTER and 0 <= other.first - match.end < SUSPENDED_WITHIN_AFTER * size)
        for other in matches
        if parts[other.first].clause == clause
    )


# --- without lists ---------------------------------------------------------------------------------


def _questions(phrase: Phrase, parts: Sequence[Unit]) -> Iterator[Sequence[Word]]:
    """Sentences that end with a question mark, as the network heard the tone."""
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        last = following is None or following.sentence != part.sentence
        if last and not part.quoted and _QUESTION & set(phrase.words[part.word].text):
            first = next(other.word for other in parts if other.sentence == part.sentence)
            yield phrase.words[first : part.word + 1]


def _repetitions(parts: Sequence[Unit], known: WordList) -> Iterator[Match]:
    """One or two words that are said twice in a row, by mistake: "I, I think"."""
    first = 0
    while first < len(parts):
        size = next((size for size in (1, 2) if _stumbles(parts, first, size, known)), 0)
        if size:
            yield Match("repetition", first, first + 2 * size)
        first += 2 * size or 1


def _stumbles(parts: Sequence[Unit], first: int, size: int, known: WordList) -> bool:
    once, again = parts[first : first + size], parts[first + size : first + 2 * size]
    return (
        [part.text for part in once] == [part.text for part in again]
        and len(again) == size
        and once[0].text in known.stumbles
        and once[0].sentence == again[-1].sentence
        and not again[-1].quoted
    )


def _cue(name: str, words: Sequence[Word], space: str) -> Cue | None:
    confidence = min(word.confidence for word in words)
    if confidence < cue_table()[name]["min_confidence"]:
        return None
    quote = space.join(word.text for word in words) if len(words) <= MOST_QUOTED else ""
    start_s = words[0].span.start_s
    span = Span(start_s, max(words[-1].span.end_s, start_s + SHORTEST_S))
    return Cue(name, TEXT, span, float(len(words)), "words", None, confidence, quote=quote.strip(_TRIMMED))
