"""Follows faces from frame to frame and measures each one.

A face that was fitted in one frame is looked for at the same place in the next, which costs one mesh
instead of a detection; the detector looks again when a face is lost and once a second for new ones.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from backchannel.perception.detection import Detection, detect_faces
from backchannel.perception.expression import Expression, measure_expression
from backchannel.perception.gaze import Gaze, measure_gaze
from backchannel.perception.geometry import HeadPose, face_coordinates, fit_head
from backchannel.perception.mesh import Mesh, Region, fit_eyes, fit_mesh, region_of_detection, region_of_mesh
from backchannel.perception.models import Networks

MIN_MESH_SCORE = 0.5
"""Smallest mesh score that counts as a face (model card: 0.5)."""
MAX_FACES = 3
"""Faces followed at once; each costs as much as the first (judgement)."""
MIN_FACE_SIDE_PX = 24
"""Smaller faces have no shape left in the mesh's 192 px crop (judgement)."""
MAX_RESIDUAL = 0.09
"""Rigid misfit beyond which the mesh is not on a face, in face widths. Real faces stay under 0.06."""


@dataclass(frozen=True, slots=True)
class FaceMeasure:
    """One face in one frame."""

    box_px: tuple[float, float, float, float]
    score: float
    pose: HeadPose
    gaze: Gaze
    expression: Expression
    eye_openness_left: float
    eye_openness_right: float


@dataclass(frozen=True, slots=True)
class FollowedFace:
    """A face that is being followed: its number in this segment, and where to look next."""

    number: int
    region: Region


@dataclass(frozen=True, slots=True)
class Following:
    """What is carried from frame to frame inside one segment.

    Attributes
    ----------
    faces
        Faces being followed.
    next_number
        Number for the next new face.
    next_search_s
        When the detector looks again although nothing was lost.
    count
        Faces in view when the detector last looked.
    seen_s
        When a face was last held.
    """

    faces: tuple[FollowedFace, ...] = ()
    next_number: int = 0
    next_search_s: float = 0.0
    count: int = 0
    seen_s: float = -math.inf


SEARCH_INTERVAL_S = 1.0
"""How often new faces are looked for (judgement: a newcomer waits at most this long)."""
RETRY_INTERVAL_S = 0.2
"""The same in a picture without a face, once it has been gone for a while: looking at every frame would make
an empty picture the dearest of all."""
LOST_S = 1.0
"""So long a face that was lost is looked for in every frame (judgement: hands and turns are over sooner)."""


def follow(
    following: Following, networks: Networks, image: ImageArray, time_s: float
) -> tuple[Following, dict[int, FaceMeasure]]:
    """Find and measure the faces of the next frame.

    Returns
    -------
    following
        To be passed with the next frame.
    measures
        By face number.
    """
    meshes = {face.number: fit_mesh(networks, image, face.region) for face in following.faces}
    held = {number: mesh for number, mesh in meshes.items() if _is_face(mesh)}
    if len(held) < len(meshes) or time_s >= following.next_search_s:
        detections = detect_faces(networks, image)
        held, next_number = _with_newcomers(held, detections, networks, image, following.next_number)
        following = replace(
            following,
            next_number=next_number,
            next_search_s=time_s + _search_interval_s(following, held, time_s),
            count=max(len(detections), len(held)),
        )
    if held:
        following = replace(following, seen_s=time_s)
    faces = tuple(FollowedFace(number, region_of_mesh(mesh.points_px)) for number, mesh in held.items())
    measures = {number: _measure(networks, image, mesh) for number, mesh in held.items()}
    return replace(following, faces=faces), measures


def since(following: Following, time_s: float) -> Following:
    """Count times from a later moment."""
    return replace(
        following, next_search_s=following.next_search_s - time_s, seen_s=following.seen_s - time_s
    )


def _search_interval_s(following: Following, held: Collection[int], time_s: float) -> float:
    if held:
        return SEARCH_INTERVAL_S
    return 0.0 if time_s - following.seen_s <= LOST_S else RETRY_INTERVAL_S


def _is_face(mesh: Mesh) -> bool:
    return mesh.score >= MIN_MESH_SCORE and fit_head(mesh.points_px).residual <= MAX_RESIDUAL


def _with_newcomers(
    held: dict[int, Mesh],
    detections: tuple[Detection, ...],
    networks: Networks,
    image: ImageArray,
    next_number: int,
) -> tuple[dict[int, Mesh], int]:
    together = dict(held)
    for found in detections:
        if len(together) >= MAX_FACES:
            break
        if min(found.width_px, found.height_px) < MIN_FACE_SIDE_PX:
            continue
        if any(_covers(mesh.points_px, found) for mesh in together.values()):
            continue
        # Fitted twice: the detector's box is rough, the landmarks' own box is the one the mesh was
        # trained on and every later frame will use.
        rough = fit_mesh(networks, image, region_of_detection(found))
        mesh = fit_mesh(networks, image, region_of_mesh(rough.points_px))
        if _is_face(mesh):
            together[next_number] = mesh
            next_number += 1
    return together, next_number


def _covers(points_px: FloatArray, found: Detection) -> bool:
    centre = (found.left_px + found.width_px / 2, found.top_px + found.height_px / 2)
    low, high = points_px[:, :2].min(axis=0), points_px[:, :2].max(axis=0)
    return bool(np.all(low <= centre) and np.all(centre <= high))


def _measure(networks: Networks, image: ImageArray, mesh: Mesh) -> FaceMeasure:
    pose = fit_head(mesh.points_px)
    right_eye, left_eye = fit_eyes(networks, image, mesh.points_px)
    low, high = mesh.points_px[:, :2].min(axis=0), mesh.points_px[:, :2].max(axis=0)
    return FaceMeasure(
        box_px=(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])),
        score=mesh.score,
        pose=pose,
        gaze=measure_gaze(mesh.points_px, (right_eye, left_eye), pose),
        expression=measure_expression(face_coordinates(mesh.points_px, pose)),
        eye_openness_left=left_eye.openness,
        eye_openness_right=right_eye.openness,
    )
