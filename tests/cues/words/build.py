"""Phrases from sentences, as if they had been heard."""

from backchannel.values import Phrase, Span, Word

WORD_S = 0.3


def heard(sentence: str, language: str = "en", confidence: float = 0.9, final: bool = True) -> Phrase:
    """Return a phrase with a word every 0.3 s; in Japanese each letter is a word."""
    texts = _letters(sentence) if language == "ja" else _words(sentence)
    words = tuple(
        Word(text, Span(index * WORD_S, (index + 1) * WORD_S), confidence) for index, text in enumerate(texts)
    )
    return Phrase(Span(0.0, len(words) * WORD_S), sentence, words, language, confidence, final)


def _words(sentence: str) -> list[str]:
    """Punctuation with a space before it belongs to the word before, as in French."""
    words: list[str] = []
    before = ""
    for part in sentence.split():
        if any(letter.isalnum() for letter in part):
            words.append(f"{before} {part}".strip())
            before = ""
        elif words and part not in "«„":
            words[-1] += f" {part}"
        else:
            before = part
    return words


def _letters(sentence: str) -> list[str]:
    letters: list[str] = []
    before = ""
    for letter in sentence:
        if letter.isalnum():
            letters.append(before + letter)
            before = ""
        elif letters and letter not in "「『":
            letters[-1] += letter
        else:
            before = letter
    return letters
