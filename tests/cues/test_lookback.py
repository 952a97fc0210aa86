"""Pieces joined into one line on the session clock."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.constants import CONTEXT_S, VOICE_ROW_S
from backchannel.conversation.people import Following
from backchannel.cues.detect import CueState, observe
from backchannel.cues.face_rows import FACE_MEASURES, FaceRows
from backchannel.cues.lookback import Lookback
from backchannel.cues.voice_view import VoiceGrid, voice_grid
from backchannel.tracks import Tracks
from tests.cues.build import both, clock, followed_rows, heard, picture, rows_of, seen
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


def joined(pieces: list[tuple[float, Tracks]]) -> Lookback:
    """What cues look back on when the last piece has come."""
    state, following = CueState(), Following()
    for start_s, piece in pieces:
        following, rows = followed_rows(following, piece, start_s)
        state, _ = observe(state, rows, start_s)
    return state.lookback


def face_in(lookback: Lookback) -> FaceRows:
    assert lookback.face is not None
    return lookback.face


def voice_in(lookback: Lookback) -> VoiceGrid:
    assert lookback.voice is not None
    return voice_grid(lookback.voice)


def same_voice(one: VoiceGrid, other: VoiceGrid) -> None:
    assert other.first_row == one.first_row
    for name in ("heard", "syllable", "speech_probability", "f0_hz", "level_dbfs", "spectral_change"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


# A piece may end anywhere, between two rows of the sound too.
@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0.1, 10.9), max_size=5, unique=True).map(sorted))
def test_joining_pieces_is_the_whole(cuts_s: list[float]) -> None:
    whole, again = joined([(0.0, TALK)]), joined(pieces_of(TALK, cuts_s))
    assert face_in(again).time_s == pytest.approx(face_in(whole).time_s, abs=1e-3)
    for name in ("measured", "moving", "values"):
        np.testing.assert_array_equal(getattr(face_in(whole), name), getattr(face_in(again), name))
    same_voice(voice_in(whole), voice_in(again))


def test_a_person_is_found_in_pieces_of_one_picture_each() -> None:
    cuts_s = (np.arange(1, TIME_S.size) / 15).tolist()
    whole, again = face_in(joined([(0.0, TALK)])), face_in(joined(pieces_of(TALK, cuts_s)))
    np.testing.assert_array_equal(whole.measured, again.measured)
    np.testing.assert_array_equal(whole.values, again.values)


def test_a_gap_between_pieces_is_not_heard_and_not_silence() -> None:
    line = voice_in(joined([(0.0, heard(3.0, [(0.5, 2.5)])), (4.0, heard(3.0, [(0.5, 2.5)]))]))
    gap = (line.time_s >= 3.005) & (line.time_s < 3.995)
    assert line.heard.sum() == 600
    assert not line.heard[gap].any()
    for track in (line.level_dbfs, line.f0_hz, line.speech_probability):
        assert np.isnan(track[gap]).all()
    assert line.time_s[-1] == pytest.approx(6.99)


def test_a_gap_between_pictures_has_no_rows() -> None:
    rows = face_in(joined([(0.0, seen(3.0)), (5.0, seen(3.0))]))
    assert np.diff(rows.time_s).max() == pytest.approx(2.0, abs=0.1)


def test_of_what_overlaps_the_later_counts() -> None:
    line = voice_in(joined([(0.0, heard(3.0, [(0.0, 3.0)])), (2.0, heard(3.0))]))
    assert line.heard.size == 500
    assert np.nanmax(line.speech_probability[200:]) < 0.1
    assert line.syllable_time_s.max() < 2.0
    rows = face_in(joined([(0.0, seen(3.0)), (2.0, seen(3.0, head_yaw_deg=30.0))]))
    yaw_deg = rows.values[:, list(FACE_MEASURES).index("yaw")]
    assert np.all(np.diff(rows.time_s) > 0)
    assert np.median(yaw_deg[rows.time_s >= 2.0]) == pytest.approx(30, abs=1)


def test_the_distant_past_is_forgotten() -> None:
    lookback = joined([(10.0 * k, seen(10.0)) for k in range(5)])
    assert 40.0 - CONTEXT_S <= face_in(lookback).time_s[0] < 40.0 - CONTEXT_S + 0.1
    line = voice_in(joined([(10.0 * k, heard(10.0, [(1.0, 9.0)])) for k in range(5)]))
    assert line.time_s[0] == pytest.approx(40.0 - CONTEXT_S)
    assert line.syllable_time_s.min() >= 40.0 - CONTEXT_S


def test_a_modality_that_has_gone_is_forgotten_with_time() -> None:
    before = [(0.0, seen(5.0)), (5.0, heard(5.0)), (10.0, heard(5.0))]
    assert joined(before).face is not None
    lookback = joined([*before, (30.0, heard(5.0))])
    assert lookback.face is None
    assert lookback.voice is not None


def test_nothing_adds_nothing() -> None:
    assert joined([(0.0, Tracks(3.0, None, None, None))]) == Lookback()
    assert joined([(0.0, Tracks(0.0, None, seen(0.0).picture, heard(0.0).voice))]) == Lookback()


def test_a_piece_without_the_person_has_rows_without_a_face() -> None:
    empty = Tracks(3.0, None, picture(clock(3.0)), None)
    rows = face_in(joined([(0.0, seen(3.0)), (3.0, empty)])).cut(3.0)
    assert len(rows) == 45
    assert not rows.measured.any()
    assert np.isnan(rows.values).all()


def test_sound_that_begins_late_lies_where_it_was() -> None:
    line = voice_in(rows_of(heard(3.0, [(0.0, 1.0)], start_s=0.5), 10.0))
    assert line.time_s[0] == pytest.approx(10.5)
    assert line.syllable_time_s[0] > 10.5


def test_a_stretch_is_cut_out_by_time_and_what_is_empty_is_nothing() -> None:
    rows = rows_of(TALK)
    part = rows.cut(2.0, 4.0)
    assert part.voice is not None
    assert len(part.voice) == round(2.0 / VOICE_ROW_S)
    assert len(face_in(part)) == 30
    assert rows.cut(50.0) == Lookback()
