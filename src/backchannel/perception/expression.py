"""Measures the face's shape in its own axes, so that head pose and size drop out.

All results are in face widths (see `geometry`). Left and right are the
subject's own. Mesh indices are those of the 468-point face mesh.
"""

from dataclasses import dataclass

import numpy as np

from backchannel.perception.geometry import Matrix
from backchannel.perception.mesh import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS

_RIGHT_LOWER_LID, _LEFT_LOWER_LID = (144, 145, 153), (373, 374, 380)
_RIGHT_BROW_INNER, _LEFT_BROW_INNER = (55, 107, 65, 66), (285, 336, 295, 296)
_RIGHT_BROW_OUTER, _LEFT_BROW_OUTER = (70, 63, 53, 46), (300, 293, 283, 276)
_RIGHT_CORNER, _LEFT_CORNER = 61, 291
_NOSE_BASE = (2, 97, 326)
_UPPER_LIP_OUTER, _UPPER_LIP_INNER, _LOWER_LIP_INNER, _LOWER_LIP_OUTER = 0, 13, 14, 17
_CHIN_BOSS, _CHIN_TIP = (199, 200), 152


@dataclass(frozen=True, slots=True)
class Expression:
    """One frame's measures; the names are those of `model.FaceTracks`."""

    mouth_opening: float
    mouth_width: float
    lip_corner_height: float
    lip_corner_height_left: float
    lip_corner_height_right: float
    lip_press: float
    brow_inner_left: float
    brow_inner_right: float
    brow_outer_left: float
    brow_outer_right: float
    brow_gap: float
    lower_lid_raise: float
    chin_raise: float


def measure_expression(face: Matrix) -> Expression:
    """Measure one face.

    Parameters
    ----------
    face
        (468, 3) face widths, face axes (`geometry.face_coordinates`).
    """
    right_eye, left_eye = face[list(RIGHT_EYE_CORNERS)], face[list(LEFT_EYE_CORNERS)]
    nose_base_y = float(face[list(_NOSE_BASE), 1].mean())
    left_height = float(face[_LEFT_CORNER, 1]) - nose_base_y
    right_height = float(face[_RIGHT_CORNER, 1]) - nose_base_y
    return Expression(
        mouth_opening=_distance(face[_UPPER_LIP_INNER], face[_LOWER_LIP_INNER]),
        mouth_width=_distance(face[_LEFT_CORNER], face[_RIGHT_CORNER]),
        lip_corner_height=(left_height + right_height) / 2,
        lip_corner_height_left=left_height,
        lip_corner_height_right=right_height,
        lip_press=_distance(face[_UPPER_LIP_OUTER], face[_UPPER_LIP_INNER])
        + _distance(face[_LOWER_LIP_INNER], face[_LOWER_LIP_OUTER]),
        brow_inner_left=_height_above(face, _LEFT_BROW_INNER, left_eye),
        brow_inner_right=_height_above(face, _RIGHT_BROW_INNER, right_eye),
        brow_outer_left=_height_above(face, _LEFT_BROW_OUTER, left_eye),
        brow_outer_right=_height_above(face, _RIGHT_BROW_OUTER, right_eye),
        brow_gap=_distance(
            face[list(_LEFT_BROW_INNER)].mean(axis=0), face[list(_RIGHT_BROW_INNER)].mean(axis=0)
        ),
        lower_lid_raise=(
            _height_above(face, _LEFT_LOWER_LID, left_eye) + _height_above(face, _RIGHT_LOWER_LID, right_eye)
        )
        / 2,
        chin_raise=float(face[list(_CHIN_BOSS), 1].mean() - face[_CHIN_TIP, 1]),
    )


def _height_above(face: Matrix, points: tuple[int, ...], corners: Matrix) -> float:
    return float(face[list(points), 1].mean() - corners[:, 1].mean())


def _distance(one: Matrix, other: Matrix) -> float:
    return float(np.linalg.norm(one - other))
