"""A client's own words in a conversation: once, in time, and only where somebody spoke."""

import numpy as np
import pytest

from backchannel.conversation.interpret import finish, interpret
from backchannel.conversation.state import Conversation
from backchannel.errors import Problem
from backchannel.tracks import Tracks
from backchannel.updates import Changes, CueOver
from backchannel.values import GivenWords, Said, Span
from tests.cues.build import RATE_HZ, both, heard, seen

UNSURE = Said(Span(2.0, 3.4), "I'm not sure, maybe.")
SPOKEN = heard(6.0, [(2.0, 3.5)])
SILENT = heard(6.0, [])


def quotes(changes: Changes) -> list[str]:
    return [
        change.cue.quote
        for change in changes.news
        if isinstance(change, CueOver) and change.cue.modality == "text"
    ]


def closed(tracks: Tracks, *said: Said) -> Changes:
    return interpret(Conversation(), tracks, closes_window=True, given=GivenWords(said))[1]


def test_a_clients_words_are_cues_and_transcript() -> None:
    changes = closed(SPOKEN, UNSURE)
    assert quotes(changes) == ["I'm not sure", "maybe"]
    (result,) = changes.results
    assert [(phrase.text, phrase.language) for phrase in result.transcript] == [
        ("I'm not sure, maybe.", "en")
    ]


def test_words_in_silence_are_in_the_transcript_but_are_no_cues() -> None:
    changes = closed(SILENT, UNSURE)
    assert quotes(changes) == []
    assert [phrase.text for phrase in changes.results[0].transcript] == ["I'm not sure, maybe."]


def test_words_that_visible_lips_do_not_speak_are_no_cues() -> None:
    still = both(
        seen(12.0, mouth_opening=0.003 * (np.arange(round(12.0 * RATE_HZ)) % 2)),
        heard(12.0, [(4.0, 8.0)]),
        speaks=False,
    )
    assert quotes(closed(still, Said(Span(4.5, 6.0), "I'm not sure."))) == []


def test_a_phrase_waits_until_media_has_passed_its_end() -> None:
    given = GivenWords((UNSURE, Said(Span(5.2, 6.4), "I agree.")))
    conversation, changes = interpret(Conversation(), SPOKEN, given=given)
    assert [phrase.text for phrase in changes.phrases] == [UNSURE.text]
    rest = given.without(changes.phrases)
    assert [one.text for one in rest.phrases] == ["I agree."]
    _, changes = finish(conversation, given=rest)
    assert [phrase.text for phrase in changes.phrases] == ["I agree."]


def test_a_phrase_may_still_grow_right_after_its_end() -> None:
    short = heard(3.6, [(2.0, 3.5)])
    _, changes = interpret(Conversation(), short, given=GivenWords((UNSURE,)))
    assert changes.phrases == ()


def test_a_session_that_only_looks_rejects_media_without_a_picture() -> None:
    with pytest.raises(Problem, match="no picture"):
        interpret(Conversation(), SPOKEN, picture_only=True)
    interpret(Conversation(), seen(3.0), picture_only=True)
