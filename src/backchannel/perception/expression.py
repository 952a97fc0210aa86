"""Measures the face's shape in its own axes, so that head pose and size drop out.

All results are in face widths (see `geometry`). Left and right are the
subject's own. Mesh indices are those of the 468-point face mesh.
"""

from dataclasses import dataclass

import numpy as np

from backchannel.arrays import FloatArray
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
    """Measures of n frames, (n,) each; the names are those of `tracks.FaceTracks`."""

    mouth_opening: FloatArray
    mouth_width: FloatArray
    lip_corner_height: FloatArray
    lip_corner_height_left: FloatArray
    lip_corner_height_right: FloatArray
    lip_press: FloatArray
    brow_inner_left: FloatArray
    brow_inner_right: FloatArray
    brow_outer_left: FloatArray
    brow_outer_right: FloatArray
    lower_lid_raise: FloatArray
    chin_raise: FloatArray


def measure_expression(face: Matrix) -> Expression:
    """Measure one face in n frames.

    Parameters
    ----------
    face
        (n, 468, 3) face widths, face axes (`geometry.face_coordinates`).
    """
    right_eye_y, left_eye_y = _height(face, RIGHT_EYE_CORNERS), _height(face, LEFT_EYE_CORNERS)
    nose_base_y = _height(face, _NOSE_BASE)
    left_height = face[:, _LEFT_CORNER, 1] - nose_base_y
    right_height = face[:, _RIGHT_CORNER, 1] - nose_base_y
    upper_lip = _distance(face[:, _UPPER_LIP_OUTER], face[:, _UPPER_LIP_INNER])
    lower_lip = _distance(face[:, _LOWER_LIP_INNER], face[:, _LOWER_LIP_OUTER])
    lower_lids = _height(face, _LEFT_LOWER_LID) - left_eye_y + _height(face, _RIGHT_LOWER_LID) - right_eye_y
    measures = {
        "mouth_opening": _distance(face[:, _UPPER_LIP_INNER], face[:, _LOWER_LIP_INNER]),
        "mouth_width": _distance(face[:, _LEFT_CORNER], face[:, _RIGHT_CORNER]),
        "lip_corner_height": (left_height + right_height) / 2,
        "lip_corner_height_left": left_height,
        "lip_corner_height_right": right_height,
        "lip_press": upper_lip + lower_lip,
        "brow_inner_left": _height(face, _LEFT_BROW_INNER) - left_eye_y,
        "brow_inner_right": _height(face, _RIGHT_BROW_INNER) - right_eye_y,
        "brow_outer_left": _height(face, _LEFT_BROW_OUTER) - left_eye_y,
        "brow_outer_right": _height(face, _RIGHT_BROW_OUTER) - right_eye_y,
        "lower_lid_raise": lower_lids / 2,
        "chin_raise": _height(face, _CHIN_BOSS) - face[:, _CHIN_TIP, 1],
    }
    return Expression(**{name: measure.astype(np.float32) for name, measure in measures.items()})


def _height(face: Matrix, points: tuple[int, ...]) -> Matrix:
    return np.asarray(face[:, points, 1].mean(axis=1))


def _distance(one: Matrix, other: Matrix) -> Matrix:
    return np.asarray(np.linalg.norm(one - other, axis=-1))
