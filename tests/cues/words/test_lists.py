"""Lists are data: each can be read, and says nothing twice."""

import pytest

from backchannel.cues.words.lists import LISTED, languages, parse_list, plain, word_list


@pytest.mark.parametrize("language", languages())
def test_each_list_has_every_cue(language: str) -> None:
    known = word_list(language)
    assert known is not None
    meanings = {pattern.meaning for patterns in known.patterns.values() for pattern in patterns}
    assert meanings >= set(LISTED)
    assert 1 <= known.longest <= 16


@pytest.mark.parametrize("language", languages())
def test_phrases_are_written_as_they_are_compared(language: str) -> None:
    known = word_list(language)
    assert known is not None
    for words in known.patterns:
        assert words
        assert all(word == plain(word) for word in words)


def test_a_language_without_a_list_has_none() -> None:
    assert word_list("sv") is None
    assert word_list("../en") is None


def test_a_phrase_that_is_listed_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="en: 'maybe' is listed twice"):
        parse_list("en", {"hedge": ["maybe"], "certainty": ["maybe"]})


def test_a_phrase_may_mean_something_else_at_another_place() -> None:
    known = parse_list("en", {"assent": ["^right$"], "certainty": ["right"]})
    assert len(known.patterns["right",]) == 2


def test_an_unknown_heading_is_refused() -> None:
    with pytest.raises(ValueError, match="en: asent is neither a cue"):
        parse_list("en", {"asent": ["yes"]})


@pytest.mark.parametrize(
    ("word", "compared"),
    [
        ("“Don’t!", "don't"),
        ("peut-être,", "peut-être"),
        ("¿Qué?", "qué"),
        ("हाँ।", "हाँ"),
        ("...", ""),
        ("Ｏ.Ｋ.", "o.k"),
    ],
)
def test_words_are_compared_without_punctuation(word: str, compared: str) -> None:
    assert plain(word) == compared
