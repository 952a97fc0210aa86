"""The tables of cues, weights and words speak of the same things."""

import re
from importlib import resources
from typing import get_args

import pytest

from backchannel.cues.thresholds import cue_table
from backchannel.signals.phrases import PHRASES
from backchannel.signals.weights import Strength, quality_table, signal_table, strength_table
from backchannel.values import EngagementLevel, Quality, SignalType
from tests.signals.evidence import AUDIO_CUES, measures_of

RENAMED = {
    "pause": {"pause", "long_pause"},
    "speech_rate": {"speech_brisk", "speech_faster", "speech_slow"},
    "blink": set[str](),  # counted, never told
}
CUES = {name for row in cue_table() for name in RENAMED.get(row, {row})}
"""Every cue that can be found."""


def test_every_cue_has_its_words_and_nothing_else_has() -> None:
    assert set(PHRASES) == CUES


def test_the_tests_know_every_cue_of_sound() -> None:
    assert AUDIO_CUES < CUES


def test_words_hold_no_quotation_and_no_feeling() -> None:
    for name, phrase in PHRASES.items():
        words = f"{phrase.one} {phrase.several}"
        assert not re.search(r"[\"“”‘«»]", words), name
        assert not re.search(r"\b(want|feel|felt|think|thought|know|mean|try|tried)", words), name


def test_every_weighed_cue_can_be_found_and_every_reading_can_be_read() -> None:
    readings = resources.files("backchannel.signals").joinpath("contexts.py").read_text(encoding="utf-8")
    for signal, row in signal_table().items():
        for name in {*row.primary, *row.supporting, *row.against}:
            spoken = name.split(".")[0] in {"nod", "shake"} and name.split(".")[1:] in (
                ["speaking"],
                ["listening"],
                [],
            )
            assert name in CUES or spoken or f'"{name}"' in readings, (signal, name)


def test_every_strength_is_by_a_measure_that_its_cue_has() -> None:
    for name in strength_table():
        assert name in CUES, name
    # What is not in a cue's words nor a usual measure would be a slip of the pen.
    for name, row in strength_table().items():
        assert row.by == "value" or row.by in {"duration", *measures_of(name)}, name
        assert row.half < row.full, name


def test_weights_are_positive_and_say_where_they_come_from() -> None:
    for signal, row in signal_table().items():
        assert all(
            weight > 0 for table in (row.primary, row.supporting, row.against) for weight in table.values()
        )
        assert row.prior < 0, signal
        assert row.primary, signal
        assert row.definitive <= set(row.primary), signal
        assert re.search(r"\b(19|20)\d\d\b|judgement", row.source), signal


def test_nothing_speaks_both_for_and_against_a_signal() -> None:
    for signal, row in signal_table().items():
        assert not {*row.primary, *row.supporting} & set(row.against), signal


def test_no_signal_is_reported_by_its_prior_alone() -> None:
    for signal, row in signal_table().items():
        assert 1 / (1 + 2.718281828**-row.prior) < 0.2, signal


def test_every_signal_of_the_wire_has_a_row() -> None:
    assert set(signal_table()) == set(get_args(SignalType))


def test_quality_is_made_of_signals_engagement_and_three_cues() -> None:
    known = {*get_args(SignalType), *get_args(EngagementLevel), "smile", "pitch_lively", "pitch_flat"}
    assert set(quality_table()) == set(Quality.__dataclass_fields__)
    for dimension, row in quality_table().items():
        assert set(row) <= known | {"confusion_resolved"}, dimension
        assert any(weight > 0 for weight in row.values()), dimension
        assert any(weight < 0 for weight in row.values()), dimension


@pytest.mark.parametrize(
    ("size", "strength"), [(2.0, 0.5), (6.0, 1.0), (4.0, 0.75), (99.0, 1.0), (-50.0, 0.25)]
)
def test_a_strength_goes_from_a_half_to_one(size: float, strength: float) -> None:
    assert Strength("value", half=2.0, full=6.0).of(size) == pytest.approx(strength)
