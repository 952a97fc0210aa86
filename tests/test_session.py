"""One conversation, segment by segment: the clock, the person, the state, and how the cut does not matter."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backchannel.arrays import FloatArray
from backchannel.perception.perceive import perceive
from backchannel.session import (
    SessionState,
    analyze_segment,
    interpret,
    pack,
    skip_segment,
    unpack,
)
from backchannel.signals.rationale import PHRASES
from backchannel.tracks import FaceTracks, Tracks
from backchannel.values import Cue, MediaLimits, Segment, SegmentResult, Span
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


def conversation(pieces: Iterable[Tracks]) -> list[SegmentResult]:
    state, results = SessionState(), []
    for piece in pieces:
        state, result = interpret(state, piece)
        results.append(result)
    return results


def spans_of(results: Sequence[SegmentResult]) -> list[tuple[float, float]]:
    return [(round(result.span.start_s, 6), round(result.span.end_s, 6)) for result in results]


def at(tracks: Tracks, stream_start_s: float | None) -> Tracks:
    return replace(tracks, stream_start_s=stream_start_s)


# --- nothing ----------------------------------------------------------------------------------------


def test_empty_tracks_give_an_empty_result() -> None:
    (result,) = conversation([NOTHING])
    assert result.span == Span(0.0, 3.0)
    assert result.cues == ()
    assert result.signals == ()
    assert [(e.span, e.state) for e in result.engagement] == [(Span(0.0, 3.0), "neutral")]
    assert result.quality.quality_index == result.quality_overall.quality_index == 50.0
    assert (result.coverage.picture, result.coverage.sound) == (False, False)
    assert (result.coverage.face_share, result.coverage.speech_share) == (None, None)
    assert set(result.coverage.notes) == {"There was no picture.", "There was no sound."}


def test_a_segment_of_no_length_moves_nothing() -> None:
    state, result = interpret(SessionState(), replace(NOTHING, duration_s=0.0))
    assert result.span.duration_s == 0.0
    assert result.engagement == ()
    assert state.clock_s == 0.0


T6 = clock(6.0)
UNTOLD = {
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


@pytest.mark.parametrize("tracks", UNTOLD.values(), ids=UNTOLD.keys())
def test_no_signal_and_no_engagement_is_made_of(tracks: Tracks) -> None:
    for result in conversation([tracks] * 4):
        assert result.signals == ()
        assert {span.state for span in result.engagement} == {"neutral"}
        assert result.quality.quality_index == 50.0


def test_what_is_missing_is_said_in_the_coverage() -> None:
    (silent,) = conversation([both(seen(6.0), heard(6.0))])
    assert silent.coverage.face_share == 1.0
    assert silent.coverage.speech_share == 0.0
    assert "No speech was heard." in silent.coverage.notes
    (empty,) = conversation([UNTOLD["an empty room"]])
    assert empty.coverage.face_share == 0.0
    assert "No face was in view." in empty.coverage.notes
    (half,) = conversation([both(seen(6.0, valid=T6 < 3), heard(6.0, [(1.0, 4.0)]))])
    assert half.coverage.face_share == pytest.approx(0.5)
    assert half.coverage.speech_share == pytest.approx(0.5, abs=0.02)


# --- the clock --------------------------------------------------------------------------------------


def test_complete_files_follow_one_another() -> None:
    assert spans_of(conversation([seen(3.0), heard(4.5), seen(3.0)])) == [(0, 3), (3, 7.5), (7.5, 10.5)]


def test_a_stream_keeps_its_clock_when_a_chunk_is_lost() -> None:
    results = conversation([at(seen(3.0), 100.0), at(seen(3.0), 103.0), at(seen(3.0), 109.0)])
    assert spans_of(results) == [(0, 3), (3, 6), (9, 12)]


def test_a_restarted_recorder_follows_on() -> None:
    results = conversation([at(seen(3.0), 0.0), at(seen(3.0), 3.0), at(seen(3.0), 0.0), at(seen(3.0), 3.0)])
    assert spans_of(results) == [(0, 3), (3, 6), (6, 9), (9, 12)]


def test_a_stream_after_files_starts_where_they_ended() -> None:
    results = conversation([seen(5.0), at(seen(3.0), 40.0), at(seen(3.0), 43.0), seen(3.0)])
    assert spans_of(results) == [(0, 5), (5, 8), (8, 11), (11, 14)]


def test_segments_never_go_back_or_overlap() -> None:
    starts = (0.0, 2.9, 5.8, 1000.0, 3.0, 6.0, 6.0, None, 9.0)
    results = conversation(at(seen(3.0), start_s) for start_s in starts)
    for one, other in pairwise(results):
        assert one.span.end_s <= other.span.start_s + 1e-9


def test_skipped_time_keeps_its_place() -> None:
    state, _ = interpret(SessionState(), seen(3.0))
    _, result = interpret(unpack(skip_segment(pack(state), 4.0)), seen(3.0))
    assert result.span == Span(7.0, 10.0)


def test_times_of_cues_are_session_time() -> None:
    nod = seen(6.0, head_pitch_deg=swings(T6, 2.0, 3, 2.0, 10.0))
    (_, second) = conversation([seen(5.0), nod])
    (cue,) = [cue for cue in second.cues if cue.name == "nod"]
    assert near(cue.span, 7.0, 8.5)
    (signal,) = [signal for signal in second.signals if signal.type == "agreement"]
    assert near(signal.span, 7.0, 8.5)


# --- who it is about ---------------------------------------------------------------------------------

ROWS = clock(4.0).size
NODDER = face(ROWS, head_x=0.3, head_pitch_deg=swings(clock(4.0), 1.0, 3, 2.0, 10.0))
SHAKER = face(ROWS, head_x=1.0, head_yaw_deg=swings(clock(4.0), 1.0, 3, 1.6, 16.0))
QUIET = face(ROWS, head_x=0.3)


def of_faces(*faces: FaceTracks) -> Tracks:
    return Tracks(4.0, None, picture(clock(4.0), *faces), None)


def gestures(result: SegmentResult) -> set[str]:
    return {cue.name for cue in result.cues} & {"nod", "shake"}


def test_at_first_it_is_about_the_most_prominent() -> None:
    (result,) = conversation([of_faces(SHAKER, NODDER)])
    assert gestures(result) == {"shake"}


def test_who_was_there_before_stays_the_one_although_another_is_nearer() -> None:
    _, second = conversation([of_faces(QUIET), of_faces(SHAKER, NODDER)])
    assert gestures(second) == {"nod"}


def test_when_the_person_has_gone_the_other_takes_their_place() -> None:
    _, second = conversation(
        [of_faces(face(ROWS, head_x=0.2)), of_faces(face(ROWS, head_x=1.3, head_scale=0.2))]
    )
    assert second.coverage.face_share == 1.0


def test_a_person_who_was_away_for_a_segment_is_known_again() -> None:
    *_, third = conversation([of_faces(QUIET), of_faces(), of_faces(SHAKER, NODDER)])
    assert gestures(third) == {"nod"}


def test_who_leaves_is_absent_and_disengaged() -> None:
    results = conversation([seen(6.0), *[Tracks(6.0, None, picture(T6), None)] * 3])
    assert [cue.name for cue in results[-1].cues] == ["face_absent"]
    assert {span.state for span in results[-1].engagement} == {"disengaged"}
    assert all(result.signals == () for result in results[1:])


# --- a conversation, however it is cut ---------------------------------------------------------------

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


def compare(whole: Sequence[Cue], cut: Sequence[Cue], names: Sequence[str]) -> None:
    """The same cues of some names, within 0.2 s."""
    for name in names:
        one, other = ([cue for cue in cues if cue.name == name] for cues in (whole, cut))
        told = [(round(c.span.start_s, 2), round(c.span.end_s, 2)) for c in (*one, *other)]
        assert len(one) == len(other), (name, told)
        for before, after in zip(one, other, strict=True):
            assert near(after.span, before.span.start_s, before.span.end_s, 0.2), (name, told)
            assert after.direction == before.direction


@pytest.mark.parametrize("piece_s", [3.0, 5.0, 7.3, 12.0])
def test_the_cut_into_segments_does_not_change_the_cues(piece_s: float) -> None:
    whole = merged(conversation([TALK]))
    assert {"nod", "shake", "smile", "brow_raise", "long_pause", "lean_in"} <= {cue.name for cue in whole}
    compare(whole, merged(conversation(every(TALK, piece_s))), STABLE)


def test_cuts_through_a_cue_do_not_change_it() -> None:
    cuts = [5.9, 6.3, 10.5, 15.0, 18.95, 21.2, 24.6, 29.4, 32.0]
    pieces = [piece for _, piece in pieces_of(TALK, cuts)]
    compare(
        merged(conversation([TALK])), merged(conversation(pieces)), ("nod", "shake", "smile", "brow_raise")
    )


@pytest.mark.parametrize("piece_s", [3.0, 5.0, 12.0])
def test_the_cut_into_segments_loses_no_clear_signal(piece_s: float) -> None:
    # Not so of signals that rest on a whole turn: a segment can only know the turn up to its own end.
    for results in (conversation([TALK]), conversation(every(TALK, piece_s))):
        types = {signal.type for result in results for signal in result.signals}
        assert {"agreement", "disagreement", "interest", "uncertainty"} <= types
        assert not types & {"confusion", "frustration", "skepticism", "stress"}


def test_a_gesture_at_the_edge_is_one_signal_and_not_two() -> None:
    for cut_s in (5.4, 5.8, 6.2, 6.6, 7.0):
        pieces = [piece for _, piece in pieces_of(TALK, [cut_s])]
        signals = [s for result in conversation(pieces) for s in result.signals if s.type == "agreement"]
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
def test_no_signal_rests_on_a_cue_that_is_in_no_answer(seed: int) -> None:
    results = conversation(every(restless(seed), 3.0))
    told = [(cue.name, cue.span, cue.value) for result in results for cue in result.cues]
    for result in results:
        for signal in result.signals:
            first = [entry for entry in signal.evidence if "." not in entry.cue]
            assert first
            assert [entry for entry in first if (entry.cue, entry.span, entry.value) not in told] == []


def test_results_lie_inside_their_segments_and_follow_one_another() -> None:
    results = conversation(every(TALK, 5.0))
    for result in results:
        assert result.engagement[0].span.start_s == result.span.start_s
        assert result.engagement[-1].span.end_s == result.span.end_s
        for signal in result.signals:
            assert result.span.start_s <= signal.span.start_s < signal.span.end_s <= result.span.end_s
        assert list(result.cues) == sorted(result.cues, key=lambda cue: (cue.span, cue.name))
        assert list(result.signals) == sorted(result.signals, key=lambda signal: signal.span)


def test_a_mirror_changes_nothing_but_sides() -> None:
    one, other = conversation([TALK])[0], conversation([mirrored(TALK)])[0]
    assert [(s.type, s.span, s.probability) for s in one.signals] == [
        (s.type, s.span, s.probability) for s in other.signals
    ]
    assert one.engagement == other.engagement
    sides = [(a.direction, b.direction) for a, b in zip(one.cues, other.cues, strict=True) if a.direction]
    assert ("left", "right") in sides
    assert all({a, b} == {"left", "right"} for a, b in sides)


def test_the_overall_quality_is_that_of_all_segments_by_duration() -> None:
    results = conversation(every(TALK, 7.0))
    weighed = sum(r.quality.rapport * r.span.duration_s for r in results) / LENGTH_S
    assert results[-1].quality_overall.rapport == pytest.approx(weighed)


# --- the state is a value ----------------------------------------------------------------------------


def test_a_state_that_was_written_down_gives_the_same_further_results() -> None:
    kept, written = SessionState(), b""
    for piece in every(TALK, 4.0):
        kept, expected = interpret(kept, piece)
        state, result = interpret(unpack(written), piece)
        written = pack(state)
        assert result == expected
        assert written == pack(kept)


def test_a_conversation_can_be_replayed_from_any_point() -> None:
    pieces = every(TALK, 5.0)
    state, states = SessionState(), []
    for piece in pieces:
        states.append(state)
        state, _ = interpret(state, piece)
    replayed = states[3]
    for piece in pieces[3:]:
        replayed, _ = interpret(replayed, piece)
    assert pack(replayed) == pack(state)


def test_the_state_does_not_grow_with_the_conversation() -> None:
    state, sizes = SessionState(), []
    for _ in range(8):
        for piece in every(TALK, 12.0):
            state, _ = interpret(state, piece)
        sizes.append(len(pack(state)))
    assert sizes[-1] <= 1.1 * sizes[2]
    assert sizes[-1] < 400_000


def test_sessions_do_not_hear_of_each_other() -> None:
    alone = conversation(every(TALK, 6.0))
    one, other, mixed = SessionState(), SessionState(), []
    for piece in every(TALK, 6.0):
        one, result = interpret(one, piece)
        mixed.append(result)
        other, _ = interpret(other, mirrored(piece))
    assert mixed == alone


# --- real clips --------------------------------------------------------------------------------------

LIMITS = MediaLimits()


@cache
def measured(path: Path) -> Tracks:
    return perceive(Segment(path.read_bytes()), LIMITS)


def result_of(path: Path) -> SegmentResult:
    return conversation([measured(path)])[0]


def has(result: SegmentResult, name: str, start_s: float, end_s: float, within_s: float = 0.4) -> bool:
    return any(cue.name == name and near(cue.span, start_s, end_s, within_s) for cue in result.cues)


@pytest.mark.parametrize("name", ["black-screen-no-audio.mp4", "toy-robot-no-person.mp4"])
def test_nothing_is_said_of_a_clip_without_a_person(clips: Path, name: str) -> None:
    result = result_of(clips / name)
    assert result.signals == ()
    assert {cue.name for cue in result.cues} <= {"face_absent"}
    assert {span.state for span in result.engagement} == {"neutral"}
    assert result.coverage.face_share == 0.0


def test_a_man_who_smiles_and_then_a_title_card(clips: Path) -> None:
    result = result_of(clips / "man-smiles-then-title-card.mov")
    assert has(result, "smile", 0.6, 2.3)
    assert has(result, "face_absent", 2.45, 6.4)
    assert has(result, "facing", 0.0, 2.4)
    assert not {cue.name for cue in result.cues} & {"nod", "shake", "speaking", "gaze_away", "eyes_closed"}
    assert {signal.type for signal in result.signals} <= {"interest"}
    assert all(signal.span.end_s < 2.6 for signal in result.signals)


def test_a_man_who_answers_with_long_pauses(clips: Path) -> None:
    result = result_of(clips / "man-suit-interview-answer-long-pauses.mp4")
    assert has(result, "long_pause", 2.35, 3.52, 0.2)
    assert has(result, "long_pause", 4.5, 6.02, 0.2)
    assert has(result, "speaking", 0.0, 2.35, 0.2)
    assert "hesitation" in {signal.type for signal in result.signals}
    assert not {signal.type for signal in result.signals} & {"agreement", "disagreement", "frustration"}


@pytest.mark.slow
def test_a_man_who_moves_his_face_and_head(clips: Path) -> None:
    result = result_of(clips / "man-webcam-posed-head-moves.webm")
    for start_s, end_s in ((2.4, 3.3), (5.9, 6.9), (50.6, 51.3)):
        assert has(result, "brow_raise", start_s, end_s)
    assert has(result, "lean_in", 31.7, 34.7, 0.5)
    assert has(result, "lean_out", 35.3, 40.8, 0.6)
    assert not {cue.name for cue in result.cues} & {"speaking", "nod", "eyes_closed"}
    assert not {signal.type for signal in result.signals} & {"agreement", "disagreement"}
    assert all("sound" in s.rationale for s in result.signals)


@pytest.mark.slow
@pytest.mark.parametrize("piece_s", [3.0, 5.0])
@pytest.mark.parametrize(
    "name",
    [
        "man-webcam-posed-head-moves.webm",
        "man-suit-interview-answer-long-pauses.mp4",
        "man-smiles-then-title-card.mov",
        "woman-frowning-firm-statement.mp4",
    ],
)
def test_a_real_clip_gives_the_same_cues_however_it_is_cut(clips: Path, name: str, piece_s: float) -> None:
    tracks = measured(clips / name)
    names = ("nod", "shake", "smile", "brow_raise", "pause", "long_pause", "lean_in", "lean_out")
    compare(merged(conversation([tracks])), merged(conversation(every(tracks, piece_s))), names)


def test_every_cue_of_real_clips_has_its_words(clips: Path) -> None:
    for name in ("man-smiles-then-title-card.mov", "man-suit-interview-answer-long-pauses.mp4"):
        assert {cue.name for cue in result_of(clips / name).cues} <= set(PHRASES)


def test_the_same_bytes_give_the_same_result_whatever_came_between(clips: Path) -> None:
    short = Segment((clips / "woman-curly-hair-command-sentence.mpg").read_bytes())
    packed, first = analyze_segment(b"", short, LIMITS)
    analyze_segment(b"", Segment((clips / "black-screen-no-audio.mp4").read_bytes()), LIMITS)
    again, second = analyze_segment(b"", short, LIMITS)
    assert first == second
    assert packed == again
    after, third = analyze_segment(packed, short, LIMITS)
    assert third.span.start_s == first.span.end_s
    assert after != packed
