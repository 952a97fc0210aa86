"""Follow faces from frame to frame, and measure each one in all its frames.

A face is expected at the same place in the next frame, which takes one mesh instead of a detection. The
detector runs again when a face is lost, and once a second for new faces.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from backchannel.perception.crease import Creases, measure_creases
from backchannel.perception.detection import Detection, detect_faces
from backchannel.perception.expression import Expression, measure_expression
from backchannel.perception.eyes import MAX_UNSEEN_S, EyePair, cut_eyes, fit_eyes, look_alike
from backchannel.perception.gaze import Gaze, eyes_in_head, gaze_of
from backchannel.perception.geometry import HeadPose, face_coordinates, fit_head
from backchannel.perception.hands import Covering, look_for_hand
from backchannel.perception.mesh import (
    MESH_SHAPE,
    Mesh,
    Region,
    fit_mesh,
    region_of_detection,
    region_of_mesh,
)
from backchannel.perception.networks import Networks

MIN_MESH_SCORE = 0.5
"""Smallest mesh score that counts as a face (model card: 0.5)."""
MAX_FACES = 3
"""Faces followed at once; each costs as much as the first (judgement)."""
MIN_FACE_SIDE_PX = 24
"""Smaller faces have no shape left in the mesh's 192 px crop (judgement)."""
MAX_RESIDUAL = 0.09
"""Above this rigid misfit, in face widths, the mesh is not on a face. Real faces stay under 0.06."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One face in one frame: everything that is needed once the frame is gone.

    Attributes
    ----------
    creases
        Creases of its skin.
    covering
        What a hand covers of it.
    eyes
        None if they look the same as when they were last cut out.
    """

    mesh: Mesh
    pose: HeadPose
    creases: Creases
    covering: Covering
    eyes: EyePair | None


@dataclass(frozen=True, slots=True)
class EyeState:
    """State of the eyes of one face.

    Attributes
    ----------
    in_head
        (3,) direction in which they look, face axes.
    openness
        (2,) right and left, lid gap over eye width.
    """

    in_head: FloatArray
    openness: FloatArray


@dataclass(frozen=True, slots=True)
class FaceMeasure:
    """One face in n frames.

    Attributes
    ----------
    box_px
        (n, 4) px: left, top, width, height.
    eye_openness_left, eye_openness_right
        (n,) lid gap over eye width.
    last_eyes
        For the frames that follow.
    """

    box_px: FloatArray
    gaze: Gaze
    expression: Expression
    eye_openness_left: FloatArray
    eye_openness_right: FloatArray
    last_eyes: EyeState


@dataclass(frozen=True, slots=True)
class FollowedFace:
    """A face that is being followed.

    Attributes
    ----------
    number
        Its number in this conversation.
    region
        Where to look for it next.
    look, look_s
        Look of its eyes when they were last cut out, and the time.
    eyes
        Their state then; None until it is measured, after the last frame of a piece.
    covering, covered_s
        What a hand covers of it, and the time at which a hand was last found.
    looked_s
        Time at which a hand was last looked for.
    """

    number: int
    region: Region
    look: FloatArray
    look_s: float
    eyes: EyeState | None = None
    covering: Covering = Covering()
    covered_s: float = -math.inf
    looked_s: float = -math.inf


@dataclass(frozen=True, slots=True)
class Following:
    """State from frame to frame. Times are session times.

    Attributes
    ----------
    faces
        Faces being followed.
    next_number
        Number for the next new face.
    next_search_s
        When the detector looks for new faces.
    count
        Faces in view when the detector last looked.
    seen_s
        When a face was last followed.
    """

    faces: tuple[FollowedFace, ...] = ()
    next_number: int = 0
    next_search_s: float = 0.0
    count: int = 0
    seen_s: float = -math.inf


SEARCH_INTERVAL_S = 1.0
"""How often to look for new faces (judgement: a newcomer waits at most this long)."""
RETRY_INTERVAL_S = 0.2
"""The same in a picture that has had no face for a while. With a search in every frame, an empty picture
would take longest."""
LOST_S = 1.0
"""For so long after a face was lost, every frame is searched (judgement: hands and turns are over sooner)."""
HAND_INTERVAL_S = 1.0
"""How often to look for a hand in front of a face (judgement: it costs 3 ms)."""
COVERED_INTERVAL_S = 0.2
"""The same while one covers something: hands that gesture pass quickly."""
HELD_S = 0.9
"""A hand that the networks lose stays for so long: they lose it in every third frame of a real clip, when its
fingers hide its palm."""
_SAME_TIME_S = 1e-6
"""The same frame has a slightly different time if the stream is cut elsewhere."""


def follow(
    following: Following,
    networks: Networks,
    image: ImageArray,
    time_s: float,
    *,
    new_size: bool = False,
    new_shot: bool = False,
) -> tuple[Following, dict[int, Sighting]]:
    """Find the faces of the next frame.

    Parameters
    ----------
    new_size
        The picture has another size than the one before, as when somebody turns a phone. If the only face is
        in another place then, it is still the same face.
    new_shot
        The picture was cut, so there may be other faces.

    Returns
    -------
    following
        The state to pass with the next frame.
    sightings
        By face number.
    """
    fits = {face.number: _fit(networks, image, face.region) for face in following.faces}
    held = {number: fit for number, fit in fits.items() if _is_face(fit)}
    if new_shot or len(held) < len(fits) or time_s >= following.next_search_s - _SAME_TIME_S:
        detections = detect_faces(networks, image)
        lost = fits.keys() - held.keys()
        held, next_number = _with_newcomers(held, detections, networks, image, following.next_number)
        if new_size and len(fits) == len(lost) == len(held) == 1:
            held = dict(zip(lost, held.values(), strict=True))
        following = replace(
            following,
            next_number=next_number,
            next_search_s=time_s + _search_interval_s(following, held, time_s),
            count=max(len(detections), len(held)),
        )
    if held:
        following = replace(following, seen_s=time_s)
    known = {face.number: face for face in following.faces}
    faces, sightings = list[FollowedFace](), dict[int, Sighting]()
    for number, (mesh, pose) in held.items():
        before = known.get(number)
        face, eyes = _look_into_eyes(before, number, mesh, image, time_s)
        face = _look_for_hand(face, before, networks, image, mesh, time_s)
        faces.append(face)
        sightings[number] = Sighting(mesh, pose, measure_creases(image, mesh.points_px), face.covering, eyes)
    return replace(following, faces=tuple(faces)), sightings


def resized(following: Following, before_px: tuple[int, int], after_px: tuple[int, int]) -> Following:
    """Expect the faces at the same place of a picture whose size has changed, as in an adaptive call.

    Parameters
    ----------
    before_px, after_px
        Height and width of the last frame and of the next, px.
    """
    if before_px == after_px or 0 in before_px or not following.faces:
        return following
    by_height, by_width = (after / before for after, before in zip(after_px, before_px, strict=True))
    faces = tuple(
        replace(
            face,
            region=replace(
                face.region,
                centre_x_px=face.region.centre_x_px * by_width,
                centre_y_px=face.region.centre_y_px * by_height,
                side_px=face.region.side_px * by_height,
            ),
            # The same eyes look different in another number of pixels.
            look_s=-math.inf,
        )
        for face in following.faces
    )
    return replace(following, faces=faces)


def _look_into_eyes(
    known: FollowedFace | None, number: int, mesh: Mesh, image: ImageArray, time_s: float
) -> tuple[FollowedFace, EyePair | None]:
    region, pair = region_of_mesh(mesh.points_px), cut_eyes(image, mesh.points_px)
    lately = known is not None and time_s - known.look_s < MAX_UNSEEN_S - _SAME_TIME_S
    if known is not None and lately and look_alike(pair.look, known.look):
        return replace(known, region=region), None
    return FollowedFace(number, region, pair.look, time_s), pair


def _look_for_hand(
    face: FollowedFace,
    before: FollowedFace | None,
    networks: Networks,
    image: ImageArray,
    mesh: Mesh,
    time_s: float,
) -> FollowedFace:
    if before is not None:
        face = replace(face, covering=before.covering, covered_s=before.covered_s, looked_s=before.looked_s)
    wait_s = HAND_INTERVAL_S if face.covering == Covering() else COVERED_INTERVAL_S
    if time_s - face.looked_s < wait_s - _SAME_TIME_S:
        return face
    face = replace(face, looked_s=time_s)
    seen = look_for_hand(networks, image, mesh.points_px)
    if seen is not None:
        return replace(face, covering=seen, covered_s=time_s)
    return face if time_s - face.covered_s < HELD_S else replace(face, covering=Covering())


def _search_interval_s(following: Following, held: Collection[int], time_s: float) -> float:
    if held:
        return SEARCH_INTERVAL_S
    return 0.0 if time_s - following.seen_s <= LOST_S + _SAME_TIME_S else RETRY_INTERVAL_S


Fit = tuple[Mesh, HeadPose]


def _fit(networks: Networks, image: ImageArray, region: Region) -> Fit:
    mesh = fit_mesh(networks, image, region)
    return mesh, fit_head(mesh.points_px)


def _is_face(fit: Fit) -> bool:
    mesh, pose = fit
    return mesh.score >= MIN_MESH_SCORE and pose.residual <= MAX_RESIDUAL


def _with_newcomers(
    held: dict[int, Fit],
    detections: tuple[Detection, ...],
    networks: Networks,
    image: ImageArray,
    next_number: int,
) -> tuple[dict[int, Fit], int]:
    together = dict(held)
    for found in detections:
        if len(together) >= MAX_FACES:
            break
        if min(found.width_px, found.height_px) < MIN_FACE_SIDE_PX:
            continue
        if any(_covers(mesh.points_px, found) for mesh, _ in together.values()):
            continue
        # Fitted twice: the detector's box is rough. The mesh was trained on the landmarks' own box, which
        # every later frame uses.
        rough = fit_mesh(networks, image, region_of_detection(found))
        fit = _fit(networks, image, region_of_mesh(rough.points_px))
        if _is_face(fit):
            together[next_number] = fit
            next_number += 1
    return together, next_number


def _covers(points_px: FloatArray, found: Detection) -> bool:
    centre = (found.left_px + found.width_px / 2, found.top_px + found.height_px / 2)
    low, high = points_px[:, :2].min(axis=0), points_px[:, :2].max(axis=0)
    return bool(np.all(low <= centre) and np.all(centre <= high))


def measure_face(
    networks: Networks, sightings: Sequence[Sighting], eyes_before: EyeState | None = None
) -> FaceMeasure:
    """Measure one face in its frames, at least one, in order.

    Parameters
    ----------
    eyes_before
        State of its eyes before the first of these frames; None for a face that is new in it.
    """
    points_px = np.array([sighting.mesh.points_px for sighting in sightings])
    poses = [sighting.pose for sighting in sightings]
    in_head, openness = _eyes(networks, sightings, eyes_before)
    low, high = points_px[..., :2].min(axis=1), points_px[..., :2].max(axis=1)
    face = [face_coordinates(points, pose) for points, pose in zip(points_px, poses, strict=True)]
    return FaceMeasure(
        box_px=np.concatenate([low, high - low], axis=1),
        gaze=gaze_of(in_head, poses),
        expression=measure_expression(np.array(face)),
        eye_openness_left=openness[:, 1],
        eye_openness_right=openness[:, 0],
        last_eyes=EyeState(in_head[-1], openness[-1]),
    )


def _eyes(
    networks: Networks, sightings: Sequence[Sighting], before: EyeState | None
) -> tuple[FloatArray, FloatArray]:
    """(n, 3) direction in the head and (n, 2) openness; unchanged eyes have the values of the row before."""
    fitted = [(row, seen.eyes) for row, seen in enumerate(sightings) if seen.eyes is not None]
    rows = [row for row, _ in fitted]
    eyes = fit_eyes(networks, [pair for _, pair in fitted])
    points_px = np.array([sightings[row].mesh.points_px for row in rows]).reshape(-1, *MESH_SHAPE)
    in_head = eyes_in_head(points_px, eyes.iris_px, [sightings[row].pose for row in rows])
    openness = eyes.openness
    if before is not None:
        rows = [-1, *rows]
        in_head = np.concatenate([before.in_head[np.newaxis], in_head])
        openness = np.concatenate([before.openness[np.newaxis], openness])
    source = np.searchsorted(rows, np.arange(len(sightings)), side="right") - 1
    return in_head[source], openness[source]
