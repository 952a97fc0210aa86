"""Whom a conversation is about when several people are in view, or one is shown as several faces."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backchannel.arrays import BoolArray
from backchannel.conversation.interpret import interpret
from backchannel.conversation.people import GONE_S, MIN_FIRST_ROWS, MIN_LASTING_S, Following, follow_person
from backchannel.conversation.state import Conversation
from backchannel.tracks import FaceTracks, PictureTracks, Tracks
from backchannel.values import SegmentResult
from tests.conversation.driving import in_segments
from tests.cues.build import RATE_HZ, clock, face, picture, swings

SECONDS = 6.0
T = clock(SECONDS)
NOBODY = picture(T)


def shown(number: int, from_s: float, until_s: float, **how: object) -> FaceTracks:
    """Show a face for a while."""
    during: BoolArray = (from_s <= T) & (until_s > T)
    return face(T.size, valid=during, face_id=number, **how)


def reported(*faces: FaceTracks) -> SegmentResult:
    (result,) = in_segments([Tracks(SECONDS, None, picture(T, *faces), None)])
    return result


def id_after(*pictures: PictureTracks) -> int | None:
    following = Following()
    for number, one in enumerate(pictures):
        following, _, _ = follow_person(following, one, SECONDS * number)
    return following.face_id


def test_nobody_is_nobody() -> None:
    following, rows, face_seen = follow_person(Following(), NOBODY, 0.0)
    assert (following.face_id, following.place, face_seen) == (None, None, None)
    assert len(rows) == T.size
    assert not rows.measured.any()


def test_who_is_never_measured_is_nobody() -> None:
    following, _, face_seen = follow_person(Following(), picture(T, shown(0, 9.0, 9.0)), 0.0)
    assert (following.face_id, face_seen) == (None, None)


def test_at_first_it_is_the_most_prominent_face() -> None:
    # Perception gives faces in this order.
    assert id_after(picture(T, shown(4, 0.0, 6.0, head_x=1.1), shown(2, 0.0, 6.0, head_x=0.3))) == 4


@pytest.mark.parametrize(("rows", "known"), [(MIN_FIRST_ROWS - 1, False), (0.04 * T.size + 1, True)])
def test_what_is_seen_in_hardly_any_picture_is_nobody(rows: float, known: bool) -> None:
    glimpsed = shown(0, 1.0, 1.0 + rows / RATE_HZ - 0.01)
    assert (id_after(picture(T, glimpsed)) is not None) is known


def test_a_first_face_is_known_from_short_pieces_too() -> None:
    """Pieces of two pictures each hold too few to tell by themselves."""
    short = clock(2 / RATE_HZ)
    following = Following()
    for number in range(4):
        following, rows, _ = follow_person(following, picture(short, face(short.size)), number * 2 / RATE_HZ)
    assert following.face_id == 0
    assert rows.measured.all()


def test_who_is_shown_from_elsewhere_after_a_cut_is_not_absent() -> None:
    result = reported(shown(0, 0.0, 2.0, head_x=0.3), shown(1, 2.0, 6.0, head_x=1.1, head_scale=0.4))
    assert "face_absent" not in {cue.name for cue in result.cues}
    assert result.coverage.face_share is not None
    assert result.coverage.face_share > 0.94


def test_who_comes_back_elsewhere_is_absent_only_in_between() -> None:
    (absent,) = (
        cue
        for cue in reported(shown(0, 0.0, 2.0, head_x=0.3), shown(1, 3.5, 6.0, head_x=1.1)).cues
        if cue.name == "face_absent"
    )
    assert abs(absent.span.start_s - 2.0) < 0.15
    assert abs(absent.span.end_s - 3.5) < 0.15


def test_what_looks_like_a_face_for_a_moment_is_nobody_new() -> None:
    result = reported(shown(0, 0.0, 2.0, head_x=0.3), shown(1, 3.0, 3.5, head_x=1.1, head_scale=0.06))
    (absent,) = (cue for cue in result.cues if cue.name == "face_absent")
    assert absent.span.duration_s > 3.8


def test_a_cut_is_no_movement_of_the_head() -> None:
    up_and_down = [shown(k, 1.2 * k, 1.2 * (k + 1), head_pitch_deg=12.0 * (k % 2)) for k in range(5)]
    assert {cue.name for cue in reported(*up_and_down).cues} & {"nod", "shake", "head_active"} == set()


def test_a_nod_after_a_cut_is_reported() -> None:
    nodding = shown(1, 2.0, 6.0, head_x=1.1, head_pitch_deg=swings(T, 3.0, 3, 2.0, 10.0))
    assert "nod" in {cue.name for cue in reported(shown(0, 0.0, 2.0, head_x=0.3), nodding).cues}


def test_who_was_in_view_all_along_does_not_take_over() -> None:
    other = shown(1, 0.0, 6.0, head_x=1.1, head_pitch_deg=swings(T, 3.0, 3, 2.0, 10.0))
    result = reported(shown(0, 0.0, 2.0, head_x=0.3), other)
    assert {cue.name for cue in result.cues} & {"nod", "face_absent"} == {"face_absent"}


def test_a_bystander_takes_over_once_the_person_has_stayed_away() -> None:
    person, bystander = shown(0, 0.0, 2.0, head_x=0.3), shown(1, 0.0, 6.0, head_x=1.1)
    alone = shown(1, 0.0, 6.0, head_x=1.1)
    assert id_after(picture(T, person, bystander)) == 0, f"away for less than {GONE_S} s"
    assert id_after(picture(T, person, bystander), picture(T, alone)) == 1


@pytest.mark.parametrize(
    ("lasts_s", "takes_over"), [(MIN_LASTING_S - 0.1, False), (MIN_LASTING_S + 0.1, True)]
)
def test_a_newcomer_takes_over_once_it_has_lasted(lasts_s: float, takes_over: bool) -> None:
    newcomer = shown(1, 3.0, 3.0 + lasts_s, head_x=1.1)
    assert id_after(picture(T, shown(0, 0.0, 2.0, head_x=0.3), newcomer)) == (1 if takes_over else 0)


def test_a_newcomer_may_last_across_pieces() -> None:
    person = shown(0, 0.0, 5.0, head_x=0.3)
    late, goes_on = shown(1, 5.5, 6.0, head_x=1.1), shown(1, 0.0, 1.0, head_x=1.1)
    assert id_after(picture(T, person, late)) == 0
    assert id_after(picture(T, person, late), picture(T, goes_on)) == 1


def test_of_two_newcomers_the_one_where_the_person_was_comes_first() -> None:
    person = shown(0, 0.0, 2.0, head_x=0.3)
    elsewhere, there = shown(1, 2.5, 6.0, head_x=1.3), shown(2, 2.7, 6.0, head_x=0.35)
    assert id_after(picture(T, person, elsewhere, there)) == 2


def test_the_place_is_where_the_face_was_last_seen() -> None:
    moving = shown(0, 0.0, 4.0, head_x=0.3 + 0.1 * T)
    following, _, _ = follow_person(Following(), picture(T, moving), 10.0)
    assert following.place is not None
    # Places are kept in steps of a thousandth of the picture's height.
    assert np.isclose(following.place.x, 0.3 + 0.1 * T[T < 4.0][-1], atol=1 / 1024)
    assert following.seen_s == pytest.approx(10.0 + T[T < 4.0][-1], abs=0.001)


# --- segment by segment ----------------------------------------------------------------------------

FOUR = clock(4.0)
ROWS = FOUR.size
NODS: dict[str, Any] = {"head_x": 0.3, "head_pitch_deg": swings(FOUR, 1.0, 3, 2.0, 10.0)}
SHAKES: dict[str, Any] = {"head_x": 1.0, "head_yaw_deg": swings(FOUR, 1.0, 3, 1.6, 16.0)}
QUIET = face(ROWS, head_x=0.3)


def of_faces(*faces: FaceTracks) -> Tracks:
    return Tracks(4.0, None, picture(FOUR, *faces), None)


def gestures(result: SegmentResult) -> set[str]:
    return {cue.name for cue in result.cues} & {"nod", "shake"}


def test_the_first_segment_is_about_the_most_prominent() -> None:
    (result,) = in_segments([of_faces(face(ROWS, face_id=1, **SHAKES), face(ROWS, **NODS))])
    assert gestures(result) == {"shake"}


def test_who_was_there_before_stays_the_one_although_another_is_nearer() -> None:
    _, second = in_segments([of_faces(QUIET), of_faces(face(ROWS, face_id=1, **SHAKES), face(ROWS, **NODS))])
    assert gestures(second) == {"nod"}


def test_who_changes_seats_between_segments_is_followed_by_number() -> None:
    """The other sits where the person was, and is more prominent."""
    person = face(ROWS, **(NODS | {"head_x": 1.0}))
    other = face(ROWS, face_id=1, **(SHAKES | {"head_x": 0.3}))
    _, second = in_segments([of_faces(QUIET), of_faces(other, person)])
    assert gestures(second) == {"nod"}


def test_engagement_is_that_of_the_person_in_every_segment() -> None:
    """One looks at the camera and nods, the other looks away; their order changes with every segment."""
    attentive = face(ROWS, face_id=0, **NODS)
    absent_minded = face(ROWS, face_id=1, head_x=1.0, gaze_yaw_deg=40.0, head_yaw_deg=25.0)
    orders = [(attentive, absent_minded), (absent_minded, attentive)] * 3
    about_one = in_segments(of_faces(*order) for order in orders)
    about_other = in_segments(of_faces(*order) for order in [orders[1], *orders[1:]])
    assert {span.state for result in about_one[1:] for span in result.engagement} == {"engaged"}
    assert {span.state for result in about_other[2:] for span in result.engagement} == {"disengaged"}


def test_when_the_person_has_gone_the_other_takes_their_place() -> None:
    one, other = face(ROWS, head_x=0.2), face(ROWS, face_id=1, head_x=1.3, head_scale=0.2)
    _, second = in_segments([of_faces(one), of_faces(other)])
    # A step that nobody's head made is left out.
    assert second.coverage.face_share == pytest.approx(1.0, abs=0.4 / 4.0)
    assert "face_absent" not in {cue.name for cue in second.cues}


def test_a_person_who_was_away_for_a_segment_is_known_again() -> None:
    """Perception has lost them, so they come back under another number, together with somebody else."""
    back = [face(ROWS, face_id=1, **SHAKES), face(ROWS, face_id=2, **NODS)]
    *_, third = in_segments([of_faces(QUIET), of_faces(), of_faces(*back)])
    assert gestures(third) == {"nod"}


def test_who_leaves_is_absent_and_disengaged() -> None:
    first = Tracks(SECONDS, None, picture(T, face(T.size)), None)
    results = in_segments([first, *[Tracks(SECONDS, None, NOBODY, None)] * 3])
    assert [cue.name for cue in results[-1].cues] == ["face_absent"]
    assert {span.state for span in results[-1].engagement} == {"disengaged"}
    assert all(result.signals == () for result in results[1:])


def test_the_conversation_remembers_whom_it_is_about() -> None:
    conversation, _ = interpret(Conversation(), of_faces(replace(QUIET, id=5)))
    assert conversation.main.following.face_id == 5
    conversation, _ = interpret(conversation, of_faces())
    assert conversation.main.following.face_id == 5
