"""Frames in, `PictureTracks` out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backchannel.arrays import BoolArray, FloatArray, ImageArray, TimeArray
from backchannel.perception.expression import Expression
from backchannel.perception.face import FaceMeasure, Following, Sighting, follow, measure_face, since
from backchannel.perception.geometry import face_width_cm
from backchannel.perception.networks import Networks
from backchannel.tracks import FaceTracks, PictureTracks, join_faces, unseen_face

MIN_FACE_SHARE: Final = 0.04
"""A face seen in less of the segment than this, or in fewer than 3 frames, is a mistake of the detector."""
MEASURED_AT_ONCE: Final = 128
"""Frames whose faces are measured together, 8.5 s at 15/s. Some 40 KB are kept of each until then."""
_THUMBNAIL_PX: Final = (32, 24)
STILL_DIFFERENCE: Final = 0.02
"""Mean absolute difference of two thumbnails, in grey levels of 255, under which nothing moved. Any real
camera's noise is above it; a repeated picture, even after a lossy codec's skip blocks, is at 0."""


@dataclass(frozen=True, slots=True)
class Looking:
    """Where the eye rests between two pieces of one running picture. Begins as ``Looking()``.

    Attributes
    ----------
    following
        The faces being followed; its times count from the last frame.
    thumbnail
        The last frame, small; None before the first.
    """

    following: Following = Following()
    thumbnail: FloatArray | None = None


def measure_picture(networks: Networks, frames: Iterable[tuple[float, ImageArray]]) -> PictureTracks:
    """Measure the frames of one segment.

    Parameters
    ----------
    frames
        (time, s, from the segment's start; RGB picture), in order. Taken one at a time and not kept.
    """
    return go_on_measuring(networks, frames, Looking())[0]


def go_on_measuring(
    networks: Networks, frames: Iterable[tuple[float, ImageArray]], looking: Looking
) -> tuple[PictureTracks, Looking]:
    """Measure the next frames of a running picture, as if it had not been cut.

    Parameters
    ----------
    frames
        See `measure_picture`.
    looking
        What the call before returned.
    """
    known = {face.number for face in looking.following.faces}
    frames, pieces = iter(frames), list[_Piece]()
    while True:
        piece, looking = _look_at(networks, islice(frames, MEASURED_AT_ONCE), looking)
        pieces.append(piece)
        if len(piece.time_s) < MEASURED_AT_ONCE:
            break
    time_s = np.concatenate([piece.time_s for piece in pieces])
    height_px, width_px = next((piece.shape_px for piece in reversed(pieces) if piece.time_s.size), (0, 0))
    tracks = PictureTracks(
        time_s=time_s,
        faces=_faces(pieces, known, width_px),
        face_count=np.concatenate([piece.face_count for piece in pieces]),
        luminance=np.concatenate([piece.luminance for piece in pieces]),
        moving=np.concatenate([piece.moving for piece in pieces]),
        width_px=width_px,
        height_px=height_px,
    )
    if time_s.size:
        looking = replace(looking, following=since(looking.following, float(time_s[-1])))
    return tracks, looking


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some frames in a row, with the faces seen in them by number; `shape_px` is that of the last frame."""

    time_s: TimeArray
    faces: Mapping[int, FaceTracks]
    face_count: NDArray[np.int32]
    luminance: FloatArray
    moving: BoolArray
    shape_px: tuple[int, int]


def _look_at(
    networks: Networks, frames: Iterable[tuple[float, ImageArray]], looking: Looking
) -> tuple[_Piece, Looking]:
    following, thumbnail = looking.following, looking.thumbnail
    time_s: list[float] = []
    shapes_px: list[tuple[int, int]] = []
    seen: list[dict[int, Sighting]] = []
    counts: list[int] = []
    luminance: list[float] = []
    moving: list[bool] = []
    for frame_s, image in frames:
        following, sightings = follow(following, networks, image, frame_s)
        previous, thumbnail = thumbnail, _thumbnail(image)
        time_s.append(frame_s)
        shapes_px.append((image.shape[0], image.shape[1]))
        seen.append(sightings)
        counts.append(max(following.count, len(sightings)) if sightings else 0)
        luminance.append(float(thumbnail.mean()) / 255.0)
        moving.append(previous is None or float(np.abs(thumbnail - previous).mean()) > STILL_DIFFERENCE)
    heights_px = np.array([height_px for height_px, _ in shapes_px])
    eyes = {face.number: face.eyes for face in looking.following.faces}
    faces: dict[int, FaceTracks] = {}
    for number in sorted({number for sightings in seen for number in sightings}):
        sightings = {row: found[number] for row, found in enumerate(seen) if number in found}
        measure = measure_face(networks, list(sightings.values()), eyes.get(number))
        faces[number] = _face_tracks(measure, sightings, heights_px)
        eyes[number] = measure.last_eyes
    followed = tuple(replace(face, eyes=eyes[face.number]) for face in following.faces)
    piece = _Piece(
        time_s=np.array(time_s, np.float64),
        faces=faces,
        face_count=np.array(counts, np.int32),
        luminance=np.array(luminance, np.float32),
        moving=np.array(moving, np.bool_),
        shape_px=shapes_px[-1] if shapes_px else (0, 0),
    )
    return piece, Looking(replace(following, faces=followed), thumbnail)


def _thumbnail(image: ImageArray) -> FloatArray:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, _THUMBNAIL_PX, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _face_tracks(
    measure: FaceMeasure, sightings: Mapping[int, Sighting], heights_px: NDArray[np.int_]
) -> FaceTracks:
    """Tracks of a face that was sighted in some rows."""
    rows = list(sightings)
    height_px = heights_px[rows]
    poses = [sighting.pose for sighting in sightings.values()]
    columns = {column.name: getattr(measure.expression, column.name) for column in fields(Expression)} | {
        "box_px": measure.box_px,
        "confidence": np.array([sighting.mesh.score for sighting in sightings.values()]),
        "head_pitch_deg": np.array([pose.pitch_deg for pose in poses]),
        "head_yaw_deg": np.array([pose.yaw_deg for pose in poses]),
        "head_roll_deg": np.array([pose.roll_deg for pose in poses]),
        "valid": np.ones(len(rows), np.bool_),
        "head_x": np.array([pose.centre_px[0] for pose in poses]) / height_px,
        "head_y": np.array([pose.centre_px[1] for pose in poses]) / height_px,
        "head_scale": np.array([pose.scale_px for pose in poses]) * face_width_cm() / height_px,
        "gaze_yaw_deg": measure.gaze.yaw_deg,
        "gaze_pitch_deg": measure.gaze.pitch_deg,
        "eye_yaw_deg": measure.gaze.eye_yaw_deg,
        "eye_pitch_deg": measure.gaze.eye_pitch_deg,
        "eye_openness_left": measure.eye_openness_left,
        "eye_openness_right": measure.eye_openness_right,
    }
    tracks = unseen_face(len(heights_px))
    for name, column in columns.items():
        getattr(tracks, name)[rows] = column
    return tracks


def _faces(pieces: Sequence[_Piece], known: Collection[int], width_px: int) -> tuple[FaceTracks, ...]:
    tracks = {number: _joined(pieces, number) for piece in pieces for number in sorted(piece.faces)}
    enough = max(3.0, MIN_FACE_SHARE * sum(piece.time_s.size for piece in pieces))
    kept = [face for number, face in tracks.items() if number in known or face.valid.sum() >= enough]
    return tuple(sorted(kept, key=lambda face: -_prominence(face, width_px)))


def _joined(pieces: Sequence[_Piece], number: int) -> FaceTracks:
    parts = [piece.faces.get(number) or unseen_face(piece.time_s.size) for piece in pieces]
    return join_faces(parts)


def _prominence(face: FaceTracks, width_px: int) -> float:
    """Time in view × area, less for a face at the picture's side: who the camera is meant for."""
    area_px = np.nansum(face.box_px[:, 2] * face.box_px[:, 3])
    middle_px = np.nanmean(face.box_px[:, 0] + face.box_px[:, 2] / 2)
    off_centre = abs(float(middle_px) / width_px - 0.5) * 2
    return float(area_px) * (1.0 - 0.5 * off_centre)
