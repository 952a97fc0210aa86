"""Real faces moved by known rotations: frames of labelled clips, turned in three dimensions.

The portrait is one face. Whether the head's angles hold on other people, in other light, is asked here: a
frame is given the depth of its own mesh, turned by a few degrees with the renderer's warp, and what
perception reads is compared with what it read before. Clips are looked for outside the project and never
copied into it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from backchannel.errors import Problem
from backchannel.media.decode import decode_frames
from backchannel.perception.face import Following, Sighting, follow
from backchannel.perception.networks import load_networks
from backchannel.values import MediaLimits, Segment
from evals.yardstick.sample import Sample
from synthesis.head import HeadWarp, prepare_head
from synthesis.mesh import eye_distance_px, find_mesh
from synthesis.portrait import Portrait

CLIPS = Path("../shared/clips")
"""Where the labelled clips are, from the checkout."""
MISSING = f"no clips at {CLIPS}: real frames are skipped"

FRAMES_A_CLIP = 3
MIN_FACE_PX = 70.0
MAX_OWN_ANGLE_DEG = 15.0
"""Only faces that look roughly at the camera: a warp cannot show what the frame did not see."""

TURNS_DEG: tuple[tuple[float, float, float], ...] = (
    (-12, 0, 0), (-8, 0, 0), (-4, 0, 0), (4, 0, 0), (8, 0, 0),
    (0, -12, 0), (0, -8, 0), (0, -4, 0), (0, 4, 0), (0, 8, 0), (0, 12, 0),
    (0, 0, -10), (0, 0, -5), (0, 0, 5), (0, 0, 10),
    (-6, 6, 0), (-6, -6, 0),
)  # fmt: skip
"""Pitch, yaw and roll added to the frame's own: the sizes of nods, shakes and tilts."""

_HEAD_ABOVE_FW, _HEAD_RADII_FW = 0.45, (1.1, 1.22)
"""The head's ellipse over a face, face widths: as in the portrait."""


@dataclass(frozen=True, slots=True)
class RealFace:
    """A frame with a face that can be turned."""

    clip: str
    image: ImageArray
    before: Sighting
    warp: HeadWarp


def real_faces(folder: Path = CLIPS, frames_a_clip: int = FRAMES_A_CLIP) -> Iterator[RealFace]:
    """Find frames with a large face that looks roughly at the camera, spread over each clip."""
    for path in sorted(folder.glob("*.m*")) + sorted(folder.glob("*.webm")):
        if path.suffix != ".json":
            yield from _faces_in(path, frames_a_clip)


def _faces_in(path: Path, frames_a_clip: int) -> Iterator[RealFace]:
    found = 0
    try:
        for frame in decode_frames(Segment(path.read_bytes()), MediaLimits(), rate_hz=0.5):
            face = _face_in(path.name, frame.image)
            if face is not None:
                found += 1
                yield face
            if found == frames_a_clip:
                return
    except Problem:
        return


def _face_in(clip: str, image: ImageArray) -> RealFace | None:
    seen = _seen(image)
    if seen is None or _width_px(seen) < MIN_FACE_PX:
        return None
    pose = seen.pose
    if max(abs(pose.pitch_deg), abs(pose.yaw_deg), abs(pose.roll_deg)) > MAX_OWN_ANGLE_DEG:
        return None
    low, high = seen.mesh.points_px[:, :2].min(axis=0), seen.mesh.points_px[:, :2].max(axis=0)
    middle = (low + high) / 2
    points = find_mesh(image, (float(middle[0]), float(middle[1])), float((high - low).max()))
    own_deg = (pose.pitch_deg, pose.yaw_deg, pose.roll_deg)
    return RealFace(clip, image, seen, prepare_head(_portrait(image, points), own_deg))


def _portrait(image: ImageArray, points: FloatArray) -> Portrait:
    unit = eye_distance_px(points)
    middle = (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2
    return Portrait(
        picture=image,
        points_px=points,
        face_width_px=unit,
        head_centre_px=(float(middle[0]), float(middle[1]) - _HEAD_ABOVE_FW * unit),
        head_radii_px=(_HEAD_RADII_FW[0] * unit, _HEAD_RADII_FW[1] * unit),
        from_picture=np.eye(2, 3),
    )


def _seen(image: ImageArray) -> Sighting | None:
    # Twice: perception fits a face at the place where it last was, as it does in every frame but the first.
    following, _ = follow(Following(), load_networks(), image, 0.0)
    _, faces = follow(following, load_networks(), image, 0.1)
    return max(faces.values(), key=_width_px, default=None)


def _width_px(seen: Sighting) -> float:
    return float(np.ptp(seen.mesh.points_px[:, 0]))


def turned(face: RealFace, turn_deg: tuple[float, float, float]) -> ImageArray:
    """(height, width, 3) the frame with its face turned by pitch, yaw and roll."""
    source = face.warp.source_map(*turn_deg, 0.0)
    return np.asarray(
        cv2.remap(
            face.image, source[..., 0], source[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        ),
        dtype=np.uint8,
    )


def errors_deg(face: RealFace) -> FloatArray:
    """(turns, 3) measured less scripted change of pitch, yaw and roll; NaN where the face was lost."""
    still = _seen(turned(face, (0.0, 0.0, 0.0))) or face.before
    rows = []
    for turn in TURNS_DEG:
        after = _seen(turned(face, turn))
        rows.append(np.full(3, np.nan) if after is None else _angles(after) - _angles(still) - np.array(turn))
    return np.asarray(rows, np.float32)


def _angles(seen: Sighting) -> FloatArray:
    pose = seen.pose
    return np.array([pose.pitch_deg, pose.yaw_deg, pose.roll_deg], np.float32)


def real_frame_errors(folder: Path = CLIPS, frames_a_clip: int = FRAMES_A_CLIP) -> dict[str, Sample]:
    """Absolute errors of the change of each angle, pooled over frames and turns; empty without clips."""
    samples: dict[str, Sample] = {}
    for face in real_faces(folder, frames_a_clip):
        errors = np.abs(errors_deg(face))
        for axis, name in enumerate(("pitch", "yaw", "roll")):
            key = f"real frames: {name}, deg"
            samples[key] = samples.get(key, Sample()) + Sample.of(errors[:, axis])
        samples["real frames"] = samples.get("real frames", Sample()) + Sample.of([1.0])
    return samples
