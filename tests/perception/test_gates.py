"""Gates refuse text that nobody said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.perception.gates import (
    comes_thrice,
    has_too_many_syllables,
    in_voice,
    repeats_itself,
    syllables,
)
from backchannel.perception.tokens import Piece
from backchannel.values import Span, Word


def _said(text: str, *lengths_s: float) -> list[Word]:
    """Words one after another: of 0.2 s each, or of these lengths, the last of which goes on."""
    words, at_s = [], 0.0
    for index, word in enumerate(text.split()):
        length_s = lengths_s[min(index, len(lengths_s) - 1)] if lengths_s else 0.2
        words.append(Word(word, Span(at_s, at_s + length_s), 0.9))
        at_s += length_s
    return words


@pytest.mark.parametrize(
    "text",
    [
        "I I think so",
        "no no no no",
        "I don't know. I don't know.",
        "very, very, very good",
        "Go ahead. Go ahead. Okay, because you want to interview me, I interview you.",
        "really really really really",
        "",
        "sí sí sí",
    ],
)
def test_people_repeat_words(text: str) -> None:
    assert not repeats_itself(_said(text), voiced_s=1.0)
    assert not repeats_itself(_said(text, 0.0), voiced_s=1.0)


PIECE = "Am I gonna speak my piece or not? Am I gonna speak my piece or not?"


def test_a_sentence_twice_is_a_loop_unless_there_was_time_for_it() -> None:
    assert not repeats_itself(_said(PIECE, 0.2), voiced_s=4.0)
    assert not repeats_itself(_said(PIECE, *[0.25] * 8, 0.0), voiced_s=4.0)
    assert repeats_itself(_said(PIECE, *[0.25] * 8, 0.0), voiced_s=2.0)


def test_who_says_a_sentence_twice_fast_takes_as_long_again() -> None:
    assert not repeats_itself(_said(PIECE, 0.15), voiced_s=2.4)
    assert not repeats_itself(_said(PIECE, *[0.15] * 8, 0.1), voiced_s=2.0)
    assert repeats_itself(_said(PIECE, *[0.25] * 8, 0.05), voiced_s=2.4)


def test_a_sentence_three_times_is_a_loop() -> None:
    assert repeats_itself(_said("this is a whole sentence " * 3), voiced_s=10.0)


@pytest.mark.parametrize(
    "text",
    [
        "you you you you you you",
        "I don't know I don't know I don't know I don't know",
        "thank you thank you thank you thank you thank you",
        "I'm sorry, I'm sorry, I'm sorry, I'm sorry, I'm sorry.",
    ],
)
@pytest.mark.parametrize("length_s", [0.0, 0.2])
def test_loops_of_few_words_are_refused(text: str, length_s: float) -> None:
    assert repeats_itself(_said(text, length_s), voiced_s=1.5)


@pytest.mark.parametrize(
    "text", ["a-" * 40, "NG" + "N" * 60, "N-1-1" + "-1" * 20, "哈" * 12, "ha ha" + "haha" * 5]
)
def test_letters_in_a_loop_are_refused(text: str) -> None:
    assert repeats_itself(_said(text), voiced_s=6.0)


@pytest.mark.parametrize(
    "text", ["hahahaha", "It costs 1,000,000 euros.", "Aaaah!", "www.example.com", "哈哈哈"]
)
def test_letters_may_come_again(text: str) -> None:
    assert not repeats_itself(_said(text), voiced_s=2.0)


@pytest.mark.parametrize(
    "text", ["My name is Jordi Mas. My name is Jordi Mas.", "So we went to the sea, we went to the sea"]
)
def test_a_sentence_whose_second_time_takes_no_time_is_a_loop(text: str) -> None:
    words = len(text.split()) // 2
    assert repeats_itself(_said(text, *[0.25] * words, 0.0), voiced_s=1.5)
    assert not repeats_itself(_said(text), voiced_s=1.5)


@given(
    st.lists(
        st.sampled_from(["we", "went", "to", "the", "sea", "and", "saw", "it"]), min_size=4, max_size=12
    ),
    st.data(),
)
def test_any_text_in_a_loop_is_refused(unit: list[str], data: st.DataObject) -> None:
    """Whatever is in it, and wherever it begins: the network goes on with it until it is cut off."""
    words = unit * 9
    first = data.draw(st.integers(0, len(unit)))
    assert repeats_itself(_said(" ".join(words[first:]), 0.1, 0.0), voiced_s=0.1)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("I don't know", 3),
        ("international", 5),
        ("más o menos", 4),
        ("1975", 4),
        ("さようなら", 5),
        ("きょう", 2),
        ("नमस्ते", 3),
        ("안녕", 2),
        ("Hmm.", 1),
        ("...", 0),
    ],
)
def test_syllables_are_counted_roughly(text: str, count: int) -> None:
    assert syllables(text) == pytest.approx(count, abs=0.7)


def test_a_text_must_fit_into_the_time_of_the_voice() -> None:
    text = "We'll be back in a few days with another video about the next day"
    assert not has_too_many_syllables(text, voiced_s=2.5)
    assert has_too_many_syllables(text, voiced_s=0.4)


def test_one_word_fits_into_hardly_any_voice() -> None:
    assert not has_too_many_syllables("Okay.", voiced_s=0.1)


@pytest.mark.parametrize(
    ("start_s", "end_s", "heard"),
    [
        (11.0, 11.5, True),
        (10.75, 10.9, True),
        (10.2, 10.5, False),
        (12.1, 12.2, True),
        (12.4, 13.0, False),
        (12.1, 12.45, True),
        (12.25, 12.25, True),
    ],
)
def test_half_of_a_word_must_be_near_voice(start_s: float, end_s: float, heard: bool) -> None:
    speaking = np.zeros(400, np.bool_)
    speaking[100:200] = True  # 11 s to 12 s
    piece = Piece(" word", Word("word", Span(start_s, end_s), 0.9))
    assert in_voice(piece, speaking, first_row_s=10.0) is heard


def test_without_voice_no_word_is_heard() -> None:
    piece = Piece(" word", Word("word", Span(0.1, 0.3), 0.9))
    assert not in_voice(piece, np.zeros(100, np.bool_), first_row_s=0.0)


@given(
    st.lists(st.tuples(st.integers(0, 390), st.integers(1, 60)), max_size=6),
    st.integers(0, 400),
    st.integers(0, 80),
)
def test_no_word_far_from_any_voice_is_heard(
    runs: list[tuple[int, int]], start_row: int, length: int
) -> None:
    speaking = np.zeros(400, np.bool_)
    for start, rows in runs:
        speaking[start : start + rows] = True
    word = Word("word", Span(start_row / 100, (start_row + length) / 100), 0.9)
    near = speaking[max(0, start_row - 31) : start_row + length + 32].any()
    if in_voice(Piece(" word", word), speaking, first_row_s=0.0):
        assert near


def test_three_times_is_too_often_for_a_text_in_doubt() -> None:
    assert comes_thrice(_said("1999, 1999, 1999,"))
    assert comes_thrice(_said("so I know, I know, I know"))
    assert not comes_thrice(_said("no, no, I don't know, I know"))
    assert not comes_thrice(_said(""))
