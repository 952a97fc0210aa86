"""Frames in, `PictureTracks` out."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final

import cv2
import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from backchannel.perception.face import FaceMeasure, Following, follow, since
from backchannel.perception.geometry import face_width_cm
from backchannel.perception.models import Networks
from backchannel.tracks import FaceTracks, PictureTracks

MIN_FACE_SHARE: Final = 0.04
"""A face seen in less of the segment than this, or in fewer than 3 frames, is a mistake of the detector."""
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
    following, thumbnail = looking.following, looking.thumbnail
    known = {face.number for face in following.faces}
    time_s: list[float] = []
    measured: list[dict[int, FaceMeasure]] = []
    counts: list[int] = []
    luminance: list[float] = []
    moving: list[bool] = []
    width_px = height_px = 0
    for frame_s, image in frames:
        height_px, width_px = image.shape[:2]
        following, faces = follow(following, networks, image, frame_s)
        previous, thumbnail = thumbnail, _thumbnail(image)
        time_s.append(frame_s)
        measured.append(faces)
        counts.append(max(following.count, len(faces)) if faces else 0)
        luminance.append(float(thumbnail.mean()) / 255.0)
        moving.append(previous is None or float(np.abs(thumbnail - previous).mean()) > STILL_DIFFERENCE)
    tracks = PictureTracks(
        time_s=np.array(time_s, np.float64),
        faces=_faces(measured, known, width_px, height_px),
        face_count=np.array(counts, np.int32),
        luminance=np.array(luminance, np.float32),
        moving=np.array(moving, np.bool_),
        width_px=width_px,
        height_px=height_px,
    )
    return tracks, Looking(since(following, time_s[-1]) if time_s else following, thumbnail)


def _thumbnail(image: ImageArray) -> FloatArray:
    small = cv2.resize(image, _THUMBNAIL_PX, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.float32)


def _faces(
    measured: Sequence[dict[int, FaceMeasure]], known: Collection[int], width_px: int, height_px: int
) -> tuple[FaceTracks, ...]:
    numbers = sorted({number for frame in measured for number in frame})
    enough = max(3.0, MIN_FACE_SHARE * len(measured))
    seen = {number: [frame.get(number) for frame in measured] for number in numbers}
    tracks = [
        _face_tracks(rows, height_px)
        for number, rows in seen.items()
        if number in known or sum(row is not None for row in rows) >= enough
    ]
    return tuple(sorted(tracks, key=lambda face: -_prominence(face, width_px)))


def _face_tracks(rows: Sequence[FaceMeasure | None], height_px: int) -> FaceTracks:
    columns = [_column_values(row, height_px) for row in rows]
    names = [field.name for field in fields(FaceTracks) if field.name not in ("valid", "box_px")]
    values = {
        name: np.array([np.nan if column is None else column[name] for column in columns], np.float32)
        for name in names
    }
    no_box = (np.nan,) * 4
    return FaceTracks(
        valid=np.array([row is not None for row in rows], np.bool_),
        box_px=np.array([no_box if row is None else row.box_px for row in rows], np.float32),
        **values,
    )


def _column_values(row: FaceMeasure | None, height_px: int) -> dict[str, float] | None:
    if row is None:
        return None
    expression = {field.name: float(getattr(row.expression, field.name)) for field in fields(row.expression)}
    return expression | {
        "confidence": row.score,
        "head_pitch_deg": row.pose.pitch_deg,
        "head_yaw_deg": row.pose.yaw_deg,
        "head_roll_deg": row.pose.roll_deg,
        "head_x": float(row.pose.centre_px[0]) / height_px,
        "head_y": float(row.pose.centre_px[1]) / height_px,
        "head_scale": row.pose.scale_px * face_width_cm() / height_px,
        "gaze_yaw_deg": row.gaze.yaw_deg,
        "gaze_pitch_deg": row.gaze.pitch_deg,
        "eye_yaw_deg": row.gaze.eye_yaw_deg,
        "eye_pitch_deg": row.gaze.eye_pitch_deg,
        "eye_openness_left": row.eye_openness_left,
        "eye_openness_right": row.eye_openness_right,
    }


def _prominence(face: FaceTracks, width_px: int) -> float:
    """Time in view × area, less for a face at the picture's side: who the camera is meant for."""
    area_px = np.nansum(face.box_px[:, 2] * face.box_px[:, 3])
    middle_px = np.nanmean(face.box_px[:, 0] + face.box_px[:, 2] / 2)
    off_centre = abs(float(middle_px) / width_px - 0.5) * 2
    return float(area_px) * (1.0 - 0.5 * off_centre)
