"""A conversation is one frozen value."""

from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from backchannel.conversation.interpret import interpret
from backchannel.conversation.state import MAIN_PERSON, Conversation, Person
from backchannel.tracks import Tracks
from tests.conversation.driving import assert_same
from tests.cues.build import both, heard, seen


def test_a_new_conversation_is_empty() -> None:
    conversation = Conversation()
    assert conversation.clock.reached_s == conversation.window_start_s == 0.0
    assert set(conversation.people) == {MAIN_PERSON}
    assert_same(conversation.main, Person())
    assert not conversation.heard


def test_new_conversations_share_nothing_that_can_change() -> None:
    assert Conversation().people is not Conversation().people


def test_the_main_person_is_replaced_and_others_stay() -> None:
    other = Person(reported=())
    conversation = replace(Conversation(), people={MAIN_PERSON: Person(), 7: other})
    somebody = replace(conversation.main, window=conversation.main.window)
    after = conversation.with_main(somebody)
    assert after.main is somebody
    assert after.people[7] is other
    assert conversation.main is not somebody, "the value before is as it was"


def test_what_is_carried_cannot_be_changed() -> None:
    conversation, _ = interpret(Conversation(), both(seen(6.0), heard(6.0, [(1.0, 3.0)])))
    with pytest.raises(FrozenInstanceError):
        conversation.heard = False  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        conversation.main.reported = ()  # type: ignore[misc]


def test_it_holds_rows_and_cues_and_never_samples_or_pictures() -> None:
    conversation, _ = interpret(Conversation(), both(seen(6.0), heard(6.0, [(1.0, 3.0)])))
    # A second of sound would be 16 000 samples, and a picture has three dimensions.
    for place, array in arrays_in(conversation, "it"):
        assert array.ndim <= 2, place
        assert array.shape[0] <= 100 * 18, place


def arrays_in(value: Any, place: str) -> list[tuple[str, np.ndarray]]:
    if isinstance(value, np.ndarray):
        return [(place, value)]
    parts: list[tuple[str, Any]] = []
    if is_dataclass(value):
        parts = [(field.name, getattr(value, field.name)) for field in fields(value)]
    elif isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, tuple):
        parts = [(str(number), part) for number, part in enumerate(value)]
    return [found for name, part in parts for found in arrays_in(part, f"{place}.{name}")]


def test_interpreting_leaves_the_conversation_before_as_it_was() -> None:
    piece = both(seen(3.0), heard(3.0, [(0.5, 2.0)]))
    before, _ = interpret(Conversation(), piece)
    first, changes = interpret(before, piece)
    interpret(before, Tracks(3.0, None, None, None), closes_window=True)
    again, same = interpret(before, piece)
    assert_same(first, again)
    assert_same(changes, same)
