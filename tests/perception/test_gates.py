"""Gates refuse text that nobody said."""

import numpy as np
import pytest

from backchannel.perception.gates import has_too_many_syllables, in_voice, repeats_itself, syllables
from backchannel.perception.tokens import Piece
from backchannel.values import Span, Word


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
    assert not repeats_itself(text.split(), voiced_s=1.0)


def test_a_sentence_twice_is_a_loop_unless_there_was_time_for_it() -> None:
    text = "Am I going to speak my piece or not? Am I going to speak my piece or not?"
    assert not repeats_itself(text.split(), voiced_s=4.0)
    assert repeats_itself(text.split(), voiced_s=2.0)


def test_a_sentence_three_times_is_a_loop() -> None:
    assert repeats_itself(["this", "is", "a", "whole", "sentence"] * 3, voiced_s=10.0)


@pytest.mark.parametrize(
    "text",
    [
        "you you you you you you",
        "I don't know I don't know I don't know I don't know",
        "My name is Jordi Mas. My name is Jordi Mas.",
        "So we went to the sea, we went to the sea",
        "thank you thank you thank you thank you thank you",
        "I'm sorry, I'm sorry, I'm sorry, I'm sorry, I'm sorry.",
    ],
)
def test_loops_are_refused(text: str) -> None:
    assert repeats_itself(text.split(), voiced_s=1.5)


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
