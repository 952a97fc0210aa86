"""Turn frames into `PictureTracks`. Faces keep their numbers from piece to piece."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backchannel.arrays import BoolArray, FloatArray, ImageArray, TimeArray
from backchannel.perception.expression import Expression
from backchannel.perception.face import FaceMeasure, Following, Sighting, follow, measure_face, resized
from backchannel.perception.geometry import face_width_cm
from backchannel.perception.networks import Networks
from backchannel.tracks import FaceTracks, PictureTracks, join_faces, unseen_face

MEASURED_AT_ONCE: Final = 128
"""Number of frames whose faces are measured together, 8.5 s at 15/s. Until then each takes some 40 KB."""
_THUMBNAIL_PX: Final = (32, 24)
STILL_DIFFERENCE: Final = 0.02
"""Mean absolute difference of two thumbnails, in grey levels of 255, under which nothing moved. Any real
camera's noise is above it; a repeated picture, even after a lossy codec's skip blocks, is at 0."""


@dataclass(frozen=True, slots=True)
class Seeing:
    """State of a running picture from piece to piece. Begins as ``Seeing()``.

    Attributes
    ----------
    following
        The faces being followed.
    thumbnail
        The last frame, small; None before the first.
    shape_px
        Its height and width, px.
    """

    following: Following = Following()
    thumbnail: FloatArray | None = None
    shape_px: tuple[int, int] = (0, 0)


def see(
    networks: Networks, frames: Iterable[tuple[float, ImageArray]], start_s: float, seeing: Seeing
) -> tuple[PictureTracks, Seeing]:
    """Measure the next frames of a running picture. The cut into pieces does not change the result.

    Parameters
    ----------
    frames
        (time, s, from the start of the piece; RGB picture), in order. Taken one at a time and not kept.
    start_s
        Time at which the piece begins, s, on the same clock for every piece.
    seeing
        The state after the piece before; ``Seeing()`` at first.
    """
    frames, parts = iter(frames), list[_Part]()
    while True:
        part, seeing = _look_at(networks, islice(frames, MEASURED_AT_ONCE), start_s, seeing)
        parts.append(part)
        if len(part.time_s) < MEASURED_AT_ONCE:
            break
    time_s = np.concatenate([part.time_s for part in parts])
    shapes_px = [shape_px for part in parts for shape_px in part.shapes_px]
    height_px, width_px = shapes_px[-1] if shapes_px else (0, 0)
    tracks = PictureTracks(
        time_s=time_s,
        faces=_faces(parts, shapes_px),
        face_count=np.concatenate([part.face_count for part in parts]),
        luminance=np.concatenate([part.luminance for part in parts]),
        moving=np.concatenate([part.moving for part in parts]),
        width_px=width_px,
        height_px=height_px,
    )
    return tracks, seeing


@dataclass(frozen=True, slots=True)
class _Part:
    """Consecutive frames, with their height and width, and their faces by number."""

    time_s: TimeArray
    faces: Mapping[int, FaceTracks]
    face_count: NDArray[np.int32]
    luminance: FloatArray
    moving: BoolArray
    shapes_px: tuple[tuple[int, int], ...]


def _look_at(
    networks: Networks, frames: Iterable[tuple[float, ImageArray]], start_s: float, seeing: Seeing
) -> tuple[_Part, Seeing]:
    following, thumbnail, shape_px = seeing.following, seeing.thumbnail, seeing.shape_px
    time_s: list[float] = []
    shapes_px: list[tuple[int, int]] = []
    seen: list[dict[int, Sighting]] = []
    counts: list[int] = []
    luminance: list[float] = []
    moving: list[bool] = []
    for frame_s, image in frames:
        before_px, shape_px = shape_px, (image.shape[0], image.shape[1])
        following = resized(following, before_px, shape_px)
        new_size = before_px != shape_px
        following, sightings = follow(following, networks, image, start_s + frame_s, new_size=new_size)
        previous, thumbnail = thumbnail, _thumbnail(image)
        time_s.append(frame_s)
        shapes_px.append(shape_px)
        seen.append(sightings)
        counts.append(max(following.count, len(sightings)) if sightings else 0)
        luminance.append(float(thumbnail.mean()) / 255.0)
        moving.append(previous is None or float(np.abs(thumbnail - previous).mean()) > STILL_DIFFERENCE)
    heights_px = np.array([height_px for height_px, _ in shapes_px])
    eyes = {face.number: face.eyes for face in seeing.following.faces}
    faces: dict[int, FaceTracks] = {}
    for number in sorted({number for sightings in seen for number in sightings}):
        sightings = {row: found[number] for row, found in enumerate(seen) if number in found}
        measure = measure_face(networks, list(sightings.values()), eyes.get(number))
        faces[number] = _face_tracks(number, measure, sightings, heights_px)
        eyes[number] = measure.last_eyes
    followed = tuple(replace(face, eyes=eyes[face.number]) for face in following.faces)
    part = _Part(
        time_s=np.array(time_s, np.float64),
        faces=faces,
        face_count=np.array(counts, np.int32),
        luminance=np.array(luminance, np.float32),
        moving=np.array(moving, np.bool_),
        shapes_px=tuple(shapes_px),
    )
    return part, Seeing(replace(following, faces=followed), thumbnail, shape_px)


def _thumbnail(image: ImageArray) -> FloatArray:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, _THUMBNAIL_PX, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _face_tracks(
    number: int, measure: FaceMeasure, sightings: Mapping[int, Sighting], heights_px: NDArray[np.int_]
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
        "brow_crease": np.array([sighting.creases.between_brows for sighting in sightings.values()]),
        "forehead_crease": np.array([sighting.creases.forehead for sighting in sightings.values()]),
        "eye_openness_left": measure.eye_openness_left,
        "eye_openness_right": measure.eye_openness_right,
    }
    tracks = unseen_face(number, len(heights_px))
    for name, column in columns.items():
        getattr(tracks, name)[rows] = column
    return tracks


def _faces(parts: Sequence[_Part], shapes_px: Sequence[tuple[int, int]]) -> tuple[FaceTracks, ...]:
    faces = [_joined(parts, number) for number in sorted({number for part in parts for number in part.faces})]
    return tuple(sorted(faces, key=lambda face: -_prominence(face, shapes_px)))


def _joined(parts: Sequence[_Part], number: int) -> FaceTracks:
    return join_faces([part.faces.get(number) or unseen_face(number, part.time_s.size) for part in parts])


def _prominence(face: FaceTracks, shapes_px: Sequence[tuple[int, int]]) -> float:
    """Time in view × area, less at the side of the picture: the person the camera points at.

    The area is a share of the picture, whose size may change.
    """
    height_px, width_px = np.array(shapes_px).T
    area = np.nansum(face.box_px[:, 2] * face.box_px[:, 3] / (height_px * width_px))
    middle = np.nanmean((face.box_px[:, 0] + face.box_px[:, 2] / 2) / width_px)
    off_centre = abs(float(middle) - 0.5) * 2
    return float(area) * (1.0 - 0.5 * off_centre)
