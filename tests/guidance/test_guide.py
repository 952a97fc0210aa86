"""Guidance: one sentence from evidence at a time, and silence where there is none."""

import re
from collections.abc import Sequence
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.cues.thresholds import cue_table
from backchannel.guidance.guide import NO_GUIDANCE, Advice, Guide
from backchannel.guidance.rules import RANKS, Dimension, guidance_rules
from backchannel.signals.rationale import evidence_of
from backchannel.signals.weights import signal_table
from backchannel.updates import Change, Changes, CueOver, SignalBegan, SignalChanged
from backchannel.values import Cue, Probability, Signal, SignalType, Span

PERIOD_S = 10.0


def shaking(start_s: float = 2.0) -> Cue:
    span = Span(start_s, start_s + 1.5)
    return Cue("shake", "visual", span, 12.0, "deg", None, 0.9, (("count", 3.0, ""), ("rate", 1.5, "Hz")))


def asking(text: str = "what do you mean", start_s: float = 4.0) -> Cue:
    words = float(len(text.split()))
    return Cue(
        "clarifying_question", "text", Span(start_s, start_s + 1.0), words, "words", None, 0.9, quote=text
    )


def signal(kind: SignalType, cue: Cue, probability: Probability = "medium") -> Signal:
    return Signal(kind, cue.span, probability, "", (cue.modality,), 0.6, tuple(evidence_of(cue, 2.0)))


def advised(guide: Guide, *changes: Change, reached_s: float = PERIOD_S) -> tuple[Guide, Advice]:
    guide, advice = guide.follow(Changes(reached_s, changes))
    assert advice is not None
    return guide, advice


NEW = Guide(PERIOD_S, 0.0)


def test_advice_ends_with_its_evidence() -> None:
    _, advice = advised(NEW, SignalBegan(signal("disagreement", shaking())))
    assert advice.text == "Ask what they see differently: the person shook the head 3 times."
    assert advice.span == Span(0.0, PERIOD_S)
    assert {entry.cue for entry in advice.evidence} == {"shake"}


def test_without_evidence_there_is_nothing_to_say() -> None:
    assert advised(NEW)[1] == Advice(NO_GUIDANCE, Span(0.0, PERIOD_S))


def test_a_signal_below_the_rules_probability_is_no_reason() -> None:
    assert advised(NEW, SignalBegan(signal("disagreement", shaking(), "low")))[1].text == NO_GUIDANCE


def test_a_signal_that_rises_becomes_one() -> None:
    low, medium = signal("disagreement", shaking(), "low"), signal("disagreement", shaking(), "medium")
    assert advised(NEW, SignalBegan(low), SignalChanged(medium))[1].text != NO_GUIDANCE


def test_words_are_quoted_as_they_were_heard() -> None:
    _, advice = advised(NEW, CueOver(asking()))
    assert advice.text == "Answer this before you go on: the person asked “what do you mean”."


def test_a_question_comes_before_an_objection() -> None:
    _, advice = advised(NEW, SignalBegan(signal("disagreement", shaking())), CueOver(asking()))
    assert "asked" in advice.text


def test_other_cues_are_no_reason() -> None:
    assert advised(NEW, CueOver(shaking()))[1].text == NO_GUIDANCE


def test_nothing_is_said_before_the_stretch_is_over() -> None:
    guide, advice = NEW.follow(Changes(PERIOD_S - 0.1, (CueOver(asking()),)))
    assert advice is None
    guide, advice = guide.follow(Changes(PERIOD_S + 0.2))
    assert advice is not None
    assert "asked" in advice.text
    assert guide.follow(Changes(2 * PERIOD_S))[1] is None, "the next stretch began at 10.2 s"


def test_the_same_evidence_gives_advice_once() -> None:
    going_on = signal("disagreement", shaking())
    guide, _ = advised(NEW, SignalBegan(going_on))
    guide, again = advised(guide, SignalChanged(going_on), reached_s=20.0)
    assert again.text == NO_GUIDANCE
    _, anew = advised(guide, SignalBegan(signal("disagreement", shaking(22.0))), reached_s=30.0)
    assert anew.text != NO_GUIDANCE


def test_goals_leave_out_what_does_not_serve_them() -> None:
    guide = Guide(PERIOD_S, 0.0, goals=frozenset({"energy"}))
    assert advised(guide, SignalBegan(signal("disagreement", shaking())))[1].text == NO_GUIDANCE
    assert advised(guide, SignalBegan(signal("interest", shaking())))[1].text != NO_GUIDANCE


CHANGES = st.lists(
    st.builds(
        lambda kind, start_s, probability: SignalBegan(signal(kind, shaking(start_s), probability)),
        st.sampled_from(get_args(SignalType)),
        st.floats(0, 40).map(lambda start_s: round(start_s, 1)),
        st.sampled_from(tuple(RANKS)),
    )
    | st.builds(
        lambda text, start_s: CueOver(asking(text, start_s)),
        st.sampled_from(("what do you mean", "say that again", "")),
        st.floats(0, 40),
    ),
    max_size=6,
)


@given(st.lists(CHANGES, max_size=4))
def test_nothing_is_counted_or_quoted_that_is_not_in_the_evidence(pieces: Sequence[list[Change]]) -> None:
    guide = NEW
    for number, piece in enumerate(pieces):
        guide, advice = guide.follow(Changes(number * PERIOD_S, tuple(piece)))
        if advice is None or advice.text == NO_GUIDANCE:
            continue
        texts = {entry.text for entry in advice.evidence}
        assert set(re.findall(r"“(.*?)”", advice.text)) <= texts
        values = {f"{entry.value:g}" for entry in advice.evidence}
        assert set(re.findall(r"\d+(?:\.\d+)?", advice.text)) <= values


# --- the table -------------------------------------------------------------------------------------


def test_every_rule_says_why() -> None:
    for rule in guidance_rules():
        assert rule.source
        assert rule.dimensions
        assert rule.signals or rule.cues
        assert rule.cues <= set(cue_table())
        assert rule.signals <= set(signal_table())
        assert len(rule.advice.split()) <= 9
        assert not rule.advice.endswith(".")


def test_rules_have_different_names() -> None:
    names = [rule.name for rule in guidance_rules()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("goal", get_args(Dimension))
def test_every_goal_has_a_rule(goal: Dimension) -> None:
    assert any(goal in rule.dimensions for rule in guidance_rules())
