import re
from typing import get_args

import pytest

from backchannel.html.words import clock, counted, headline, length, likely, listed, percentage, times
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


@pytest.mark.parametrize(
    ("duration_s", "shown"),
    [(0, "0 s"), (6.13, "6.1 s"), (10, "10 s"), (60, "1 min"), (72.4, "1 min 12 s"), (3725, "1 h 2 min 5 s")],
)
def test_durations_use_the_units_they_need(duration_s: float, shown: str) -> None:
    assert length(duration_s) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0%"), (0.004, "under 1%"), (0.5, "50%"), (0.989, "99%"), (0.996, "over 99%"), (1.0, "100%")],
)
def test_only_exact_shares_become_0_or_100_percent(share: float, shown: str) -> None:
    assert percentage(share) == shown


def test_text_for_counts_and_lists() -> None:
    assert (counted(1, "signal"), counted(0, "signal")) == ("1 signal", "0 signals")
    assert (listed(["a"]), listed(["a", "b", "c"])) == ("a", "a, b and c")
