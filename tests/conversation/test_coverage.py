"""What a result says about its media: stretches without a picture, other faces, pauses, sound tracks."""

from dataclasses import replace

import pytest

from backchannel.conversation.interpret import interpret
from backchannel.conversation.state import Conversation
from backchannel.protocol.results import coverage_body
from backchannel.tracks import Tracks
from backchannel.values import Coverage, Span
from tests.conversation.driving import in_pieces, in_segments
from tests.cues.build import clock, face, picture
from tests.slicing import every, slice_tracks


def with_hole(seconds: float, start_s: float, end_s: float, faces: int = 1) -> Tracks:
    """A picture that stops for a while."""
    time_s = clock(seconds)
    time_s = time_s[(time_s < start_s) | (time_s >= end_s)]
    people = [face(time_s.size, face_id=number) for number in range(faces)]
    return Tracks(seconds, 0.0, picture(time_s, *people), None)


def as_file(tracks: Tracks, window_s: float = 5.0) -> list[Tracks]:
    """The windows of a file."""
    windows = [replace(one, stream_start_s=None) for one in every(tracks, window_s)]
    return [replace(one, unbroken=place > 0) for place, one in enumerate(windows)]


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(5.0, 15.0), (6.0, 9.0), (3.0, 12.0), (0.0, 2.0), (17.0, 20.0)]
)
def test_a_file_says_from_when_to_when_there_was_no_picture(start_s: float, end_s: float) -> None:
    results = in_segments(as_file(with_hole(20.0, start_s, end_s)))
    body = coverage_body(results)

    assert body.degraded
    (hole,) = body.degraded
    assert (hole.start, hole.end) == pytest.approx((start_s, end_s), abs=0.1)
    assert f"There was no picture from {hole.start:.1f} to {hole.end:.1f} s." in body.notes


@pytest.mark.parametrize("piece_s", [0.5, 3.0, 20.0])
def test_a_stream_says_the_same_however_it_is_cut(piece_s: float) -> None:
    pieces = every(with_hole(20.0, 5.0, 15.0), piece_s)
    _, reported = in_pieces(Conversation(), pieces)
    degraded = [gap for changes in reported for gap in changes.degraded]

    assert sum(gap.duration_s for gap in degraded) == pytest.approx(10.0, abs=0.1)
    assert (degraded[0].start_s, degraded[-1].end_s) == pytest.approx((5.0, 15.0), abs=0.1)


def test_a_hole_in_the_first_piece_is_reported() -> None:
    _, changes = interpret(Conversation(), with_hole(4.0, 1.0, 3.0), closes_window=True)
    (hole,) = changes.degraded
    assert (hole.start_s, hole.end_s) == pytest.approx((1.0, 3.0), abs=0.1)
    assert changes.results[0].coverage.without_picture == (hole,)


def test_a_picture_that_begins_late_leaves_a_hole_before_it() -> None:
    late = with_hole(6.0, 0.0, 4.0)
    _, reported = in_pieces(
        Conversation(), [replace(slice_tracks(late, 0.0, 3.0), picture=None), slice_tracks(late, 3.0, 6.0)]
    )
    assert not reported[0].degraded
    (hole,) = reported[1].degraded
    assert (hole.start_s, hole.end_s) == pytest.approx((0.0, 4.0), abs=0.1)


@pytest.mark.parametrize("seconds", [3.0, 20.0])
def test_media_without_any_picture_or_hole_has_no_such_note(seconds: float) -> None:
    whole = with_hole(seconds, 0.0, 0.0)
    for tracks in (whole, replace(whole, picture=None)):
        body = coverage_body(in_segments(as_file(tracks)))
        assert not body.degraded
        assert not any("from" in note for note in body.notes)


# --- pauses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pause_s", "dropped"), [(0.4, 0), (1.2, 0), (5.0, 1)])
def test_a_pause_of_an_unbroken_stream_is_part_of_it(pause_s: float, dropped: int) -> None:
    pieces = [with_hole(2.0, 0.0, 0.0), replace(with_hole(2.0, 0.0, 0.0), stream_start_s=2.0 + pause_s)]
    _, reported = in_pieces(Conversation(), [replace(piece, unbroken=True) for piece in pieces])
    _, broken = in_pieces(Conversation(), pieces)

    assert len(reported[-1].dropped) == dropped
    assert len(broken[-1].dropped) == 1
    assert reported[-1].reached_s == broken[-1].reached_s == pytest.approx(4.0 + pause_s)


# --- other faces -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("faces", "company"), [(0, False), (1, False), (2, True), (3, True)])
def test_another_face_is_mentioned(faces: int, company: bool) -> None:
    body = coverage_body(in_segments(as_file(with_hole(10.0, 0.0, 0.0, faces))))
    note = "More than one face was in view. Only one person was analysed."

    assert (body.company is True) == company
    assert (note in body.notes) == company


def test_a_passer_by_is_not_mentioned() -> None:
    time_s = clock(5.0)
    passing = face(time_s.size, (time_s > 2.0) & (time_s < 2.3), face_id=1)
    tracks = Tracks(5.0, None, picture(time_s, face(time_s.size), passing), None)
    (result,) = in_segments([tracks])
    assert not result.coverage.company


def test_every_window_says_it_for_itself() -> None:
    time_s = clock(10.0)
    other = face(time_s.size, time_s >= 5.0, face_id=1)
    tracks = Tracks(10.0, 0.0, picture(time_s, face(time_s.size), other), None)
    _, reported = in_pieces(Conversation(), every(tracks, 0.7))
    results = [result for changes in reported for result in changes.results]
    assert [result.coverage.company for result in results] == [False, True]


def test_the_view_counts_the_faces() -> None:
    _, changes = interpret(Conversation(), with_hole(1.0, 0.0, 0.0, faces=2))
    assert changes.view is not None
    assert changes.view.faces == 2


# --- sentences -------------------------------------------------------------------------------------


def test_notes_about_tracks_and_missing_ends() -> None:
    coverage = Coverage(True, True, 1.0, 0.5, sound_tracks=3, truncated=True)
    assert coverage.incomplete
    assert coverage.notes == (
        "There were 3 sound tracks. Only the one with the most speech was analysed.",
        "The file is truncated. Its end is missing.",
    )


def test_several_holes_are_one_sentence() -> None:
    coverage = Coverage(True, True, 1.0, 0.5, without_picture=(Span(1.0, 3.0), Span(7.0, 9.46)))
    assert coverage.notes == ("There was no picture from 1.0 to 3.0 s and from 7.0 to 9.5 s.",)


def test_complete_media_has_no_notes() -> None:
    coverage = Coverage(True, True, 1.0, 0.5, analysis_rate_hz=15.0)
    assert not coverage.incomplete
    assert coverage.notes == ()
    assert coverage.without_picture == ()
