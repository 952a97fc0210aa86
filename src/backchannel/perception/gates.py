"""Decide whether a text was heard or made up. Pure.

Networks write sentences for silence, music and motors. Every gate here has its reason in `evals/WORDS.md`.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np

from backchannel.arrays import BoolArray
from backchannel.constants import VOICE_ROW_S
from backchannel.perception.tokens import Piece
from backchannel.values import Word

MIN_MEAN_LOG_PROBABILITY: Final = -0.8
"""Below it the network guesses (measured on 49 clips: it keeps 606 of 607 words that were said, and none of 9
that nobody said)."""
WIDENED: Final = round(0.3 / VOICE_ROW_S)
"""Rows by which voice activity is widened before a word must lie in it: the times of words are as exact."""
MAX_SYLLABLES_PER_S: Final = 10.0
"""Nobody speaks faster for a whole phrase (Pellegrino et al. 2011: 5 to 8 in seven languages), and the count
of syllables is rough."""
SPARE_SYLLABLES: Final = 3.0
"""Voice activity ends before the last sound fades, which matters for one word (judgement)."""
MOST_REPEATS: Final = {1: 5, 2: 4, 3: 3}
"""How often one, two or three words may come in a row: "no no no no" is said, "I don't know" four times is a
loop (judgement)."""
_STUTTER: Final = re.compile(r"(.{1,8}?)\1{7}")
"""The same few letters eight times in a row are a loop as well, with spaces between them or without
(measured: "NGNNNNNN", "a-a-a-a" and the like for noise in the rhythm of speech)."""
MOST_SENTENCES: Final = 2
"""More words may come twice in a row, if there was time to say them twice (judgement)."""
TWICE_SYLLABLES_PER_S: Final = 6.0
"""There was time if people speak so fast on average (Pellegrino et al. 2011),"""
EVEN: Final = 0.5
"""or if the second time took as long as the first: at least this share (measured: 0.7 to 1.1 where a
sentence was said twice; in 83 loops the second time took at most 0.2, and mostly nothing)."""


def repeats_itself(words: Sequence[Word], voiced_s: float) -> bool:
    """Whether a text is a loop: the same words over and over, or a sentence twice in the time of one.

    Parameters
    ----------
    words
        The text, with its times from the alignment. In a loop, all sound belongs to the first words.
    voiced_s
        How long a voice was heard, s.
    """
    plain = [_plain(word.text) for word in words]
    if _STUTTER.search("".join(plain)):
        return True
    in_time = syllables(" ".join(word.text for word in words)) <= TWICE_SYLLABLES_PER_S * voiced_s

    def most(start: int, length: int) -> int:
        twice = MOST_SENTENCES if in_time or _even(words, start, length) else 1
        return MOST_REPEATS.get(length, twice)

    return any(
        (times := _times(plain, start, length)) > 1 and times > most(start, length)
        for length in range(1, len(plain) // 2 + 1)
        for start in range(len(plain) - 2 * length + 1)
    )


def comes_thrice(words: Sequence[Word]) -> bool:
    """Whether some words come three times in a row: too often for a text that is in doubt.

    For a buzz in the rhythm of speech, the network once wrote "1999, 1999, 1999" (measured).
    """
    plain = [_plain(word.text) for word in words]
    return any(
        _times(plain, start, length) > 2
        for length in range(1, len(plain) // 3 + 1)
        for start in range(len(plain) - 3 * length + 1)
    )


def _even(words: Sequence[Word], start: int, length: int) -> bool:
    """Whether the words from `start` take as long as the same words behind them."""
    first, second = (
        words[at + length - 1].span.end_s - words[at].span.start_s for at in (start, start + length)
    )
    return min(first, second) >= EVEN * max(first, second, 2 * VOICE_ROW_S)


def _times(plain: Sequence[str], start: int, length: int) -> int:
    """How often the words from `start` come in a row."""
    unit, times = plain[start : start + length], 0
    while plain[start + times * length : start + (times + 1) * length] == unit:
        times += 1
    return times


def has_too_many_syllables(text: str, voiced_s: float) -> bool:
    """Whether nobody could say this text in the time for which the voice was heard."""
    return syllables(text) > MAX_SYLLABLES_PER_S * voiced_s + SPARE_SYLLABLES


def in_voice(piece: Piece, speaking: BoolArray, first_row_s: float) -> bool:
    """Whether half of a word lies in voice activity, widened by 0.3 s.

    Parameters
    ----------
    speaking
        (n,) bool, a row every 10 ms.
    first_row_s
        Time of the first row, on the clock of the word's span.
    """
    span = piece.word.span
    first = int(np.floor((span.start_s - first_row_s) / VOICE_ROW_S))
    last = max(first + 1, int(np.ceil((span.end_s - first_row_s) / VOICE_ROW_S)))
    near = np.flatnonzero(speaking)
    if not near.size:
        return False
    rows = np.arange(first, last)
    after = np.searchsorted(near, rows)
    distance = np.minimum(
        np.abs(near[np.minimum(after, near.size - 1)] - rows), np.abs(rows - near[np.maximum(after - 1, 0)])
    )
    return bool((distance <= WIDENED).mean() >= 0.5)


# --- syllables -------------------------------------------------------------------------------------

_VOWELS: Final = frozenset("aeiouyæøœıаеёиоуыэюяіїєαεηιουωä")
_SMALL_KANA: Final = frozenset("ゃゅょャュョぁぃぅぇぉァィゥェォっッー")
_UNVOICED_SCRIPTS: Final = {
    "ARABIC": 0.5,
    "HEBREW": 0.5,
    "CJK": 1.5,
    "HIRAGANA": 1.0,
    "KATAKANA": 1.0,
    "HANGUL": 0.4,
}
"""Syllables of a letter, in scripts whose vowels are not letters of their own. Korean letters are counted
after they are decomposed."""


def syllables(text: str) -> float:
    """Estimate how many syllables a text has, from its letters."""
    return sum(_syllables_of(word) for word in text.lower().split())


def _syllables_of(word: str) -> float:
    count, in_vowel, letters = 0.0, False, 0
    for letter in unicodedata.normalize("NFD", word):
        kind = unicodedata.category(letter)
        script = unicodedata.name(letter, "").split(" ")[0]
        letters += kind[0] == "L"
        if letter in _SMALL_KANA:
            continue
        if letter in _VOWELS:
            count += not in_vowel
        elif script in _UNVOICED_SCRIPTS and kind[0] == "L":
            count += _UNVOICED_SCRIPTS[script]
        elif script == "DEVANAGARI":
            # Each consonant carries a vowel, unless a virama takes it away.
            count += (kind[0] == "L") - (letter == "\N{DEVANAGARI SIGN VIRAMA}")
        elif kind == "Nd":
            count += 1
        in_vowel = letter in _VOWELS or (in_vowel and kind[0] == "M")
    return max(count, 1.0 if letters else 0.0)


def _plain(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum() or letter == "'")
