"""A client's own transcript: what it may be, and which of its phrases the analysis still has to take in."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.errors import Problem
from backchannel.protocol.client_transcript import (
    MAX_PHRASES,
    MAX_TRANSCRIPT_LENGTH,
    MOST_AT_ONCE,
    names_transcript,
    read_transcript,
    read_transcript_field,
)
from backchannel.values import Said, Span

ONE = {"start": 0.5, "end": 2.0, "text": " I'm not sure. ", "speaker": 0}


def message(*phrases: dict[str, Any], **fields: Any) -> str:
    return json.dumps({"type": "transcript.updated", "transcript": phrases, **fields})


def test_phrases_come_in_order_and_without_empty_ones() -> None:
    read = read_transcript(message({"start": 3, "end": 4, "text": "Yes."}, ONE, {**ONE, "text": " "}))
    assert read.phrases == (Said(Span(0.5, 2.0), "I'm not sure."), Said(Span(3, 4), "Yes."))


def test_the_language_may_be_named() -> None:
    assert read_transcript(message(ONE, language="en-US")).language == "en"
    assert read_transcript(message(ONE, language=None)).language == ""


def test_only_the_words_of_the_person_wait() -> None:
    read = read_transcript(message(ONE, {**ONE, "speaker": 1, "text": "I am sure."}))
    assert [one.text for one in read.waiting.phrases] == ["I'm not sure."]
    assert [one.text for one in read.whole.phrases] == ["I'm not sure."]


def test_a_phrase_is_taken_once() -> None:
    read = read_transcript(message(ONE, {**ONE, "start": 2.5, "end": 4.0, "text": "Maybe."}))
    taken = read.taken([Span(0.5, 2.0)])
    assert [one.text for one in taken.waiting.phrases] == ["Maybe."]
    newer = read_transcript(
        message({**ONE, "end": 2.1, "text": "I'm sure."}, {**ONE, "start": 2.4, "end": 3})
    )
    assert [one.span.start_s for one in taken.replaced(newer).waiting.phrases] == [2.4]
    assert taken.taken([]).taken_s == 2.0


def test_few_phrases_wait_at_once() -> None:
    many = [{"start": at, "end": at + 1, "text": "yes"} for at in range(MAX_PHRASES)]
    assert len(read_transcript(message(*many)).waiting.phrases) == MOST_AT_ONCE


@pytest.mark.parametrize(
    "phrase",
    [
        {},
        {"start": 1, "end": 2},
        {"start": 1, "text": "SECRET"},
        {"start": -1, "end": 2, "text": "SECRET"},
        {"start": 3, "end": 2, "text": "SECRET"},
        {"start": "SECRET", "end": 2, "text": "x"},
        {"start": 1, "end": 2, "text": 5},
        {"start": 1, "end": 2, "text": "x" * 5000},
        {"start": 1, "end": 2, "text": "SECRET", "speaker": -1},
        {"start": 1, "end": 2, "text": "SECRET", "speaker": "SECRET"},
    ],
)
def test_an_invalid_phrase_is_a_problem_that_quotes_nothing(phrase: dict[str, Any]) -> None:
    for read, error_id in ((read_transcript, "ih6001"), (read_transcript_field, "ih4005")):
        with pytest.raises(Problem) as caught:
            read(message(phrase))
        assert caught.value.error_id == error_id
        assert "SECRET" not in caught.value.message


def test_too_much_is_a_problem() -> None:
    with pytest.raises(Problem, match=str(MAX_TRANSCRIPT_LENGTH)):
        read_transcript_field("[" + " " * MAX_TRANSCRIPT_LENGTH + "]")
    with pytest.raises(Problem, match=str(MAX_PHRASES)):
        read_transcript(message(*[ONE] * (MAX_PHRASES + 1)))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "transcript.updated", '{"type":"session.close"}', '{"type":5}', "[" * 5000]
)
def test_other_messages_are_no_transcript(text: str) -> None:
    assert not names_transcript(text)


def test_a_field_may_be_a_list() -> None:
    assert read_transcript_field(json.dumps([ONE])).phrases == (Said(Span(0.5, 2.0), "I'm not sure."),)


@given(st.text())
def test_any_field_is_a_transcript_or_a_problem(text: str) -> None:
    try:
        read_transcript_field(text)
    except Problem as caught:
        problem = caught
    else:
        return
    assert problem.error_id == "ih4005"
