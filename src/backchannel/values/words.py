"""Words that were heard, and the phrases that they form."""

from dataclasses import dataclass, replace

from backchannel.values.clock import Span


@dataclass(frozen=True, slots=True)
class Word:
    """One word that was heard.

    Attributes
    ----------
    text
        As written, with its punctuation, for example ``sure?``.
    span
        When it was said, s. Its edges are good to 0.3 s.
    confidence
        0..1, the mean probability of its parts.
    """

    text: str
    span: Span
    confidence: float


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that were said without a long pause.

    Attributes
    ----------
    span
        From the beginning of its voice activity to the end, s.
    text
        All of it as one would write it.
    words
        Its words, in order. Empty if a phrase that was shown while it was said turned out not to be heard.
    language
        ISO 639-1 code, for example ``en``.
    confidence
        0..1, the probability of a part of the text, on average.
    final
        False while the person is still speaking. A later phrase that begins at the same time replaces it, and
        a final one always follows.
    """

    span: Span
    text: str
    words: tuple[Word, ...]
    language: str
    confidence: float
    final: bool = True

    def shifted(self, by_s: float) -> "Phrase":
        """Move the phrase in time."""
        words = tuple(replace(word, span=word.span.shifted(by_s)) for word in self.words)
        return replace(self, span=self.span.shifted(by_s), words=words)
