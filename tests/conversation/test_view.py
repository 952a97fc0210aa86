"""What a client may show the person in front of the camera."""

from dataclasses import replace

import numpy as np
import pytest

from backchannel.constants import SILENT_DBFS
from backchannel.conversation.view import view_of
from backchannel.tracks import Tracks, VoiceTracks
from backchannel.updates import FaceInView, View
from backchannel.values import Span
from tests.cues.build import clock, face, picture, voice

T = clock(2.0)


def sound(level_dbfs: float, start_s: float = 0.0) -> VoiceTracks:
    rows = voice(2.0).shifted(start_s)
    return replace(rows, level_dbfs=np.full(len(rows), level_dbfs, np.float32))


def test_without_media_there_is_nothing_to_show() -> None:
    assert view_of(Tracks(2.0, None, None, None), None, 3.0) == View(
        Span(3.0, 5.0), picture=False, sound=False
    )


def test_a_picture_without_frames_is_none() -> None:
    view = view_of(Tracks(2.0, None, picture(clock(0.0)), None), None, 0.0)
    assert view == View(Span(0.0, 2.0), picture=False, sound=False)


def test_sound_alone() -> None:
    view = view_of(Tracks(2.0, None, None, sound(-30.0)), None, 0.0)
    assert (view.picture, view.sound, view.face_share, view.face) == (False, True, None, None)
    assert view.level_dbfs == pytest.approx(-30.0)


def test_silence_has_the_level_of_silence() -> None:
    assert view_of(Tracks(2.0, None, None, sound(-140.0)), None, 0.0).level_dbfs == SILENT_DBFS


def test_the_level_is_that_of_the_new_sound() -> None:
    """The first rows of a piece say again what the piece before was."""
    rows = sound(-20.0)
    loud_before = replace(
        rows, time_s=rows.time_s - 0.3, level_dbfs=np.where(rows.time_s < 0.3, 0.0, -20.0).astype(np.float32)
    )
    assert view_of(Tracks(1.7, None, None, loud_before), None, 0.0).level_dbfs == pytest.approx(-20.0)
    nothing_new = rows.cut(0.0, 0.3).shifted(-0.3)
    assert view_of(Tracks(0.0, None, None, nothing_new), None, 0.0).level_dbfs == SILENT_DBFS


def test_loud_and_quiet_parts_count_by_their_power() -> None:
    rows = sound(-20.0)
    half = replace(rows, level_dbfs=np.where(rows.time_s < 1.0, -20.0, -100.0).astype(np.float32))
    assert view_of(Tracks(2.0, None, None, half), None, 0.0).level_dbfs == pytest.approx(-23.01, abs=0.01)


def test_an_empty_room() -> None:
    view = view_of(Tracks(2.0, None, picture(T), None, analysis_rate_hz=8.0), None, 0.0)
    assert (view.picture, view.face_share, view.face) == (True, 0.0, None)
    assert view.brightness == pytest.approx(0.5)
    assert view.analysis_rate_hz == 8.0


def test_a_face_is_where_it_was_last_seen() -> None:
    somebody = face(T.size, valid=T < 1.5, gaze_yaw_deg=20.0, gaze_pitch_deg=-5.0)
    moved = replace(somebody, box_px=somebody.box_px + 32 * T[:, np.newaxis].astype(np.float32))
    view = view_of(Tracks(2.0, None, picture(T, moved), None), moved, 0.0)
    assert view.face_share == pytest.approx(0.75, abs=0.02)
    assert view.face is not None
    left_px, top_px, width_px, height_px = moved.box_px[np.flatnonzero(moved.valid)[-1]]
    assert (view.face.left, view.face.width) == pytest.approx((left_px / 640, width_px / 640))
    assert (view.face.top, view.face.height) == pytest.approx((top_px / 480, height_px / 480))
    assert view.face.gaze_yaw_deg == pytest.approx(20.0, abs=1.0)
    assert view.face.gaze_pitch_deg == pytest.approx(-5.0, abs=1.0)


def test_a_gaze_that_was_not_measured_is_none() -> None:
    somebody = face(T.size, gaze_yaw_deg=np.nan)
    view = view_of(Tracks(2.0, None, picture(T, somebody), None), somebody, 0.0)
    assert isinstance(view.face, FaceInView)
    assert (view.face.gaze_yaw_deg, view.face.gaze_pitch_deg) == (None, None)


def test_another_face_is_not_the_persons() -> None:
    view = view_of(Tracks(2.0, None, picture(T, face(T.size)), None), None, 0.0)
    assert (view.face_share, view.face) == (0.0, None)
