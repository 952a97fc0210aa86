"""What a window shows: empty media, coverage, evidence, and how the cut into segments does not matter."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from backchannel.arrays import FloatArray
from backchannel.conversation.interpret import interpret
from backchannel.conversation.state import Conversation
from backchannel.conversation.windows import look_at_window
from backchannel.tracks import Tracks
from backchannel.values import Cue, SegmentResult, Span
from tests.conversation.driving import assert_same, in_pieces, in_segments, results_of
from tests.cues.build import (
    AT_REST,
    BROWS,
    both,
    clock,
    during,
    face,
    heard,
    mirrored,
    near,
    picture,
    seen,
    swings,
)
from tests.slicing import every, merged, pieces_of

NOTHING = Tracks(3.0, None, None, None)

# --- nothing ---------------------------------------------------------------------------------------


def test_empty_tracks_give_an_empty_result() -> None:
    (result,) = in_segments([NOTHING])
    assert result.span == Span(0.0, 3.0)
    assert result.cues == ()
    assert result.signals == ()
    assert [(e.span, e.state) for e in result.engagement] == [(Span(0.0, 3.0), "neutral")]
    assert result.quality.quality_index == result.quality_overall.quality_index == 50.0
    assert (result.coverage.picture, result.coverage.sound) == (False, False)
    assert (result.coverage.face_share, result.coverage.speech_share) == (None, None)
    assert set(result.coverage.notes) == {
        "There was no picture.",
        "There was no sound.",
        "Nobody was visible or speaking, so engagement was not measured.",
    }


T6 = clock(6.0)
UNREMARKABLE = {
    "black and silent": both(Tracks(6.0, None, picture(T6, moving=T6 == 0), None), heard(6.0)),
    "black without sound": Tracks(6.0, None, picture(T6, moving=T6 == 0), None),
    "an empty room": both(Tracks(6.0, None, picture(T6), None), heard(6.0)),
    "silence": heard(6.0),
    "a frozen face that nods": Tracks(
        6.0,
        None,
        picture(T6, face(T6.size, head_pitch_deg=swings(T6, 2, 3, 2.0, 10.0)), moving=T6 == 0),
        None,
    ),
    "a frozen face that smiles": Tracks(
        6.0, None, picture(T6, face(T6.size, mouth_width=0.8, lip_corner_height=-0.15), moving=T6 == 0), None
    ),
}


@pytest.mark.parametrize("tracks", UNREMARKABLE.values(), ids=UNREMARKABLE.keys())
def test_no_signal_and_no_engagement_is_made_of(tracks: Tracks) -> None:
    results = in_segments([tracks] * 4)
    assert len(results) == 4
    for result in results:
        assert result.signals == ()
        assert {span.state for span in result.engagement} == {"neutral"}
        assert result.quality.quality_index == 50.0


def test_what_is_missing_is_said_in_the_coverage() -> None:
    (silent,) = in_segments([both(seen(6.0), heard(6.0))])
    assert silent.coverage.face_share == 1.0
    assert silent.coverage.speech_share == 0.0
    assert "No speech was detected." in silent.coverage.notes
    (empty,) = in_segments([UNREMARKABLE["an empty room"]])
    assert empty.coverage.face_share == 0.0
    assert "No face was in view." in empty.coverage.notes
    (half,) = in_segments([both(seen(6.0, valid=T6 < 3), heard(6.0, [(1.0, 4.0)]))])
    assert half.coverage.face_share == pytest.approx(0.5)
    assert half.coverage.speech_share == pytest.approx(0.5, abs=0.02)


def test_looking_at_an_open_window_changes_nothing() -> None:
    conversation, _ = interpret(Conversation(), both(seen(3.0), heard(3.0, [(0.5, 2.0)])))
    _, first = look_at_window(conversation, 2.0)
    look_at_window(conversation, 3.0)
    _, again = look_at_window(conversation, 2.0)
    assert_same(first, again)


def test_after_a_window_the_next_one_begins_where_it_ended() -> None:
    conversation, _ = interpret(Conversation(), both(seen(4.0), heard(4.0, [(0.5, 2.0)])))
    after, result = look_at_window(conversation, 3.0)
    assert (after.window_start_s, result.span) == (3.0, Span(0.0, 3.0))
    rest = after.main.window
    assert rest.face is not None
    assert rest.voice is not None
    assert rest.face.time_s[0] == pytest.approx(3.0, abs=0.001)
    assert rest.voice.time_s[0] == pytest.approx(3.0, abs=0.001)


# --- a conversation, however it is cut -------------------------------------------------------------

LENGTH_S = 36.0
T = clock(LENGTH_S)


def talk() -> Tracks:
    """Listens, nods, smiles, raises the brows, speaks with pauses, leans, shakes the head, looks away."""
    smile = during(T, 9.5, 12.5)
    raised: dict[str, Any] = {name: AT_REST[name] + 0.08 * during(T, 14.4, 15.6) for name in BROWS}
    shown = seen(
        LENGTH_S,
        head_pitch_deg=swings(T, 5.2, 3, 2.0, 9.0),
        head_yaw_deg=swings(T, 28.6, 3, 1.6, 14.0),
        head_roll_deg=14 * during(T, 22.0, 24.4),
        head_scale=0.25 * (1 + 0.2 * during(T, 17.0, 20.0, 0.4)),
        gaze_yaw_deg=30 * during(T, 31.5, 33.2),
        mouth_width=AT_REST["mouth_width"] + 0.12 * smile,
        lip_corner_height=AT_REST["lip_corner_height"] + 0.06 * smile,
        **raised,
    )
    return both(
        shown, heard(LENGTH_S, [(16.2, 18.5), (19.4, 21.0), (21.4, 24.0), (25.1, 27.0), (30.0, 31.4)])
    )


TALK = talk()
STABLE = (
    "nod",
    "shake",
    "tilt",
    "smile",
    "brow_raise",
    "lean_in",
    "gaze_away",
    "speaking",
    "pause",
    "long_pause",
)


def compare(whole: Sequence[Cue], parts: Sequence[Cue], names: Sequence[str]) -> None:
    """The same cues of some names, within 0.2 s."""
    for name in names:
        one, other = ([cue for cue in cues if cue.name == name] for cues in (whole, parts))
        spans = [(round(c.span.start_s, 2), round(c.span.end_s, 2)) for c in (*one, *other)]
        assert len(one) == len(other), (name, spans)
        for before, after in zip(one, other, strict=True):
            assert near(after.span, before.span.start_s, before.span.end_s, 0.2), (name, spans)
            assert after.direction == before.direction


@pytest.mark.parametrize("piece_s", [3.0, 5.0, 7.3, 12.0])
def test_the_cut_into_segments_does_not_change_the_cues(piece_s: float) -> None:
    whole = merged(in_segments([TALK]))
    assert {"nod", "shake", "smile", "brow_raise", "long_pause", "lean_in"} <= {cue.name for cue in whole}
    compare(whole, merged(in_segments(every(TALK, piece_s))), STABLE)


def test_cuts_through_a_cue_do_not_change_it() -> None:
    cuts = [5.9, 6.3, 10.5, 15.0, 18.95, 21.2, 24.6, 29.4, 32.0]
    pieces = [piece for _, piece in pieces_of(TALK, cuts)]
    compare(merged(in_segments([TALK])), merged(in_segments(pieces)), ("nod", "shake", "smile", "brow_raise"))


@pytest.mark.parametrize("piece_s", [0.4, 1.0, 3.0, 7.3])
def test_the_windows_of_a_stream_are_the_same_however_it_is_cut(piece_s: float) -> None:
    expected = in_segments(every(TALK, 5.0))[:7]
    _, reported = in_pieces(Conversation(), every(TALK, piece_s))
    results = results_of(reported)
    assert [result.span for result in results] == [result.span for result in expected]
    for result, same in zip(results, expected, strict=True):
        assert result.cues == same.cues
        assert result.signals == same.signals
        assert result.engagement == same.engagement
        assert result.quality_overall == same.quality_overall


@pytest.mark.parametrize("piece_s", [3.0, 5.0, 12.0])
def test_the_cut_into_segments_loses_no_clear_signal(piece_s: float) -> None:
    # Not so of signals that are based on a whole turn: a segment can only know the turn up to its own end.
    for results in (in_segments([TALK]), in_segments(every(TALK, piece_s))):
        types = {signal.type for result in results for signal in result.signals}
        assert {"agreement", "disagreement", "interest", "hesitation"} <= types
        assert not types & {"confusion", "frustration", "skepticism", "stress"}


def test_a_gesture_at_the_edge_is_one_signal_and_not_two() -> None:
    for cut_s in (5.4, 5.8, 6.2, 6.6, 7.0):
        pieces = [piece for _, piece in pieces_of(TALK, [cut_s])]
        signals = [s for result in in_segments(pieces) for s in result.signals if s.type == "agreement"]
        assert 1 <= len(signals) <= 2, cut_s
        assert sum(s.rationale.startswith("Nodded 3 times") for s in signals) == 1, cut_s


def restless(seed: int) -> Tracks:
    """Somebody who smiles and raises the brows while head and mouth are never still."""
    chance = np.random.default_rng(seed)

    def wandering(step: float) -> FloatArray:
        return np.cumsum(chance.normal(0, step, T.size)) * during(T, 0, LENGTH_S)

    smile = sum((during(T, at_s, at_s + 2.0) for at_s in chance.uniform(0, LENGTH_S, 6)), np.zeros(T.size))
    raised: dict[str, Any] = {name: AT_REST[name] + np.abs(wandering(0.01)) for name in BROWS}
    return seen(
        LENGTH_S,
        head_pitch_deg=wandering(1.2),
        head_yaw_deg=wandering(1.2),
        mouth_width=AT_REST["mouth_width"] + 0.1 * smile,
        lip_corner_height=AT_REST["lip_corner_height"] + 0.05 * smile,
        **raised,
    )


@pytest.mark.parametrize("seed", range(12))
def test_no_signal_is_based_on_a_cue_that_is_in_no_answer(seed: int) -> None:
    results = in_segments(every(restless(seed), 3.0))
    reported = [(cue.name, cue.span, cue.value) for result in results for cue in result.cues]
    for result in results:
        for signal in result.signals:
            first = [entry for entry in signal.evidence if not entry.measure]
            assert first
            assert [entry for entry in first if (entry.cue, entry.span, entry.value) not in reported] == []


def test_results_lie_inside_their_segments_and_follow_one_another() -> None:
    results = in_segments(every(TALK, 5.0))
    assert len(results) == 8
    for result in results:
        assert result.engagement[0].span.start_s == result.span.start_s
        assert result.engagement[-1].span.end_s == result.span.end_s
        for signal in result.signals:
            assert result.span.start_s <= signal.span.start_s < signal.span.end_s <= result.span.end_s
        assert list(result.cues) == sorted(result.cues, key=lambda cue: (cue.span, cue.name))
        assert list(result.signals) == sorted(result.signals, key=lambda signal: signal.span)


def test_a_mirror_changes_nothing_but_sides() -> None:
    (one,), (other,) = in_segments([TALK]), in_segments([mirrored(TALK)])
    assert [(s.type, s.span, s.probability) for s in one.signals] == [
        (s.type, s.span, s.probability) for s in other.signals
    ]
    assert one.engagement == other.engagement
    sides = [(a.direction, b.direction) for a, b in zip(one.cues, other.cues, strict=True) if a.direction]
    assert ("left", "right") in sides
    assert all({a, b} == {"left", "right"} for a, b in sides)


def test_the_overall_quality_is_that_of_all_segments_by_duration() -> None:
    results = in_segments(every(TALK, 7.0))
    weighed = sum(r.quality.rapport * r.span.duration_s for r in results) / LENGTH_S
    assert results[-1].quality_overall.rapport == pytest.approx(weighed)


def test_conversations_do_not_hear_of_each_other() -> None:
    alone = in_segments(every(TALK, 6.0))
    one, other, mixed = Conversation(), Conversation(), list[SegmentResult]()
    for piece in every(TALK, 6.0):
        one, changes = interpret(one, piece, closes_window=True)
        mixed += changes.results
        other, _ = interpret(other, mirrored(piece), closes_window=True)
    assert mixed == alone


def test_a_conversation_can_be_replayed_from_any_point() -> None:
    pieces = every(TALK, 5.0)
    conversation, before = Conversation(), []
    for piece in pieces:
        before.append(conversation)
        conversation, _ = interpret(conversation, piece, closes_window=True)
    replayed = before[3]
    for piece in pieces[3:]:
        replayed, _ = interpret(replayed, piece, closes_window=True)
    assert_same(replayed, conversation)
