"""Phrases of a client's own transcript, in the form of those that were heard. Pure.

A client sends text with a start and an end. The times of its words are estimated by their letters.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from backchannel.cues.words.lists import WITHOUT_SPACES, languages, units, word_list
from backchannel.tracks import VoiceTracks
from backchannel.values import GivenWords, Phrase, Said, Span, Word

CONFIDENCE: Final = 0.9
"""Of each word: as much as of a word that was heard clearly (judgement)."""
SETTLED_S: Final = 0.5
"""On a stream, a phrase is over when so much media came after it: until then, the client may still extend it
(judgement: our own phrases end with a pause of 0.4 s)."""
CLOCK_S: Final = 0.5
"""How far a client's clock may be from ours, where it matters whether somebody spoke (judgement)."""
MIN_SPEECH: Final = 0.5
"""Probability of speech from which somebody speaks (Silero's own advice)."""
MIN_MARGIN: Final = 0.5
"""A language is detected when so many more words are in its lists than in those of the next (judgement: a
word that is only in its lists, and not in a second language's)."""
_SCRIPTS: Final = (("ja", "\u3040", "\u30ff"), ("hi", "\u0900", "\u097f"))
"""Languages that their letters show: kana, and Devanagari."""


def given_phrases(given: GivenWords | None, until_s: float, known: str) -> tuple[Phrase, ...]:
    """Turn a client's phrases that end up to a time into phrases with words.

    Parameters
    ----------
    known
        The language so far, which counts while the words do not show another; empty at first.

    Returns
    -------
    In order. Their language is empty if it is unknown. They give no cues then.
    """
    said = () if given is None else tuple(one for one in given.phrases if one.span.end_s <= until_s)
    if given is None or not said:
        return ()
    language = given.language or language_of([one.text for one in said], known)
    return tuple(_phrase(one, language) for one in said)


def spoken(phrases: Sequence[Phrase], voice: VoiceTracks | None) -> tuple[Phrase, ...]:
    """Leave out phrases during which nobody spoke in the sound: they are not from this place.

    Parameters
    ----------
    voice
        Rows on the clock of the phrases; None if there is no sound, which then says nothing.
    """
    return tuple(one for one in phrases if voice is None or _is_spoken(one.span, voice))


def _is_spoken(span: Span, voice: VoiceTracks) -> bool:
    during = voice.cut(span.start_s - CLOCK_S, span.end_s + CLOCK_S).speech_probability
    return not during.size or float(during.max()) >= MIN_SPEECH


def language_of(texts: Iterable[str], known: str = "") -> str:
    """Detect the language of some sentences by the words that are in its lists.

    Examples
    --------
    >>> language_of(["I'm not sure what you mean."]), language_of(["No estoy seguro."])
    ('en', 'es')
    >>> language_of(["Ok."])
    ''
    """
    text = " ".join(texts)
    for language, first, last in _SCRIPTS:
        if any(first <= letter <= last for letter in text):
            return language
    scores: Counter[str] = Counter()
    for word in units(text, "en"):
        having = [language for language in languages() if word in _vocabulary(language)]
        for language in having:
            scores[language] += 1 / len(having)  # type: ignore[assignment]
    best = scores.most_common(2)
    if not best:
        return known
    margin = best[0][1] - (best[1][1] if len(best) > 1 else 0.0)
    return best[0][0] if margin >= MIN_MARGIN else known


@cache
def _vocabulary(language: str) -> frozenset[str]:
    listed = word_list(language)
    if listed is None or language in WITHOUT_SPACES:
        return frozenset()
    return listed.stumbles | {word for words in listed.patterns for word in words}


def _phrase(said: Said, language: str) -> Phrase:
    texts = _parts(said.text, language)
    letters = sum(len(text) + 1 for text in texts)
    words: list[Word] = []
    start_s = said.span.start_s
    for text in texts:
        end_s = min(said.span.end_s, start_s + said.span.duration_s * (len(text) + 1) / letters)
        words.append(Word(text, Span(start_s, end_s), CONFIDENCE))
        start_s = end_s
    return Phrase(said.span, said.text, tuple(words), language, CONFIDENCE)


def _parts(text: str, language: str) -> Sequence[str]:
    """Words as the lists count them: letters, in languages without spaces. Marks belong to what is before."""
    unspaced = language in WITHOUT_SPACES
    parts: list[str] = []
    for part in "".join(text.split()) if unspaced else text.split():
        if parts and not any(letter.isalnum() for letter in part):
            parts[-1] += part if unspaced else f" {part}"
        else:
            parts.append(part)
    return parts
