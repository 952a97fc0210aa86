"""The cue table says where its numbers come from."""

import re

from backchannel.cues.thresholds import cue_table


def test_every_cue_says_how_it_is_measured_and_where_its_numbers_come_from() -> None:
    for name, row in cue_table().items():
        assert row.measured_as.endswith("."), name
        assert re.search(r"\b(19|20)\d\d\b|judgement|documentation", row.source), name
        assert row.values, name


def test_entering_is_never_easier_than_staying() -> None:
    for name, row in cue_table().items():
        for key, enter in row.values.items():
            if key.startswith("enter") and (leave := key.replace("enter", "leave")) in row.values:
                assert enter >= row[leave], (name, key)


def test_ranges_are_the_right_way_round() -> None:
    for name, row in cue_table().items():
        for key, low in row.values.items():
            if key.startswith("min_") and (high := key.replace("min_", "max_")) in row.values:
                assert low < row[high], (name, key)


def test_numbers_that_are_lengths_of_time_are_positive() -> None:
    for name, row in cue_table().items():
        assert all(value > 0 for key, value in row.values.items() if key.endswith("_s")), name
