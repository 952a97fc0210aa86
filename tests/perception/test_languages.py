"""The language is known after some speech, and others are considered only in doubt."""

import pytest

from backchannel.perception.languages import is_known, less_probable, most_probable, with_a_phrase


def test_phrases_add_up() -> None:
    first = with_a_phrase((), {"en": 0.6, "ko": 0.38, "ja": 0.02}, 2.0, doubted=False)
    assert dict(first) == pytest.approx({"en": 1.2, "ko": 0.76})
    second = with_a_phrase(first, {"en": 0.1, "ko": 0.9}, 4.0, doubted=False)
    assert most_probable(first) == "en"
    assert most_probable(second) == "ko"


def test_the_language_is_known_after_some_speech() -> None:
    assert not is_known(())
    assert not is_known((("en", 6.0), ("de", 3.0)))
    assert is_known((("en", 9.0), ("de", 3.0)))


def test_another_language_is_considered_only_in_doubt() -> None:
    assert less_probable((("ko", 1.5), ("en", 1.3), ("nn", 0.2))) == (("en", 1.3), ("nn", 0.2))
    assert less_probable((("en", 3.0), ("ko", 1.0))) == ()
    assert less_probable(()) == ()


def test_what_is_doubted_counts_for_little() -> None:
    languages = with_a_phrase((("en", 20.0),), {"es": 0.9, "en": 0.1}, 3.0, doubted=True)
    assert most_probable(languages) == "es"
    assert most_probable(with_a_phrase((("en", 20.0),), {"es": 0.9}, 3.0, doubted=False)) == "en"


def test_before_anybody_speaks_there_is_no_language() -> None:
    assert most_probable(()) == ""
