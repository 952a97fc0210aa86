"""A client's own phrases become phrases with words, in the language of the words."""

from collections.abc import Sequence

import numpy as np
import pytest

from backchannel.constants import VOICE_ROW_S
from backchannel.cues.words.find import word_cues
from backchannel.cues.words.given import given_phrases, language_of, spoken
from backchannel.tracks import VoiceTracks
from backchannel.values import GivenWords, Phrase, Said, Span


def given(*phrases: tuple[float, float, str], language: str = "") -> GivenWords:
    return GivenWords(tuple(Said(Span(start_s, end_s), text) for start_s, end_s, text in phrases), language)


def named(phrases: Sequence[Phrase]) -> list[tuple[str, str]]:
    return [(cue.name, cue.quote) for phrase in phrases for cue in word_cues(phrase)]


def test_words_have_estimated_times_inside_their_phrase() -> None:
    (phrase,) = given_phrases(given((1.0, 3.0, "I'm not  sure, maybe.")), 9.0, "")
    assert [word.text for word in phrase.words] == ["I'm", "not", "sure,", "maybe."]
    assert phrase.words[0].span.start_s == 1.0
    assert phrase.words[-1].span.end_s == pytest.approx(3.0)
    assert all(
        one.span.end_s == other.span.start_s
        for one, other in zip(phrase.words, phrase.words[1:], strict=False)
    )
    assert named([phrase]) == [("hedge", "I'm not sure"), ("hedge", "maybe")]


def test_marks_belong_to_the_word_before() -> None:
    (phrase,) = given_phrases(given((0.0, 1.0, "Vous pouvez répéter ?"), language="fr"), 9.0, "")
    assert [word.text for word in phrase.words] == ["Vous", "pouvez", "répéter ?"]
    assert ("question", "Vous pouvez répéter ?") in named([phrase])


def test_japanese_words_are_letters() -> None:
    phrases = given_phrases(given((0.0, 1.0, "雨かもしれません。")), 9.0, "")
    assert phrases[0].language == "ja"
    assert named(phrases) == [("hedge", "かもしれません")]


def test_only_phrases_that_are_over_count() -> None:
    two = given((0.0, 2.0, "Yes."), (2.5, 4.0, "No."))
    assert [phrase.text for phrase in given_phrases(two, 3.9, "en")] == ["Yes."]
    assert given_phrases(two, 1.9, "en") == given_phrases(None, 9.0, "en") == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I'm not sure what you mean.", "en"),
        ("No estoy seguro, creo que sí.", "es"),
        ("Je ne suis pas d'accord avec ça.", "fr"),
        ("Das stimmt so nicht, glaube ich.", "de"),
        ("Não tenho certeza, talvez.", "pt"),
        ("Non sono sicuro, forse.", "it"),
        ("Ik weet het niet zeker.", "nl"),
        ("Nie jestem pewien, może.", "pl"),
        ("よくわかりません。", "ja"),
        ("मुझे पता नहीं।", "hi"),
        ("Ok.", ""),
        ("12.", ""),
        ("", ""),
        ("Kyllä, olen samaa mieltä.", ""),
    ],
)
def test_the_language_is_that_of_the_words_or_unknown(text: str, language: str) -> None:
    assert language_of([text]) == language


def test_a_known_language_stays_until_the_words_show_another() -> None:
    assert language_of(["Ok."], "de") == "de"
    assert language_of(["No estoy seguro, creo que sí."], "de") == "es"


def test_a_named_language_is_not_doubted() -> None:
    (phrase,) = given_phrases(given((0.0, 1.0, "No estoy seguro."), language="de"), 9.0, "es")
    assert phrase.language == "de"


def test_words_of_an_unknown_language_are_no_cues() -> None:
    (phrase,) = given_phrases(given((0.0, 1.0, "Ok.")), 9.0, "")
    assert named([phrase]) == []


def voice(*speech: tuple[float, float]) -> VoiceTracks:
    """Ten seconds of rows with speech."""
    time_s = np.arange(1000) * VOICE_ROW_S
    probability = np.zeros(1000, np.float32)
    for start_s, end_s in speech:
        probability[(time_s >= start_s) & (time_s < end_s)] = 0.9
    nothing = np.full(1000, np.nan, np.float32)
    return VoiceTracks(time_s, probability, nothing, nothing, nothing, np.zeros(1000, np.bool_))


@pytest.mark.parametrize(
    ("sound", "kept"),
    [
        (voice((1.0, 3.0)), True),
        (voice((3.4, 5.0)), True),
        (voice((4.0, 5.0)), False),
        (voice(), False),
        (None, True),
        (voice().cut(6.0), True),
    ],
    ids=["spoken", "a clock that differs", "spoken later", "silence", "no sound", "before the sound"],
)
def test_words_during_which_nobody_spoke_do_not_count(sound: VoiceTracks | None, kept: bool) -> None:
    phrases = given_phrases(given((1.0, 3.0, "I'm not sure.")), 9.0, "")
    assert (spoken(phrases, sound) == phrases) is kept
