"""Describe the media, so that a client can help people adjust their camera and microphone."""

import math

import numpy as np

from backchannel.constants import SILENT_DBFS
from backchannel.tracks import FaceTracks, PictureTracks, Tracks, VoiceTracks
from backchannel.updates import FaceInView, View
from backchannel.values import Span


def view_of(tracks: Tracks, face: FaceTracks | None, start_s: float) -> View:
    """Describe what could be measured in a piece of media.

    Parameters
    ----------
    face
        The person's face; None where they are not in view.
    start_s
        Session time at which the piece begins.
    """
    span = Span(start_s, start_s + tracks.duration_s)
    level_dbfs = None if tracks.voice is None else _level_dbfs(tracks.voice)
    picture = tracks.picture
    if picture is None or not picture.time_s.size:
        return View(span, picture=False, sound=level_dbfs is not None, level_dbfs=level_dbfs)
    return View(
        span,
        picture=True,
        sound=level_dbfs is not None,
        face_share=0.0 if face is None else float(face.valid.mean()),
        brightness=float(picture.luminance.mean()),
        level_dbfs=level_dbfs,
        face=None if face is None else _face_view(face, picture),
        analysis_rate_hz=tracks.analysis_rate_hz,
        faces=int(np.sum([face.valid for face in picture.faces], axis=0).max()) if picture.faces else 0,
    )


def _level_dbfs(voice: VoiceTracks) -> float:
    """Mean level of the new sound, dBFS; the first rows belong to the piece before."""
    level_dbfs = voice.level_dbfs[voice.time_s >= 0]
    if not level_dbfs.size:
        return SILENT_DBFS
    return max(SILENT_DBFS, float(10 * np.log10(np.mean(10 ** (level_dbfs.astype(np.float64) / 10)))))


def _face_view(face: FaceTracks, picture: PictureTracks) -> FaceInView:
    row = int(np.flatnonzero(face.valid)[-1])
    left, top, width, height = (float(side) for side in face.box_px[row])
    yaw_deg, pitch_deg = float(face.gaze_yaw_deg[row]), float(face.gaze_pitch_deg[row])
    measured = math.isfinite(yaw_deg) and math.isfinite(pitch_deg)
    return FaceInView(
        left / picture.width_px,
        top / picture.height_px,
        width / picture.width_px,
        height / picture.height_px,
        yaw_deg if measured else None,
        pitch_deg if measured else None,
    )
