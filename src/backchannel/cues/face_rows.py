"""The face as a conversation keeps it: one number for each measure and frame.

Perception measures more of a face than cues use. A conversation keeps only the measures below, rounded
to steps well under their noise, so that it stays small and can be written down exactly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from backchannel.arrays import BoolArray, FloatArray
from backchannel.cues.baseline import Usual
from backchannel.tracks import FaceTracks, PictureTracks, Rows

_NEUTRAL_MOUTH_WIDTH: Final = 0.65
"""A relaxed mouth is not wider than this; the canonical face has 0.55."""

_OPEN_EYES = Usual(quantile=0.75, at_least=0.25)
"""Open eyes measure 0.28 to 0.39 (twelve people). The bound keeps eyes that are shut from the start from
becoming the baseline."""
_SCREEN = Usual(prior_s=3.0, at_least=-10.0, at_most=10.0)
"""Where a person's screen may be, deg from the camera. Looking further aside counts as looking away, even for
a minute. The bound leaves room for the camera's place above the screen and for the eyes' own offset of some
5 deg between the optical and the visual axis (judgement)."""

_BROW_CREASE: Final = Usual(at_most=0.015)
"""At rest, 15 of 17 people measure at most 0.0145. So a deep furrow counts from the first frame on."""

TIME_STEP_S: Final = 1 / 4096
"""Times of frames are kept in these steps. Most containers round them to 1 ms."""


class FaceMeasure(NamedTuple):
    """One number about a face.

    Attributes
    ----------
    of
        Takes it from the tracks.
    baseline
        How the person's baseline is taken; None if no cue needs one.
    step
        What it is rounded to, in its own unit: about half the jitter between two frames, as measured on 25
        real clips (standard deviation, median over the clips). So rounding adds 2% to the variance.
    """

    of: Callable[[FaceTracks], FloatArray]
    baseline: Usual | None
    step: float


RESTING_CORNER: Final = Usual(quantile=0.4, prior=-0.285, prior_s=4.0, at_most=-0.25)
"""Second baseline of the lip corners, at rest, for smiles. The canonical face has -0.25, and the median of 13
people is -0.285."""
FACE_MEASURES: Mapping[str, FaceMeasure] = {
    # A level head and a gaze at the camera count as if seen for some seconds. Otherwise a tilt or a look
    # aside from the first moment on would become the person's baseline.
    # Nods and shakes are counted in these two, and a coarser step gave a nod another count.
    "pitch": FaceMeasure(lambda face: face.head_pitch_deg, Usual(), 1 / 32),
    "yaw": FaceMeasure(lambda face: face.head_yaw_deg, None, 1 / 32),
    "roll": FaceMeasure(lambda face: face.head_roll_deg, Usual(prior_s=3.0), 1 / 8),
    "gaze_yaw": FaceMeasure(lambda face: face.gaze_yaw_deg, _SCREEN, 1 / 16),
    "gaze_pitch": FaceMeasure(lambda face: face.gaze_pitch_deg, _SCREEN, 1 / 16),
    "scale": FaceMeasure(lambda face: face.head_scale, Usual(), 1 / 2048),
    "x": FaceMeasure(lambda face: face.head_x, None, 1 / 1024),
    "y": FaceMeasure(lambda face: face.head_y, None, 1 / 1024),
    "openness": FaceMeasure(
        lambda face: (face.eye_openness_left + face.eye_openness_right) / 2, _OPEN_EYES, 1 / 1024
    ),
    "mouth_opening": FaceMeasure(lambda face: face.mouth_opening, None, 1 / 256),
    "mouth_width": FaceMeasure(
        lambda face: face.mouth_width, Usual(quantile=0.3, at_most=_NEUTRAL_MOUTH_WIDTH), 1 / 1024
    ),
    "corner": FaceMeasure(lambda face: face.lip_corner_height, Usual(), 1 / 512),
    "lid_raise": FaceMeasure(lambda face: face.lower_lid_raise, Usual(quantile=0.3), 1 / 2048),
    "lips": FaceMeasure(lambda face: face.lip_press, Usual(), 1 / 512),
    "chin": FaceMeasure(lambda face: face.chin_raise, Usual(), 1 / 512),
    "brow": FaceMeasure(
        lambda face: (_brow_left(face) + _brow_right(face)) / 2, Usual(quantile=0.4), 1 / 512
    ),
    "brow_difference": FaceMeasure(lambda face: _brow_left(face) - _brow_right(face), Usual(), 1 / 1024),
    "brow_crease": FaceMeasure(lambda face: face.brow_crease, _BROW_CREASE, 1 / 4096),
    "forehead_crease": FaceMeasure(lambda face: face.forehead_crease, Usual(), 1 / 2048),
}


def _brow_left(face: FaceTracks) -> FloatArray:
    return (face.brow_inner_left + face.brow_outer_left) / 2


def _brow_right(face: FaceTracks) -> FloatArray:
    return (face.brow_inner_right + face.brow_outer_right) / 2


@dataclass(frozen=True, slots=True)
class FaceRows(Rows):
    """One person's face, a row for every analysed frame.

    Attributes
    ----------
    time_s
        (n,) session time of each analysed frame, increasing.
    measured
        (n,) bool. The person's face was measured in this frame.
    moving
        (n,) bool, see `tracks.PictureTracks`.
    new_shot
        (n,) bool, see `tracks.PictureTracks`.
    values
        (n, measures) the columns of `FACE_MEASURES`; NaN where not measured, or behind a hand.
    """

    measured: BoolArray
    moving: BoolArray
    new_shot: BoolArray
    values: FloatArray


_MOUTH: Final = frozenset({"mouth_opening", "mouth_width", "corner", "lips", "chin"})
"""The measures that a hand over the mouth spoils."""
_PLACE: Final = frozenset({"scale", "x", "y"})
"""The measures that a hand over the eyes leaves right enough to find the person again."""


def _uncovered(name: str, face: FaceTracks) -> BoolArray:
    """(n,) bool: no hand is in the way of a measure."""
    eyes = (face.hand_over_eyes > 0) & (name not in _PLACE)
    return ~(eyes | ((face.hand_over_mouth > 0) & (name in _MOUTH)))


def face_rows(picture: PictureTracks, face: FaceTracks | None, start_s: float) -> FaceRows:
    """Return the measures that cues need from a face. None is a person who is not in view.

    Parameters
    ----------
    start_s
        Session time of the tracks' zero.
    """
    rows = picture.time_s.size
    values = np.full((rows, len(FACE_MEASURES)), np.nan, np.float32)
    measured = np.zeros(rows, np.bool_)
    if face is not None:
        measured = face.valid
        for column, (name, measure) in enumerate(FACE_MEASURES.items()):
            steps = np.round(measure.of(face) / measure.step)
            # Adding zero makes a negative zero a plain one.
            known = measured & _uncovered(name, face)
            values[:, column] = np.where(known, steps * measure.step + 0.0, np.nan)
    time_s = np.round((picture.time_s + start_s) / TIME_STEP_S) * TIME_STEP_S
    return FaceRows(
        time_s=time_s,
        measured=measured,
        moving=picture.moving,
        new_shot=picture.new_shot,
        values=values,
    )


FACE_BASELINES: Mapping[str, Usual] = {
    name: measure.baseline for name, measure in FACE_MEASURES.items() if measure.baseline is not None
}
"""The measures that have a baseline."""
