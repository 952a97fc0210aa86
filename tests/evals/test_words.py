"""Errors in words are counted as everybody counts them, and what nobody says counts as made up."""

import numpy as np
import pytest

from evals.non_speech import KINDS, LENGTH_S
from evals.words import ClipWords, as_markdown, word_errors


@pytest.mark.parametrize(
    ("said", "written", "errors"),
    [
        ("I am not sure.", "I am not sure", 0),
        ("I am not sure.", "I'm not sure", 2),
        ("I am not sure.", "", 4),
        ("I am not sure.", "I am really not so sure", 2),
        ("one two three", "one three two", 2),
    ],
)
def test_the_fewest_edits_count(said: str, written: str, errors: int) -> None:
    assert word_errors(said, written) == (errors, len(said.split()))


def test_what_was_not_said_is_wrong() -> None:
    assert word_errors("", "thanks for watching") == (3, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_sound_without_speech_has_its_length_and_can_be_made_again(kind: str) -> None:
    once, again = KINDS[kind](7, 0.2), KINDS[kind](7, 0.2)
    assert once.size == LENGTH_S * 16_000
    assert once.dtype == np.float32
    np.testing.assert_array_equal(once, again)
    assert np.abs(once).max() <= 2.0


def test_the_table_adds_clips_up() -> None:
    clips = [ClipWords("a.mp4", 9, 0, 10, 2, 1, 10.0, 0.5), ClipWords("b.mp4", 10, 1, 10, 0, 2, 20.0, 1.0)]
    table = as_markdown(clips, {"no noise": (1, 20)}, {"hum": (0, 6.0)})
    assert "| all | 20 | 2 | 19 | 1 | 3 | 1.5 |" in table
    assert "ours has 95%" in table
    assert "A phrase takes 0.50 s of CPU; 30 s of sound take 1.5 s." in table
    assert "| no noise | 20 | 1 (5%) |" in table
    assert "| hum | 6 | 0 |" in table
