"""What counts as a cue in words: heard with confidence, meant, and the person's own."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.cues.words.find import MOST_QUOTED, word_cues
from backchannel.cues.words.lists import languages
from backchannel.values import Phrase, Span, Word
from tests.cues.words.build import WORD_S, heard


def _names(sentence: str) -> list[str]:
    return [cue.name for cue in word_cues(heard(sentence))]


def test_a_cue_has_the_time_and_the_words_of_its_phrase() -> None:
    (cue,) = word_cues(heard("Well I'm really not sure, today."))
    assert (cue.name, cue.modality, cue.quote) == ("hedge", "text", "not sure")
    assert cue.span == Span(3 * WORD_S, 5 * WORD_S)
    assert (cue.value, cue.unit, cue.baseline) == (2.0, "words", None)


def test_a_cue_is_as_certain_as_its_least_certain_word() -> None:
    phrase = heard("I guess so.")
    words = (replace(phrase.words[0], confidence=0.7), *phrase.words[1:])
    assert [cue.certainty for cue in word_cues(replace(phrase, words=words))] == [0.7]


def test_words_that_were_hardly_heard_give_no_cue() -> None:
    assert word_cues(heard("I guess so.", confidence=0.59)) == ()


def test_an_uncertain_word_outside_a_cue_does_not_matter() -> None:
    phrase = heard("Maybe tomorrow.")
    words = (phrase.words[0], replace(phrase.words[1], confidence=0.2))
    assert [cue.name for cue in word_cues(replace(phrase, words=words))] == ["hedge"]


def test_a_phrase_that_may_still_change_gives_no_cue() -> None:
    assert word_cues(heard("I guess so.", final=False)) == ()


@pytest.mark.parametrize("text", ["?", "…", "¸", "“ ”"])
def test_marks_without_words_give_no_cue(text: str) -> None:
    word = Word(text, Span(0.0, 0.3), 0.9)
    assert word_cues(Phrase(word.span, text, (word,), "en", 0.9)) == ()


def test_a_withdrawn_phrase_gives_no_cue() -> None:
    assert word_cues(Phrase(Span(0.0, 1.0), "", (), "en", 0.0)) == ()


@pytest.mark.parametrize("language", ["sv", "tlh", ""])
def test_a_language_without_a_list_gives_no_cue(language: str) -> None:
    assert language not in languages()
    assert word_cues(heard("Maybe.", language)) == ()


def test_ten_languages_have_a_list() -> None:
    assert languages() == ("de", "en", "es", "fr", "hi", "it", "ja", "nl", "pl", "pt")


def test_the_longest_phrase_counts() -> None:
    assert [cue.quote for cue in word_cues(heard("I'm not so sure about it."))] == ["I'm not so sure"]


def test_negations_reach_over_a_few_words_but_not_over_a_clause() -> None:
    assert _names("It isn't really all that interesting.") == []
    assert _names("It isn't cheap, interesting though.") == ["positive"]
    assert _names("It doesn't snow there in winter and that's great.") == ["positive"]


def test_reported_words_end_with_the_sentence() -> None:
    assert _names("He said maybe. Maybe I will.") == ["hedge"]


def test_quoted_words_end_with_the_quotation_mark() -> None:
    assert _names('They wrote "maybe tomorrow" and that\'s great.') == ["positive"]


def test_a_long_question_is_not_quoted() -> None:
    short = "Is this the place?"
    long = "Is this the place where we met the two of them last summer?"
    assert [cue.quote for cue in word_cues(heard(short))] == ["Is this the place?"]
    assert [cue.quote for cue in word_cues(heard(long))] == [""]


def test_japanese_is_quoted_without_spaces() -> None:
    assert [cue.quote for cue in word_cues(heard("雨かもしれません。", "ja"))] == ["かもしれません"]


@given(
    st.lists(
        st.sampled_from(
            [
                "no",
                "yes",
                "maybe",
                "not",
                "I",
                "mean",
                "don't",
                "he",
                "said",
                "great,",
                "great.",
                "sure?",
                "really",
            ]
        ),
        max_size=30,
    )
)
def test_any_words_give_cues_in_order_inside_the_phrase(words: list[str]) -> None:
    phrase = heard(" ".join(words))
    cues = word_cues(phrase)
    assert list(cues) == sorted(cues, key=lambda cue: (cue.span, cue.name))
    for cue in cues:
        assert phrase.span.start_s <= cue.span.start_s < cue.span.end_s <= phrase.span.end_s
        assert len(cue.quote.split()) <= MOST_QUOTED
        assert cue.quote in " ".join(word.text for word in phrase.words)
