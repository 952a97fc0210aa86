"""Whom a conversation is about: one face among those in view, kept from segment to segment.

The person who was there before stays the one. Who leaves and comes back, or is shown from elsewhere after a
cut, is followed as another face: the first to appear once this one is gone for good is taken for the same.
"""

from dataclasses import dataclass

import numpy as np

from backchannel.arrays import TimeArray
from backchannel.cues.face_view import MAX_BRIDGE_S
from backchannel.tracks import FaceTracks, PictureTracks, either_face

MAX_MOVE = 1.5
"""Farthest the subject's face may be from where it was, in face widths, to be taken for the same person at
first sight (judgement: nobody changes seats between two segments)."""

MIN_LASTING_S = 1.0
"""Shorter than this, what appears may be a passer-by, or a pattern that looked like a face (judgement; on a
title card one such pattern was held for 0.3 s)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a face was last seen, relative to the picture's height."""

    x: float
    y: float
    scale: float


def subject_in(place: Place | None, picture: PictureTracks | None) -> FaceTracks | None:
    """Face of the person this conversation is about; None where nobody is in view.

    Parameters
    ----------
    place
        Where the person was last seen; None at first, when the most prominent face is taken.
    """
    if picture is None:
        return None
    faces = tuple(face for face in picture.faces if face.valid.any())
    return _with_successors(_first_choice(place, faces), faces, picture.time_s) if faces else None


def place_at_end(face: FaceTracks | None) -> Place | None:
    """Where a face was last seen; None for nobody."""
    return None if face is None else _place(face, at=-1)


def _first_choice(place: Place | None, faces: tuple[FaceTracks, ...]) -> FaceTracks:
    if place is not None:
        nearest = min(faces, key=lambda face: _distance(place, _place(face, at=0)))
        if _distance(place, _place(nearest, at=0)) <= MAX_MOVE:
            return nearest
    return faces[0]


def _with_successors(face: FaceTracks, faces: tuple[FaceTracks, ...], time_s: TimeArray) -> FaceTracks:
    """Go on with the face that appears once this one is gone for good, and so on."""
    lasting = [
        other for other in faces if time_s[_last_row(other)] - time_s[_first_row(other)] >= MIN_LASTING_S
    ]
    while later := [other for other in lasting if _first_row(other) > _last_row(face)]:
        # Between the two is a step that nobody's head made: so much is left out that no cue bridges it.
        taken = time_s > time_s[_last_row(face)] + MAX_BRIDGE_S
        face = either_face(face, min(later, key=_first_row), taken)
    return face


def _first_row(face: FaceTracks) -> int:
    return int(np.flatnonzero(face.valid)[0])


def _last_row(face: FaceTracks) -> int:
    return int(np.flatnonzero(face.valid)[-1])


def _place(face: FaceTracks, at: int) -> Place:
    row = int(np.flatnonzero(face.valid)[at])
    return Place(float(face.head_x[row]), float(face.head_y[row]), float(face.head_scale[row]))


def _distance(one: Place, other: Place) -> float:
    return float(np.hypot(one.x - other.x, one.y - other.y)) / max(one.scale, other.scale)
