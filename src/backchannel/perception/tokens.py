"""Turn the tokens of a text into words. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from backchannel.perception.whisper import Token
from backchannel.values import Span, Word

UNSPACED: Final = frozenset({"ja", "zh", "yue", "th", "lo", "my", "km", "bo"})
"""Languages that are written without spaces. There, each character with a sound counts as a word."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word with the space before it, so that pieces in a row are the text."""

    text: str
    word: Word


def pieces_of(tokens: Sequence[Token], language: str) -> tuple[Piece, ...]:
    """Join tokens to words; times count from the beginning of the sound.

    Punctuation belongs to the word before it, or to the first word.
    """
    pieces = [
        (text, group) for group in _grouped(tokens, language) if (text := text_of(group)).strip("\ufffd")
    ]
    joined: list[tuple[str, list[Token]]] = []
    before: tuple[str, list[Token]] = ("", [])
    for text, group in pieces:
        if _has_sound(text):
            joined.append((before[0] + text, group))
            before = ("", [])
        elif joined:
            joined[-1] = (joined[-1][0] + text, joined[-1][1])
        else:
            before = (before[0] + text, [*before[1], *group])
    return tuple(_piece(text, group) for text, group in joined)


def text_of(tokens: Iterable[Token]) -> str:
    """Read tokens as text; bytes that are not UTF-8 become U+FFFD."""
    letters = _bytes_by_letter()
    return bytes(letters[letter] for token in tokens for letter in token.text if letter in letters).decode(
        "utf-8", errors="replace"
    )


def _piece(text: str, group: list[Token]) -> Piece:
    span = Span(group[0].start_s, max(group[0].start_s, group[-1].end_s))
    confidence = sum(token.probability for token in group) / len(group)
    return Piece(text, Word(text.strip(), span, round(confidence, 3)))


def _grouped(tokens: Sequence[Token], language: str) -> Iterator[list[Token]]:
    """Tokens of one word each: up to the next space, or whole characters where there are no spaces."""
    group: list[Token] = []
    for token in tokens:
        whole = language in UNSPACED and not text_of(group).endswith("\ufffd")
        if group and (token.text.startswith("Ġ") or whole):
            yield group
            group = []
        group.append(token)
    if group:
        yield group


def _has_sound(text: str) -> bool:
    return any(unicodedata.category(letter)[0] in "LN" for letter in text)


@cache
def _bytes_by_letter() -> dict[str, int]:
    """The letter with which byte-level vocabularies write each byte: itself, if it can be seen."""
    seen = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    unseen = [byte for byte in range(256) if byte not in seen]
    return {chr(byte): byte for byte in seen} | {chr(256 + index): byte for index, byte in enumerate(unseen)}
