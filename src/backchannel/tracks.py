"""What perception measures: numbers per frame and per hop. All frozen.

Arrays are described as ``(shape) unit``; a missing measurement is NaN, never zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backchannel.arrays import BoolArray, FloatArray, TimeArray

SPEECH_HOP_S = 0.032
F0_HOP_S = 0.016
LEVEL_HOP_S = 0.010


@dataclass(frozen=True, slots=True)
class FaceTracks:
    """Numbers per analysed frame for one face in one segment.

    Every array has one row per entry of `PictureTracks.time_s`; rows in which this face was not measured
    are NaN and have `valid` False. Left and right are the subject's own. Lengths are in face widths
    (the distance between the outer eye corners of the fitted rigid face) unless the name says otherwise.

    Attributes
    ----------
    valid
        (n,) bool. The mesh was found and trusted in this frame.
    box_px
        (n, 4) px of the analysed picture: left, top, width, height.
    confidence
        (n,) 0..1, the mesh's own face score.
    head_pitch_deg, head_yaw_deg, head_roll_deg
        (n,) deg. Pitch + is up, yaw + is toward the subject's left, roll + is toward the subject's left
        shoulder (see `perception.geometry`).
    head_x, head_y, head_scale
        (n,) centre of the head, and apparent face width, all relative to the picture's height. A larger
        scale is nearer.
    gaze_yaw_deg, gaze_pitch_deg
        (n,) deg, eye in head plus head, same signs as the head's.
    eye_yaw_deg, eye_pitch_deg
        (n,) deg, eye in head alone.
    eye_openness_left, eye_openness_right
        (n,) lid gap over eye width.
    mouth_opening, mouth_width, lip_corner_height, lip_press
        (n,) face widths. Corner height is above the base of the nose (so negative), and a smile raises it.
        Lip press is the visible thickness of both lips: pressed lips are thin.
    lip_corner_height_left, lip_corner_height_right
        (n,) face widths.
    brow_inner_left, brow_inner_right, brow_outer_left, brow_outer_right, brow_gap
        (n,) face widths. Heights above the eye's centre; the gap is between the inner brow ends.
    lower_lid_raise
        (n,) face widths. Lower lid above the line between the eye's corners; a felt smile raises it.
    chin_raise
        (n,) face widths. Rise of the chin boss toward the lower lip.
    """

    valid: BoolArray
    box_px: FloatArray
    confidence: FloatArray
    head_pitch_deg: FloatArray
    head_yaw_deg: FloatArray
    head_roll_deg: FloatArray
    head_x: FloatArray
    head_y: FloatArray
    head_scale: FloatArray
    gaze_yaw_deg: FloatArray
    gaze_pitch_deg: FloatArray
    eye_yaw_deg: FloatArray
    eye_pitch_deg: FloatArray
    eye_openness_left: FloatArray
    eye_openness_right: FloatArray
    mouth_opening: FloatArray
    mouth_width: FloatArray
    lip_corner_height: FloatArray
    lip_corner_height_left: FloatArray
    lip_corner_height_right: FloatArray
    lip_press: FloatArray
    brow_inner_left: FloatArray
    brow_inner_right: FloatArray
    brow_outer_left: FloatArray
    brow_outer_right: FloatArray
    brow_gap: FloatArray
    lower_lid_raise: FloatArray
    chin_raise: FloatArray


def unseen_face(rows: int) -> FaceTracks:
    """Tracks of somebody who was not seen in any row."""
    columns: dict[str, Any] = {
        column.name: np.full(rows, np.nan, np.float32) for column in fields(FaceTracks)
    } | {"valid": np.zeros(rows, np.bool_), "box_px": np.full((rows, 4), np.nan, np.float32)}
    return FaceTracks(**columns)


def face_rows(face: FaceTracks, chosen: BoolArray) -> FaceTracks:
    """Choose rows of every column."""
    return FaceTracks(**{column.name: getattr(face, column.name)[chosen] for column in fields(FaceTracks)})


def join_faces(parts: Sequence[FaceTracks]) -> FaceTracks:
    """Put the rows of one face behind one another."""
    return FaceTracks(
        **{
            column.name: np.concatenate([getattr(part, column.name) for part in parts])
            for column in fields(FaceTracks)
        }
    )


def either_face(face: FaceTracks, other: FaceTracks, chosen: BoolArray) -> FaceTracks:
    """Take the rows that are chosen from the other face, the rest from the first."""
    columns = {column.name: getattr(face, column.name).copy() for column in fields(FaceTracks)}
    for name, column in columns.items():
        column[chosen] = getattr(other, name)[chosen]
    return FaceTracks(**columns)


@dataclass(frozen=True, slots=True)
class PictureTracks:
    """What the picture of one segment gave.

    Attributes
    ----------
    time_s
        (n,) presentation time of each analysed frame from the segment's start, s, increasing.
    faces
        The faces that were followed, most prominent first. Empty when there were none.
    face_count
        (n,) faces in view, as last counted by the detector.
    luminance
        (n,) mean brightness of the frame, 0..1.
    moving
        (n,) bool. The frame differs from the one analysed before it. A frozen picture is no measurement.
    width_px, height_px
        Size of the analysed picture after rotation, px.
    """

    time_s: TimeArray
    faces: tuple[FaceTracks, ...]
    face_count: NDArray[np.int32]
    luminance: FloatArray
    moving: BoolArray
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class VoiceTracks:
    """What the sound of one segment gave. Row k of a track is at ``k * hop``, from the segment's start.

    Attributes
    ----------
    start_s
        Time of the first sample from the segment's start, s. Rows count from here.
    speech_probability
        (p,) 0..1 per 32 ms.
    f0_hz, f0_confidence
        (q,) per 16 ms. F0 is NaN where unvoiced.
    level_dbfs, spectral_change
        (r,) per 10 ms. RMS level, and cosine distance (0..1) of the band spectrum to 50 ms before.
    syllable_time_s
        (k,) syllable nuclei from the segment's start, s.
    noise_floor_dbfs
        Level exceeded 90% of the time, dBFS.
    """

    start_s: float
    speech_probability: FloatArray
    f0_hz: FloatArray
    f0_confidence: FloatArray
    level_dbfs: FloatArray
    spectral_change: FloatArray
    syllable_time_s: TimeArray
    noise_floor_dbfs: float


@dataclass(frozen=True, slots=True)
class Tracks:
    """Everything measured in one segment: the only thing later rooms ever see of the media.

    Attributes
    ----------
    duration_s
        Length of the new media, s.
    stream_start_s
        Container time at which the new media begins, for a continuous stream; None for a complete file.
    picture, voice
        None when the segment has no such track: not measured, which is not the same as measured and empty.
    """

    duration_s: float
    stream_start_s: float | None
    picture: PictureTracks | None
    voice: VoiceTracks | None
