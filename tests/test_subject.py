"""Whom a conversation is about when several people are in view, or one is shown as several faces."""

import numpy as np

from backchannel.arrays import BoolArray
from backchannel.session import SessionState, interpret
from backchannel.subject import Place, place_at_end, subject_in
from backchannel.tracks import FaceTracks, Tracks
from backchannel.values import SegmentResult
from tests.cues.build import clock, face, picture, swings

SECONDS = 6.0
T = clock(SECONDS)
NOBODY = picture(T)


def shown(from_s: float, until_s: float, **how: object) -> FaceTracks:
    """Show a face for a while."""
    during: BoolArray = (from_s <= T) & (until_s > T)
    return face(T.size, valid=during, **how)


def told(*faces: FaceTracks) -> SegmentResult:
    _, result = interpret(SessionState(), Tracks(SECONDS, None, picture(T, *faces), None))
    return result


def test_nobody_is_nobody() -> None:
    assert subject_in(None, None) is None
    assert subject_in(None, NOBODY) is None
    assert subject_in(Place(0.5, 0.5, 0.2), NOBODY) is None
    assert place_at_end(None) is None


def test_who_is_never_measured_is_nobody() -> None:
    assert subject_in(None, picture(T, shown(9.0, 9.0))) is None


def test_who_is_shown_from_elsewhere_after_a_cut_is_not_absent() -> None:
    result = told(shown(0.0, 2.0, head_x=0.3), shown(2.0, 6.0, head_x=1.1, head_scale=0.4))
    assert "face_absent" not in {cue.name for cue in result.cues}
    assert result.coverage.face_share is not None
    assert result.coverage.face_share > 0.94


def test_who_comes_back_elsewhere_is_absent_only_in_between() -> None:
    (absent,) = (
        cue
        for cue in told(shown(0.0, 2.0, head_x=0.3), shown(3.5, 6.0, head_x=1.1)).cues
        if cue.name == "face_absent"
    )
    assert abs(absent.span.start_s - 2.0) < 0.15
    assert abs(absent.span.end_s - 3.5) < 0.15


def test_what_looks_like_a_face_for_a_moment_is_nobody_new() -> None:
    result = told(shown(0.0, 2.0, head_x=0.3), shown(3.0, 3.5, head_x=1.1, head_scale=0.06))
    (absent,) = (cue for cue in result.cues if cue.name == "face_absent")
    assert absent.span.duration_s > 3.8


def test_a_cut_is_no_movement_of_the_head() -> None:
    up_and_down = [shown(1.2 * k, 1.2 * (k + 1), head_pitch_deg=12.0 * (k % 2)) for k in range(5)]
    assert {cue.name for cue in told(*up_and_down).cues} & {"nod", "shake", "head_active"} == set()


def test_a_nod_after_a_cut_is_told() -> None:
    nodding = shown(2.0, 6.0, head_x=1.1, head_pitch_deg=swings(T, 3.0, 3, 2.0, 10.0))
    assert "nod" in {cue.name for cue in told(shown(0.0, 2.0, head_x=0.3), nodding).cues}


def test_who_was_in_view_all_along_does_not_take_over() -> None:
    other = shown(0.0, 6.0, head_x=1.1, head_pitch_deg=swings(T, 3.0, 3, 2.0, 10.0))
    result = told(shown(0.0, 2.0, head_x=0.3), other)
    assert {cue.name for cue in result.cues} & {"nod", "face_absent"} == {"face_absent"}


def test_the_place_is_where_the_face_was_last_seen() -> None:
    moving = shown(0.0, 4.0, head_x=0.3 + 0.1 * T)
    place = place_at_end(subject_in(None, picture(T, moving)))
    assert place is not None
    assert np.isclose(place.x, 0.3 + 0.1 * T[T < 4.0][-1])
