"""Signals from words: what clear words suggest, what they must not, and that every quotation was said."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.conversation.interpret import finish, interpret
from backchannel.conversation.state import Conversation
from backchannel.cues.words.find import word_cues
from backchannel.tracks import Tracks
from backchannel.updates import SignalBegan, SignalChanged
from backchannel.values import Cue, Phrase, Signal
from tests.conversation.test_words import LISTENER, saying
from tests.cues.build import both, heard, seen
from tests.cues.words.build import heard as phrase_of
from tests.signals.evidence import cue, types_of, weighed
from tests.slicing import every

CLEAR = {
    "Exactly.": "agreement",
    "I disagree.": "disagreement",
    "I'm certain of it.": "confidence",
    "I, I think so.": "hesitation",
    "I'm not sure.": "uncertainty",
    "Maybe, I think.": "uncertainty",
    "What do you mean?": "confusion",
}
NOTHING = (
    "I think it rained.",
    "Maybe tomorrow.",
    "That is a terrible idea.",
    "The train leaves at nine.",
    "He said he was not sure.",
    "I don't disagree.",
    "You know, it was late.",
    "Thank you.",
    "I'm sorry.",
    "That's great.",
    "Is it nine?",
)


def of(sentence: str, *others: Cue) -> tuple[Signal, ...]:
    """Signals of a person who says a sentence in the sixth second."""
    phrase = phrase_of(sentence).shifted(5.0)
    speaking = cue("speaking", phrase.span.start_s, phrase.span.end_s)
    return weighed([*word_cues(phrase), *others, speaking])


@pytest.mark.parametrize(("sentence", "signal"), CLEAR.items())
def test_clear_words_alone_are_a_low_probability(sentence: str, signal: str) -> None:
    (found,) = [one for one in of(sentence) if one.type == signal]
    assert found.probability == "low"
    assert found.modalities == ("text",)
    assert "“" in found.rationale


@pytest.mark.parametrize("sentence", NOTHING)
def test_other_words_alone_are_no_signal(sentence: str) -> None:
    assert types_of(of(sentence)) == set()


def test_a_face_that_agrees_with_the_words_makes_them_likelier() -> None:
    alone = of("I disagree.")
    together = of("I disagree.", cue("shake", 5.0, 6.0))
    (before,) = [one for one in alone if one.type == "disagreement"]
    (after,) = [one for one in together if one.type == "disagreement"]
    assert after.score > before.score
    assert after.modalities == ("visual", "text")
    assert "shook the head" in after.rationale.lower()
    assert "“I disagree”" in after.rationale


def test_a_negative_word_needs_a_face_or_a_voice() -> None:
    assert types_of(of("That is terrible.")) == set()
    assert "frustration" in types_of(of("That is terrible.", cue("loud", 5.0, 6.0)))


def test_a_yes_speaks_against_a_shake_and_a_no_against_a_nod() -> None:
    shake, nod = cue("shake", 5.0, 6.0, value=12.0), cue("nod", 5.0, 6.0, count=2)
    for sentence, gesture, signal in (("Exactly.", shake, "disagreement"), ("I disagree.", nod, "agreement")):
        without = next(one for one in weighed([gesture]) if one.type == signal)
        contradicted = [one for one in of(sentence, gesture) if one.type == signal]
        assert all(one.score < without.score for one in contradicted)


def test_a_hedge_takes_from_confidence() -> None:
    steady = cue("steady_voice", 4.0, 9.0, speech=5.0, pause_share=5.0)
    cues = (steady, cue("facing", 3.0, 9.0, value=95.0), cue("speaking", 4.0, 9.0))
    before = next(one for one in weighed(cues) if one.type == "confidence")
    after = [one for one in of("I'm not sure.", *cues) if one.type == "confidence"]
    assert all(one.score < before.score for one in after)


def test_a_pause_and_a_hedge_are_one_sentence() -> None:
    pause = cue("long_pause", 3.8, 5.0, value=1.2)
    (found,) = [one for one in of("I'm not sure.", pause) if one.type == "uncertainty"]
    assert found.rationale == "Said “I'm not sure” after a 1.2 s pause."
    assert found.modalities == ("audio", "text")


# --- grounding -------------------------------------------------------------------------------------

SENTENCES = st.sampled_from([*CLEAR, *NOTHING, "No, no. I'm not sure, I mean, what do you mean by that?"])
TALKER = both(seen(12.0), heard(12.0, [(1.0, 5.5), (6.2, 9.0)]))


@st.composite
def phrases(draw: st.DrawFn) -> tuple[Phrase, ...]:
    """Phrases of any confidence, some of which may still change."""
    said = []
    for start_s in draw(st.lists(st.floats(0.0, 10.0), max_size=4)):
        confidence = draw(st.sampled_from([0.3, 0.59, 0.6, 0.95]))
        phrase = phrase_of(draw(SENTENCES), confidence=confidence, final=draw(st.booleans()))
        said.append(phrase.shifted(start_s))
    return tuple(said)


def everything_said(tracks: Tracks, words: tuple[Phrase, ...], *, closes_window: bool) -> list[Signal]:
    """Every signal that a session with these words ever shows."""
    conversation, signals = Conversation(), list[Signal]()
    pieces = every(tracks, 3.0)
    for number, piece in enumerate(pieces):
        late = number == len(pieces) - 1
        now = tuple(
            one.shifted(-3.0 * number)
            for one in words
            if number == min(int(one.span.end_s // 3.0), len(pieces) - 1) or (late and one.span.end_s > 12.0)
        )
        conversation, changes = interpret(
            conversation, replace(piece, words=now), closes_window=closes_window
        )
        signals += [one for result in changes.results for one in result.signals]
        signals += [one.signal for one in changes.news if isinstance(one, SignalBegan | SignalChanged)]
    _, changes = finish(conversation)
    return [*signals, *(one for result in changes.results for one in result.signals)]


@settings(deadline=None, max_examples=60)
@given(phrases(), st.booleans())
def test_every_quotation_was_in_a_final_phrase_and_clearly_heard(
    words: tuple[Phrase, ...], closes_window: bool
) -> None:
    clear = [
        " ".join(word.text for word in phrase.words)
        for phrase in words
        if phrase.final and phrase.confidence >= 0.6
    ]
    for signal in everything_said(TALKER, words, closes_window=closes_window):
        quotes = re.findall("“([^”]*)”", signal.rationale)
        for quote in quotes:
            assert any(quote in sentence for sentence in clear), (quote, clear)
        assert sum(len(quote.split()) for quote in quotes) <= 24
        for entry in signal.evidence:
            assert not entry.text or any(entry.text in sentence for sentence in clear)


@settings(deadline=None, max_examples=30)
@given(SENTENCES, st.booleans())
def test_another_voice_is_never_quoted(sentence: str, closes_window: bool) -> None:
    words = saying(LISTENER, (5.0, sentence)).words or ()
    for signal in everything_said(LISTENER, words, closes_window=closes_window):
        assert "“" not in signal.rationale
        assert "text" not in signal.modalities
