"""Speech is cut into phrases: at pauses, at most 8 s, and never in a word without saying so."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.arrays import BoolArray
from backchannel.perception.phrases import LONGEST, PAUSE, Cut, first_phrase, growing_phrase, halved

SECOND = 100


def _rows(*lengths_s: float) -> BoolArray:
    """Silence, speech, silence and so on, s."""
    parts = [np.full(round(length_s * SECOND), bool(index % 2)) for index, length_s in enumerate(lengths_s)]
    return np.concatenate(parts)


def test_a_phrase_is_over_after_a_pause() -> None:
    assert first_phrase(_rows(0.5, 1.0, 0.4)) == Cut(50, 150)


def test_a_phrase_is_not_over_before() -> None:
    assert first_phrase(_rows(0.5, 1.0, 0.39)) is None


def test_short_gaps_are_inside_a_phrase() -> None:
    assert first_phrase(_rows(0.1, 1.0, 0.3, 1.0, 0.5)) == Cut(10, 240)


def test_a_pause_separates_phrases() -> None:
    assert first_phrase(_rows(0.1, 1.0, 0.5, 1.0, 0.5)) == Cut(10, 110)


def test_silence_has_no_phrase() -> None:
    assert first_phrase(_rows(3.0), "end") is None
    assert first_phrase(np.zeros(0, np.bool_), "end") is None


def test_a_long_phrase_is_cut_at_its_longest_late_gap() -> None:
    speaking = _rows(0, 1.0, 0.35, 3.0, 0.12, 1.5, 0.3, 4.0)
    assert first_phrase(speaking) == Cut(0, 597)


def test_a_long_phrase_without_a_gap_says_that_its_last_word_may_be_cut_off() -> None:
    assert first_phrase(_rows(0, 9.0)) == Cut(0, LONGEST, complete=False)
    assert first_phrase(_rows(0, 4.0, 0.05, 5.0)) == Cut(0, LONGEST, complete=False)


@pytest.mark.parametrize(
    ("speaking", "cut"),
    [
        (_rows(0.5, 2.0), Cut(50, 250, complete=False)),
        (_rows(0.5, 2.0, 0.05), Cut(50, 250, complete=False)),
        (_rows(0.5, 2.0, 0.2), Cut(50, 250)),
    ],
)
def test_what_was_said_so_far_is_complete_after_a_short_silence(speaking: BoolArray, cut: Cut) -> None:
    assert first_phrase(speaking, "keep") is None
    assert first_phrase(speaking, "show") is None
    assert first_phrase(speaking, "say") == cut


def test_at_the_end_a_phrase_is_complete() -> None:
    assert first_phrase(_rows(0.5, 2.0), "end") == Cut(50, 250)


def test_a_growing_phrase_reaches_to_the_latest_speech() -> None:
    assert growing_phrase(_rows(0.2, 1.0, 0.2, 1.0)) == Cut(20, 240, complete=False)
    assert growing_phrase(_rows(1.0)) is None


def test_a_phrase_is_halved_at_its_longest_gap_near_the_middle() -> None:
    speaking = _rows(0.5, 1.0, 0.35, 2.0, 0.12, 1.5, 0.2, 2.0)
    assert halved(speaking, Cut(50, 767)) == Cut(50, 385)


def test_a_phrase_without_a_gap_is_halved_in_a_word() -> None:
    assert halved(_rows(0.5, 8.0), Cut(50, 850)) == Cut(50, 450, complete=False)


def test_a_short_phrase_is_not_halved() -> None:
    assert halved(_rows(0.5, 4.0), Cut(50, 450)) is None


@given(st.lists(st.tuples(st.integers(1, 1200), st.integers(1, 120)), min_size=1, max_size=6))
def test_every_row_of_speech_is_in_exactly_one_phrase(parts: list[tuple[int, int]]) -> None:
    speaking = np.concatenate([np.repeat([True, False], part) for part in parts])
    covered = np.zeros(speaking.size, np.int64)
    left = speaking.copy()
    while (cut := first_phrase(left, "end")) is not None:
        assert 0 < cut.end - cut.start <= LONGEST
        covered[cut.start : cut.end] += 1
        left[: cut.end] = False
    assert (covered[speaking] == 1).all()
    # Nothing but gaps inside phrases is covered besides.
    assert all(length < PAUSE for length in _run_lengths((covered > 0) & ~speaking))


def _run_lengths(mask: BoolArray) -> list[int]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return list(np.diff(edges)[::2])
