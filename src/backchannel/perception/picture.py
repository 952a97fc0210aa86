"""Turn frames into `PictureTracks`. Faces keep their numbers from piece to piece."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backchannel.arrays import FloatArray, ImageArray
from backchannel.perception.expression import Expression
from backchannel.perception.face import FaceMeasure, Following, Sighting, follow, measure_face, resized
from backchannel.perception.geometry import face_width_cm
from backchannel.perception.networks import Networks
from backchannel.perception.shots import has_contrast, is_same_shot
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
    scene
        The last such picture that shows anything, to find cuts. Black and white pictures do not.
    shape_px
        Its height and width, px.
    """

    following: Following = Following()
    thumbnail: FloatArray | None = None
    scene: FloatArray | None = None
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
        if len(part.looks) < MEASURED_AT_ONCE:
            break
    looks = [look for part in parts for look in part.looks]
    shapes_px = [look.shape_px for look in looks]
    height_px, width_px = shapes_px[-1] if shapes_px else (0, 0)
    tracks = PictureTracks(
        time_s=np.array([look.time_s for look in looks], np.float64),
        faces=_faces(parts, shapes_px),
        face_count=np.array([look.face_count for look in looks], np.int32),
        luminance=np.array([look.luminance for look in looks], np.float32),
        moving=np.array([look.moving for look in looks], np.bool_),
        new_shot=np.array([look.new_shot for look in looks], np.bool_),
        width_px=width_px,
        height_px=height_px,
    )
    return tracks, seeing


@dataclass(frozen=True, slots=True)
class _Look:
    """What is known of one frame at once; its faces are measured later, many frames together."""

    time_s: float
    shape_px: tuple[int, int]
    sightings: Mapping[int, Sighting]
    face_count: int
    luminance: float
    moving: bool
    new_shot: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """Consecutive frames, and their faces by number."""

    looks: Sequence[_Look]
    faces: Mapping[int, FaceTracks]


def _look_at(
    networks: Networks, frames: Iterable[tuple[float, ImageArray]], start_s: float, seeing: Seeing
) -> tuple[_Part, Seeing]:
    eyes = {face.number: face.eyes for face in seeing.following.faces}
    looks: list[_Look] = []
    for frame_s, image in frames:
        look, seeing = _look(networks, image, frame_s, start_s, seeing)
        looks.append(look)
    faces: dict[int, FaceTracks] = {}
    for number in sorted({number for look in looks for number in look.sightings}):
        sightings = {
            row: look.sightings[number] for row, look in enumerate(looks) if number in look.sightings
        }
        measure = measure_face(networks, list(sightings.values()), eyes.get(number))
        faces[number] = _face_tracks(
            number, measure, sightings, np.array([look.shape_px[0] for look in looks])
        )
        eyes[number] = measure.last_eyes
    followed = tuple(replace(face, eyes=eyes[face.number]) for face in seeing.following.faces)
    return _Part(looks, faces), replace(seeing, following=replace(seeing.following, faces=followed))


def _look(
    networks: Networks, image: ImageArray, frame_s: float, start_s: float, seeing: Seeing
) -> tuple[_Look, Seeing]:
    shape_px, thumbnail = (image.shape[0], image.shape[1]), _thumbnail(image)
    scene, new_shot = _next_scene(seeing.scene, thumbnail)
    following, sightings = follow(
        resized(seeing.following, seeing.shape_px, shape_px),
        networks,
        image,
        start_s + frame_s,
        new_size=seeing.shape_px != shape_px,
        new_shot=new_shot,
    )
    before = seeing.thumbnail
    look = _Look(
        time_s=frame_s,
        shape_px=shape_px,
        sightings=sightings,
        face_count=max(following.count, len(sightings)) if sightings else 0,
        luminance=float(thumbnail.mean()) / 255.0,
        moving=before is None or float(np.abs(thumbnail - before).mean()) > STILL_DIFFERENCE,
        new_shot=new_shot,
    )
    return look, Seeing(following, thumbnail, scene, shape_px)


def _next_scene(scene: FloatArray | None, thumbnail: FloatArray) -> tuple[FloatArray | None, bool]:
    """Return what the next frame is compared to, and whether this one is of another shot."""
    if not has_contrast(thumbnail):
        return scene, False
    return thumbnail, scene is not None and not is_same_shot(scene, thumbnail)


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
        "hand_over_eyes": np.array([sighting.covering.eyes for sighting in sightings.values()]),
        "hand_over_mouth": np.array([sighting.covering.mouth for sighting in sightings.values()]),
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
    return join_faces([part.faces.get(number) or unseen_face(number, len(part.looks)) for part in parts])


def _prominence(face: FaceTracks, shapes_px: Sequence[tuple[int, int]]) -> float:
    """Time in view × area, less at the side of the picture: the person the camera points at.

    The area is a share of the picture, whose size may change.
    """
    height_px, width_px = np.array(shapes_px).T
    area = np.nansum(face.box_px[:, 2] * face.box_px[:, 3] / (height_px * width_px))
    middle = np.nanmean((face.box_px[:, 0] + face.box_px[:, 2] / 2) / width_px)
    off_centre = abs(float(middle) - 0.5) * 2
    return float(area) * (1.0 - 0.5 * off_centre)
