"""Segments joined into one line on the session clock."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.cues.lookback import CONTEXT_S, PictureLine, Recent, VoiceLine, extend
from backchannel.subject import subject_in
from backchannel.tracks import FaceTracks, Tracks
from tests.cues.build import both, clock, heard, seen
from tests.slicing import pieces_of

SECONDS = 11.0
TIME_S = clock(SECONDS)
TALK = both(
    seen(SECONDS, head_pitch_deg=np.sin(TIME_S), valid=(TIME_S < 4) | (TIME_S > 5)),
    heard(
        SECONDS,
        [(0.5, 3.1), (4.4, 7.3), (8.0, 10.5)],
        f0_hz=lambda t: 100 + 5 * t,
        level_dbfs=lambda t: -20 - t,
    ),
)


def joined(pieces: list[tuple[float, Tracks]]) -> Recent:
    recent = Recent()
    for start_s, piece in pieces:
        recent = extend(recent, piece, subject_in(None, piece.picture), start_s)
    return recent


def picture_in(recent: Recent) -> PictureLine:
    assert recent.picture is not None
    return recent.picture


def voice_in(recent: Recent) -> VoiceLine:
    assert recent.voice is not None
    return recent.voice


def same_faces(one: FaceTracks, other: FaceTracks) -> bool:
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name), equal_nan=field.name != "valid")
        for field in fields(FaceTracks)
    )


# Segments end anywhere; the sound's hops of 10, 16 and 32 ms all begin anew with each.
@settings(deadline=None)
@given(st.lists(st.integers(1, 68), max_size=5, unique=True).map(sorted))
def test_joining_pieces_is_the_whole(cuts: list[int]) -> None:
    whole = joined([(0.0, TALK)])
    again = joined(pieces_of(TALK, [0.16 * cut for cut in cuts]))
    assert picture_in(again).time_s == pytest.approx(picture_in(whole).time_s)
    assert same_faces(picture_in(again).face, picture_in(whole).face)
    one, other = voice_in(whole), voice_in(again)
    assert other.first_row == one.first_row
    for name in ("heard", "speech_probability", "f0_hz", "level_dbfs", "spectral_change"):
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name != "heard"), name
    assert other.syllable_time_s == pytest.approx(one.syllable_time_s)


@pytest.mark.parametrize("cut_s", [3.333, 4.015, 6.0071])
def test_odd_cuts_move_the_sound_by_no_more_than_a_hop(cut_s: float) -> None:
    one, other = voice_in(joined([(0.0, TALK)])), voice_in(joined(pieces_of(TALK, [cut_s])))
    assert abs(one.heard.size - other.heard.size) <= 1
    rows = min(one.heard.size, other.heard.size)
    spoken = [np.nan_to_num(line.speech_probability[:rows], nan=0.0) > 0.5 for line in (one, other)]
    edges = [np.flatnonzero(np.diff(mask.astype(int))) for mask in spoken]
    assert edges[0] == pytest.approx(edges[1], abs=4)


def test_a_gap_between_segments_is_not_heard_and_not_silence() -> None:
    line = voice_in(joined([(0.0, heard(3.0, [(0.5, 2.5)])), (4.0, heard(3.0, [(0.5, 2.5)]))]))
    gap = (line.time_s >= 3.005) & (line.time_s < 3.995)
    assert line.heard.sum() == 600
    assert not line.heard[gap].any()
    for track in (line.level_dbfs, line.f0_hz, line.speech_probability):
        assert np.isnan(track[gap]).all()
    assert line.time_s[-1] == pytest.approx(6.99)


def test_a_gap_between_pictures_has_no_rows() -> None:
    line = picture_in(joined([(0.0, seen(3.0)), (5.0, seen(3.0))]))
    assert np.diff(line.time_s).max() == pytest.approx(2.0, abs=0.1)


def test_of_what_overlaps_the_later_counts() -> None:
    line = voice_in(joined([(0.0, heard(3.0, [(0.0, 3.0)])), (2.0, heard(3.0))]))
    assert line.heard.size == 500
    assert np.nanmax(line.speech_probability[200:]) < 0.1
    assert line.syllable_time_s.max() < 2.0
    frames = picture_in(joined([(0.0, seen(3.0)), (2.0, seen(3.0, head_yaw_deg=30.0))]))
    assert np.all(np.diff(frames.time_s) > 0)
    assert np.median(frames.face.head_yaw_deg[frames.time_s >= 2.0]) == pytest.approx(30, abs=1)


def test_the_distant_past_is_forgotten() -> None:
    recent = joined([(10.0 * k, seen(10.0)) for k in range(5)])
    assert 40.0 - CONTEXT_S <= picture_in(recent).time_s[0] < 40.0 - CONTEXT_S + 0.1
    line = voice_in(joined([(10.0 * k, heard(10.0, [(1.0, 9.0)])) for k in range(5)]))
    assert line.time_s[0] == pytest.approx(40.0 - CONTEXT_S)
    assert line.syllable_time_s.min() >= 40.0 - CONTEXT_S


def test_a_modality_that_has_gone_is_forgotten_with_time() -> None:
    recent = joined([(0.0, seen(5.0)), (5.0, heard(5.0)), (10.0, heard(5.0))])
    assert recent.picture is not None
    recent = extend(recent, heard(5.0), None, 30.0)
    assert recent.picture is None
    assert recent.voice is not None


def test_nothing_adds_nothing() -> None:
    assert extend(Recent(), Tracks(3.0, None, None, None), None, 0.0) == Recent()
    assert extend(Recent(), Tracks(0.0, None, seen(0.0).picture, heard(0.0).voice), None, 0.0) == Recent()


def test_a_segment_without_the_person_has_rows_without_a_face() -> None:
    line = picture_in(extend(Recent(), seen(3.0), None, 0.0))
    assert line.time_s.size == 45
    assert not line.face.valid.any()
    assert np.isnan(line.face.head_pitch_deg).all()


def test_sound_that_begins_late_lies_where_it_was() -> None:
    line = voice_in(extend(Recent(), heard(3.0, [(0.0, 1.0)], start_s=0.5), None, 10.0))
    assert line.time_s[0] == pytest.approx(10.5)
    assert line.syllable_time_s[0] > 10.5
