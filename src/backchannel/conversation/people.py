"""Decide which face in the picture belongs to the person that the conversation is about.

Perception numbers faces and keeps a number for as long as it can follow the face. A person may disappear
and come back with another number, or be shown from another side after a cut. So a face that appears after the
person's own is gone takes over once it has lasted. Somebody who was in view all along takes over only if the
person stays away.
"""

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from backchannel.cues.face_rows import FACE_MEASURES, FaceRows, face_rows
from backchannel.cues.face_view import MAX_BRIDGE_S
from backchannel.tracks import FaceTracks, PictureTracks

MIN_LASTING_S: Final = 1.0
"""A face that appears for less may be a passer-by, or a pattern that looks like a face (judgement; on a title
card one such pattern lasted 0.3 s)."""
MIN_FIRST_ROWS: Final = 3
MIN_FIRST_SHARE: Final = 0.04
"""At first the person is the most prominent face that is seen in at least so many frames and this share of
them. Fewer are a mistake of the detector (judgement)."""
GONE_S: Final = 5.0
"""After this time without the person, somebody who was in view all along may replace them (judgement)."""
MAX_MOVE: Final = 1.5
"""Of several faces that could be the person, those within so many face widths of the last place come first
(judgement: nobody changes seats in a moment)."""

_X, _Y, _SCALE = (list(FACE_MEASURES).index(name) for name in ("x", "y", "scale"))


class Place(NamedTuple):
    """Where a face was last seen, relative to the picture's height."""

    x: float
    y: float
    scale: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A face that may turn out to be the person's.

    Attributes
    ----------
    face_id
        Its number.
    first_s
        Session time at which it was first seen.
    rows
        Its rows since the person was last seen.
    """

    face_id: int
    first_s: float
    rows: FaceRows


@dataclass(frozen=True, slots=True)
class Following:
    """Which face to follow. Begins as ``Following()``.

    Attributes
    ----------
    face_id
        Number of the person's face; None before the first face.
    seen_s
        Session time at which it was last seen.
    place
        Where that was.
    others
        Session time at which each other face in view was first seen, by number.
    candidates
        Faces that appeared after the person was last seen and have not lasted long enough.
    """

    face_id: int | None = None
    seen_s: float = 0.0
    place: Place | None = None
    others: tuple[tuple[int, float], ...] = ()
    candidates: tuple[Candidate, ...] = ()


def follow_person(
    following: Following, picture: PictureTracks, start_s: float
) -> tuple[Following, FaceRows, FaceTracks | None]:
    """Find the person in the next frames.

    Parameters
    ----------
    start_s
        Session time of the tracks' zero.

    Returns
    -------
    following
        The state to pass with the next frames.
    rows
        The person's rows, one for each frame. When a new face turns out to be theirs, its earlier rows come
        first and replace rows without a face.
    face
        The person's face in these frames; None if they are not in view.
    """
    faces = {face.id: face for face in picture.faces if face.valid.any()}
    rows = {face_id: face_rows(picture, face, start_s) for face_id, face in faces.items()}
    absent = face_rows(picture, None, start_s)
    own = absent
    if following.face_id is None:
        following, own = _begin(following, rows, absent)
    elif following.face_id in rows:
        own = rows[following.face_id]
    following = _noted(following, own, rows)
    while (successor := _successor(following, absent)) is not None:
        # From one face to the other is a step that no head made. Leave out enough that no cue bridges it.
        wait_s = MAX_BRIDGE_S if successor.first_s > following.seen_s else GONE_S
        own = own.joined(successor.rows.cut(following.seen_s + wait_s))
        following = _taken_over(following, successor)
    face = faces.get(following.face_id) if following.face_id is not None else None
    return _forgetful(following, rows), own, face


def _begin(following: Following, rows: dict[int, FaceRows], absent: FaceRows) -> tuple[Following, FaceRows]:
    """Choose the most prominent face; perception gives them in that order. Returns its rows so far, too."""
    before = {candidate.face_id: candidate.rows for candidate in following.candidates}
    for face_id, face in rows.items():
        # Short pieces hold a picture or two each.
        whole = before[face_id].joined(face) if face_id in before else face
        if whole.measured.sum() >= max(MIN_FIRST_ROWS, MIN_FIRST_SHARE * len(whole)):
            return replace(following, face_id=face_id), whole
    return following, absent


def _noted(following: Following, own: FaceRows, rows: dict[int, FaceRows]) -> Following:
    """Note where the person was seen, who else is in view, and who appeared since."""
    seen = np.flatnonzero(own.measured)
    if seen.size:
        following = replace(
            following,
            seen_s=float(own.time_s[seen[-1]]),
            place=Place(*own.values[seen[-1]][[_X, _Y, _SCALE]].tolist()),
        )
    first_s = dict(following.others)
    before = {candidate.face_id: candidate.rows for candidate in following.candidates}
    candidates = []
    for face_id, face in rows.items():
        if face_id == following.face_id:
            continue
        first_s.setdefault(face_id, float(face.time_s[face.measured][0]))
        whole = before[face_id].joined(face) if face_id in before else face
        since = whole if following.face_id is None else whole.cut(following.seen_s + 1e-9)
        candidates.append(Candidate(face_id, first_s[face_id], since))
    return replace(following, others=tuple(first_s.items()), candidates=tuple(candidates))


def _successor(following: Following, now: FaceRows) -> Candidate | None:
    """Return the face that continues the person's, if one has lasted."""
    if following.face_id is None:
        return None
    gone = len(now) > 0 and float(now.time_s[-1]) - following.seen_s >= GONE_S
    lasting = [
        candidate
        for candidate in following.candidates
        if candidate.rows.measured.any()
        and _lasts_s(candidate.rows) >= MIN_LASTING_S
        and (gone or candidate.first_s > following.seen_s)
    ]
    return min(lasting, key=lambda one: (not _is_near(one, following.place), one.first_s), default=None)


def _taken_over(following: Following, successor: Candidate) -> Following:
    seen = np.flatnonzero(successor.rows.measured)[-1]
    rest = tuple(
        replace(other, rows=other.rows.cut(float(successor.rows.time_s[seen]) + 1e-9))
        for other in following.candidates
        if other.face_id != successor.face_id
    )
    return Following(
        face_id=successor.face_id,
        seen_s=float(successor.rows.time_s[seen]),
        place=Place(*successor.rows.values[seen][[_X, _Y, _SCALE]].tolist()),
        others=following.others,
        candidates=rest,
    )


def _forgetful(following: Following, rows: dict[int, FaceRows]) -> Following:
    """Forget faces that are no longer in view."""
    return replace(
        following,
        others=tuple(other for other in following.others if other[0] in rows),
        candidates=tuple(
            replace(one, rows=one.rows.cut(float(one.rows.time_s[-1]) - 2 * MIN_LASTING_S))
            for one in following.candidates
            if one.face_id in rows and len(one.rows)
        ),
    )


def _is_near(candidate: Candidate, place: Place | None) -> bool:
    if place is None:
        return False
    x, y, scale = candidate.rows.values[np.flatnonzero(candidate.rows.measured)[0]][[_X, _Y, _SCALE]].tolist()
    distance = float(np.hypot(x - place.x, y - place.y))
    return bool(distance <= MAX_MOVE * max(scale, place.scale))


def _lasts_s(rows: FaceRows) -> float:
    return float(np.ptp(rows.time_s[rows.measured]))
