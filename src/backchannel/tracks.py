"""What perception measures: numbers per frame and per hop. All frozen.

Arrays are described as ``(shape) unit``; a missing measurement is NaN, never zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from backchannel.arrays import BoolArray, FloatArray, TimeArray
from backchannel.constants import FULL_RATE_HZ
from backchannel.values import Phrase


@dataclass(frozen=True, slots=True)
class Rows:
    """A modality: one row of measurements for each time, in order.

    Every array field of a subclass has one row per entry of `time_s`. So all modalities are cut, joined,
    trimmed and moved by the same code.

    Attributes
    ----------
    time_s
        (n,) increasing.
    """

    time_s: TimeArray

    def __len__(self) -> int:
        return int(self.time_s.size)

    def take(self, rows: BoolArray | slice) -> Self:
        """Return some of the rows."""
        columns = {field.name: getattr(self, field.name)[rows] for field in fields(self)}
        return replace(self, **columns)

    def cut(self, from_s: float, to_s: float = np.inf) -> Self:
        """Return the rows of a stretch of time, ``from_s <= time_s < to_s``."""
        first, last = np.searchsorted(self.time_s, [from_s, to_s], side="left").tolist()
        return self.take(slice(first, last))

    def joined(self, later: Self) -> Self:
        """Append later rows. Where the two overlap, the later ones count, which saw more context."""
        if not len(later):
            return self
        kept = self.cut(-np.inf, float(later.time_s[0]))
        columns = {
            field.name: np.concatenate([getattr(kept, field.name), getattr(later, field.name)])
            for field in fields(self)
        }
        return replace(self, **columns)

    def shifted(self, by_s: float) -> Self:
        """Move every row in time."""
        return replace(self, time_s=self.time_s + by_s)


@dataclass(frozen=True, slots=True)
class FaceTracks:
    """Numbers per analysed frame for one face.

    Every array has one row per entry of `PictureTracks.time_s`; rows in which this face was not measured
    are NaN and have `valid` False. Left and right are the subject's own. Lengths are in face widths
    (the distance between the outer eye corners of the fitted rigid face) unless the name says otherwise.

    Attributes
    ----------
    id
        Number of the face. It stays the same for as long as the face is followed, across pieces too.
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
    brow_inner_left, brow_inner_right, brow_outer_left, brow_outer_right
        (n,) face widths. Heights above the eye's centre.
    brow_crease, forehead_crease
        (n,) change of brightness per pixel over brightness: folds between the brows, and across the forehead.
        NaN if the face is too small to show them.
    lower_lid_raise
        (n,) face widths. Lower lid above the line between the eye's corners; a felt smile raises it.
    chin_raise
        (n,) face widths. Rise of the chin boss toward the lower lip.
    hand_over_eyes, hand_over_mouth
        (n,) 0 or 1. A hand covers part of the eyes, the brows or the bridge of the nose, or of the mouth.
        Looked for once a second, and more often while there is one.
    """

    id: int
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
    brow_crease: FloatArray
    forehead_crease: FloatArray
    lower_lid_raise: FloatArray
    chin_raise: FloatArray
    hand_over_eyes: FloatArray
    hand_over_mouth: FloatArray


FACE_COLUMNS: Final = tuple(field.name for field in fields(FaceTracks) if field.name != "id")
"""Names of the arrays in `FaceTracks`."""


def unseen_face(face_id: int, rows: int) -> FaceTracks:
    """Tracks of a face that was not seen in any row."""
    columns: dict[str, Any] = {name: np.full(rows, np.nan, np.float32) for name in FACE_COLUMNS} | {
        "valid": np.zeros(rows, np.bool_),
        "box_px": np.full((rows, 4), np.nan, np.float32),
    }
    return FaceTracks(id=face_id, **columns)


def join_faces(parts: Sequence[FaceTracks]) -> FaceTracks:
    """Join the rows of one face."""
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in FACE_COLUMNS}
    return FaceTracks(id=parts[0].id, **columns)


@dataclass(frozen=True, slots=True)
class PictureTracks:
    """Measurements from the picture of one piece of media.

    Attributes
    ----------
    time_s
        (n,) presentation time of each analysed frame from the start of the piece, s, increasing.
    faces
        The faces that were followed, most prominent first. Empty when there were none.
    face_count
        (n,) faces in view, as last counted by the detector.
    luminance
        (n,) mean brightness of the frame, 0..1.
    moving
        (n,) bool. The frame differs from the one analysed before it. A frozen picture measures nothing.
    new_shot
        (n,) bool. The picture was cut before this frame: it shows another shot.
    width_px, height_px
        Size of the analysed picture after rotation, px.
    """

    time_s: TimeArray
    faces: tuple[FaceTracks, ...]
    face_count: NDArray[np.int32]
    luminance: FloatArray
    moving: BoolArray
    new_shot: BoolArray
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class VoiceTracks(Rows):
    """Measurements from the sound, a row every 10 ms (`constants.VOICE_ROW_S`).

    Attributes
    ----------
    time_s
        (n,) start of each row, s.
    speech_probability
        (n,) 0..1, measured every 32 ms.
    f0_hz
        (n,) Hz, measured every 16 ms; NaN where unvoiced.
    level_dbfs
        (n,) RMS level.
    spectral_change
        (n,) cosine distance (0..1) of the band spectrum to the one 50 ms before.
    syllable
        (n,) bool. A syllable nucleus lies in this row.
    """

    speech_probability: FloatArray
    f0_hz: FloatArray
    level_dbfs: FloatArray
    spectral_change: FloatArray
    syllable: BoolArray


@dataclass(frozen=True, slots=True)
class Tracks:
    """Everything measured in one piece of media. Later stages see nothing else of it.

    Attributes
    ----------
    duration_s
        Length of the new media, s.
    stream_start_s
        Container time at which the new media begins, for a running stream; None for a complete file.
    picture
        None when the piece has no picture, so that nothing could be measured.
    voice
        None when the piece has no sound. Times count from the start of the piece; the first rows may lie
        before it. They replace the last rows of the piece before, which were measured without what follows.
    analysis_rate_hz
        Frames analysed per second, at most.
    unbroken
        Nothing is missing between the piece before and this one.
    sound_tracks
        Number of sound tracks in the media. `voice` comes from one of them.
    truncated
        The file ends with this piece, but before its own end.
    words
        Phrases that became known with this piece, in order; None if words are off. Times count from the start
        of the piece. A phrase is known after the pause behind it, so it may lie before the piece.
    """

    duration_s: float
    stream_start_s: float | None
    picture: PictureTracks | None
    voice: VoiceTracks | None
    analysis_rate_hz: float = FULL_RATE_HZ
    unbroken: bool = False
    sound_tracks: int = 1
    truncated: bool = False
    words: tuple[Phrase, ...] | None = None
