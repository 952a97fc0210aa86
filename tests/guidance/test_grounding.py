"""A sentence that a language model wrote may say nothing that was not measured or heard."""

import pytest

from backchannel.guidance.grounding import MAX_WORDS, is_grounded
from backchannel.guidance.guide import Advice, sentence
from backchannel.guidance.rules import guidance_rules
from backchannel.signals.rationale import evidence_of
from backchannel.values import Span
from tests.guidance.test_guide import asking, shaking

HEARD = ["We could meet on Friday, I'm not sure.", "Let us see at 3."]
RULES = {rule.name: rule for rule in guidance_rules()}


SHOOK = tuple(evidence_of(shaking(), 2.0))
ASKED = tuple(evidence_of(asking(), 2.0))
OBJECTION = Advice(sentence(RULES["hear_objection"], SHOOK), Span(0.0, 10.0), SHOOK)
QUESTION = Advice(sentence(RULES["answer_first"], ASKED), Span(0.0, 10.0), ASKED)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (OBJECTION.text, OBJECTION),
        (QUESTION.text, QUESTION),
        ("They shook their head 3 times; ask what they see in another way.", OBJECTION),
        ("They shook their head 3 times at 1.5 Hz: ask what is missing.", OBJECTION),
        ("They asked “What do you mean?”, so say it in plain words.", QUESTION),
        ('Come back to "I\'m not sure": ask which day suits them.', QUESTION),
        ("They said ‘we could meet on Friday’, so ask when.", QUESTION),
        ("Ask what one thing is missing.", OBJECTION),
    ],
)
def test_what_was_measured_or_heard_may_be_said(text: str, advice: Advice) -> None:
    assert is_grounded(text, advice, HEARD)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "They shook their head 4 times.",
        "They shook their head 13 times.",
        "They shook their head three times.",
        "They shook their head twice.",
        "They shook their head several times.",
        "They shook their head for 2,5 s.",
        "They said “that is wrong”.",
        'They said "that is wrong".',
        "They said ‘that is wrong’ and left.",
        "They said «that is wrong».",
        "They said “not s”.",
        "They said “”.",
        "They said “we could meet.",
        "They look angry, so slow down.",
        "They are confused: explain it.",
        "They feel left out.",
        "They disagree with you.",
        "They smiled, so go on.",
        "They paused: wait.",
        "They looked away.",
        "They said no.",
        "Ask what is missing.\nThey shook their head.",
        "Ask what is missing",
        "Ask\x1b[31m what is missing.",
        "Ask what is missing " * MAX_WORDS + ".",
    ],
)
def test_what_was_not_may_not(text: str) -> None:
    assert not is_grounded(text, OBJECTION, HEARD)


def test_a_quotation_may_hold_any_word_that_was_said() -> None:
    assert is_grounded("They said “I feel angry”, so ask why.", OBJECTION, ["I feel angry today."])
    assert not is_grounded("They said “I feel angry” and are angry.", OBJECTION, ["I am here."])


def test_numbers_of_the_transcript_are_no_measurements() -> None:
    assert not is_grounded("They will be there at 3.", QUESTION, HEARD)
