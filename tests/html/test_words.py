import re
from typing import get_args

import pytest

from backchannel.html.words import clock, headline, likely, times
from backchannel.signals.phrases import PHRASES, Phrase
from backchannel.values import Probability, SignalType, Span


@pytest.mark.parametrize(
    ("probability", "signal", "shown"),
    [
        ("low", "confidence", "Possibly confident"),
        ("medium", "interest", "Likely interested"),
        ("high", "disagreement", "Very likely disagreeing"),
    ],
)
def test_the_probability_is_before_the_word(probability: Probability, signal: SignalType, shown: str) -> None:
    assert likely(probability, signal) == shown


def test_every_signal_has_words_without_the_levels_of_the_wire() -> None:
    for signal in get_args(SignalType):
        for probability in get_args(Probability):
            assert not re.search(r"low|medium|high", likely(probability, signal))


@pytest.mark.parametrize(
    ("time_s", "shown"),
    [
        (0, "0:00.0"),
        (4.1, "0:04.1"),
        (59.94, "0:59.9"),
        (59.96, "1:00.0"),
        (754.3, "12:34.3"),
        (3600, "1:00:00.0"),
    ],
)
def test_times_are_written_as_on_a_player(time_s: float, shown: str) -> None:
    assert clock(time_s) == shown
    assert times(Span(time_s, time_s)) == f"{shown}–{shown}"


@pytest.mark.parametrize("phrase", PHRASES.values(), ids=PHRASES)
@pytest.mark.parametrize("missing", ["", " There was no sound.", " No face was in view."])
def test_a_headline_is_the_fact_alone(phrase: Phrase, missing: str) -> None:
    for words in filter(None, (phrase.one, phrase.several)):
        shown = headline(f"{words[0].upper()}{words[1:]} while facing the camera.{missing}")
        assert shown.startswith(re.split(r"[ {]", words[0].upper() + words[1:])[0])
        assert shown.endswith(" while facing the camera.")
        assert not re.search(r"[()]|  ", shown)


@pytest.mark.parametrize(
    ("rationale", "shown"),
    [
        ("Smiled for 2.1 s.", "Smiled for 2.1 s."),
        ("Paused twice (0.7 and 1.4 s). There was no picture.", "Paused twice."),
        (
            "Spoke steadily for 4.3 s (14% pauses) and quickly (5.1 syllables a second).",
            "Spoke steadily for 4.3 s and quickly.",
        ),
        # Two sentences of another origin stay two.
        ("Nodded. Also smiled.", "Nodded. Also smiled."),
    ],
)
def test_numbers_in_brackets_and_missing_media_are_one_click_below(rationale: str, shown: str) -> None:
    assert headline(rationale) == shown
