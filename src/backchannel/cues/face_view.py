"""The face as cues look at it: measures on an even grid of the session clock, beside what is usual."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation, median_filter

from backchannel.arrays import BoolArray, FloatArray, TimeArray
from backchannel.cues.baseline import Baselines, History, Usual, baselines_along
from backchannel.cues.lookback import PictureLine
from backchannel.cues.spans import longer_than, runs
from backchannel.cues.thresholds import cue_table
from backchannel.tracks import FaceTracks, face_rows
from backchannel.values import Modality, Span

RATE_HZ = 15.0
"""Rows a second of the grid. Row k is at ``k / 15`` s of the session, whatever the camera's rate was."""
MAX_BRIDGE_S = 0.3
"""Longest gap between measured frames that is bridged by a straight line (judgement: shorter than a cue)."""
FROZEN_S = 0.7
"""A picture that repeats itself for so long is not a camera any more, and measures nothing (judgement)."""
ENOUGH_FACE_S = 10.0
"""Face time until a person counts as known (signals table)."""

_NEUTRAL_MOUTH_WIDTH, _NEUTRAL_CORNER_HEIGHT = 0.65, -0.25
"""A relaxed mouth is not wider, its corners not higher, than this: the canonical face has 0.55 and -0.25."""

_OPEN_EYES = Usual(quantile=0.75, at_least=0.25)
"""Open eyes measure 0.28 to 0.39 (twelve people): who shuts them from the start is not made that way."""
_SCREEN = Usual(prior_s=3.0, at_least=-10.0, at_most=10.0)
"""Where a person's screen may be, deg from the camera: who looks further aside for a minute looks away for a
minute. The bound leaves room for the camera's place above the screen and for the eyes' own offset of some
5 deg between the optical and the visual axis (judgement)."""

Measure = Callable[[FaceTracks], FloatArray]

FACE_MEASURES: Mapping[str, tuple[Measure, Usual]] = {
    # A level head and a gaze at the camera count as seen for some seconds, so that a person who holds a
    # tilt or looks aside from the first moment is not taken for one who is made that way.
    "pitch": (lambda face: face.head_pitch_deg, Usual()),
    "yaw": (lambda face: face.head_yaw_deg, Usual()),
    "roll": (lambda face: face.head_roll_deg, Usual(prior_s=3.0)),
    "gaze_yaw": (lambda face: face.gaze_yaw_deg, _SCREEN),
    "gaze_pitch": (lambda face: face.gaze_pitch_deg, _SCREEN),
    "scale": (lambda face: face.head_scale, Usual()),
    "x": (lambda face: face.head_x, Usual()),
    "y": (lambda face: face.head_y, Usual()),
    "openness": (lambda face: (face.eye_openness_left + face.eye_openness_right) / 2, _OPEN_EYES),
    "mouth_opening": (lambda face: face.mouth_opening, Usual(quantile=0.3)),
    "mouth_width": (lambda face: face.mouth_width, Usual(quantile=0.3, at_most=_NEUTRAL_MOUTH_WIDTH)),
    "corner_low": (lambda face: face.lip_corner_height, Usual(quantile=0.4, at_most=_NEUTRAL_CORNER_HEIGHT)),
    "corner": (lambda face: face.lip_corner_height, Usual()),
    "lid_raise": (lambda face: face.lower_lid_raise, Usual(quantile=0.3)),
    "lips": (lambda face: face.lip_press, Usual()),
    "chin": (lambda face: face.chin_raise, Usual()),
    "brow": (lambda face: (_brow_left(face) + _brow_right(face)) / 2, Usual(quantile=0.4)),
    "brow_difference": (lambda face: _brow_left(face) - _brow_right(face), Usual()),
    "frown": (
        lambda face: -(face.brow_inner_left + face.brow_inner_right) / 2 - face.brow_gap / 2,
        # Raised brows, common while speaking, pull it down: the rest is above the middle.
        Usual(quantile=0.65),
    ),
}


def _brow_left(face: FaceTracks) -> FloatArray:
    return (face.brow_inner_left + face.brow_outer_left) / 2


def _brow_right(face: FaceTracks) -> FloatArray:
    return (face.brow_inner_right + face.brow_outer_right) / 2


@dataclass(frozen=True, slots=True)
class FaceView:
    """The recent face.

    Attributes
    ----------
    time_s
        (n,) session time of the grid's rows.
    seen
        (n,) bool. A picture was there, with or without a face. A face in a picture that stands still is
        neither measured nor known to be absent.
    measured
        (n,) bool. A face was measured.
    values
        By name of `FACE_MEASURES`, (n,); NaN where not measured. Gaze is NaN behind closed lids.
    usual
        What is usual for each, at each row.
    """

    time_s: TimeArray
    seen: BoolArray
    measured: BoolArray
    values: Mapping[str, FloatArray]
    usual: Baselines

    def away(self, name: str) -> FloatArray:
        """Return a measure's distance from what is usual, (n,)."""
        return self.values[name] - self.usual.values[name]

    def span(self, start: int, end: int) -> Span:
        """Session time of rows ``start`` to ``end`` (exclusive); a row stands for the time around it."""
        half_s = 0.5 / RATE_HZ
        return Span(max(0.0, float(self.time_s[start]) - half_s), float(self.time_s[end - 1]) + half_s)

    def certainty(self, start: int, base: float = 1.0) -> float:
        """Certainty of a cue that leans on the baseline."""
        return base * self.usual.calibrated(start, ENOUGH_FACE_S)


VISUAL: Modality = "visual"


def measured_face(line: PictureLine) -> BoolArray:
    """(n,) bool: rows with a face in a picture that moves."""
    valid = line.face.valid.copy()
    for start, end in runs(~line.moving):
        if line.time_s[end - 1] - line.time_s[start] >= FROZEN_S:
            valid[start:end] = False
    return valid


def raw_measures(line: PictureLine) -> list[FloatArray]:
    """Every measure at the line's own frames, for the history; NaN where not measured."""
    valid = measured_face(line)
    return [
        np.where(valid, measure(line.face), np.nan).astype(np.float32)
        for measure, _ in FACE_MEASURES.values()
    ]


def view_face(line: PictureLine, history: History) -> FaceView | None:
    """Lay a line on the grid; None when it is shorter than one row."""
    first, last = int(np.ceil(line.time_s[0] * RATE_HZ)), int(np.floor(line.time_s[-1] * RATE_HZ))
    if last <= first:
        return None
    time_s = np.arange(first, last + 1) / RATE_HZ
    valid = measured_face(line)
    values = {
        name: _on_grid(time_s, line.time_s[valid], measure(face_rows(line.face, valid)))
        for name, (measure, _) in FACE_MEASURES.items()
    }
    usual = baselines_along(history, {name: how for name, (_, how) in FACE_MEASURES.items()}, time_s)
    values |= _gaze_between_blinks(values, usual)
    return FaceView(
        time_s=time_s,
        seen=_near(time_s, line.time_s[valid | ~line.face.valid]),
        measured=np.isfinite(values["pitch"]),
        values=values,
        usual=usual,
    )


def _on_grid(time_s: TimeArray, known_s: TimeArray, known: FloatArray) -> FloatArray:
    finite = np.isfinite(known)
    known_s, known = known_s[finite], known[finite]
    if not known_s.size:
        return np.full(time_s.size, np.nan, np.float32)
    after = np.searchsorted(known_s, time_s)
    left_s = known_s[np.maximum(after - 1, 0)]
    right_s = known_s[np.minimum(after, known_s.size - 1)]
    close = _near(time_s, known_s)
    bridged = (after > 0) & (after < known_s.size) & (right_s - left_s <= MAX_BRIDGE_S)
    return np.where(close | bridged, np.interp(time_s, known_s, known), np.nan).astype(np.float32)


def _near(time_s: TimeArray, known_s: TimeArray) -> BoolArray:
    """Rows with a frame within half a row."""
    if not known_s.size:
        return np.zeros(time_s.size, np.bool_)
    after = np.searchsorted(known_s, time_s)
    before_s = np.abs(time_s - known_s[np.maximum(after - 1, 0)])
    after_s = np.abs(known_s[np.minimum(after, known_s.size - 1)] - time_s)
    return np.asarray(np.minimum(before_s, after_s) <= 0.6 / RATE_HZ)


def _gaze_between_blinks(values: Mapping[str, FloatArray], usual: Baselines) -> dict[str, FloatArray]:
    ratio = cue_table()["gaze_away"]["min_openness_ratio"]
    shut = values["openness"] < ratio * usual.values["openness"]
    hidden = binary_dilation(shut, iterations=1)
    cleaned = {}
    for name in ("gaze_yaw", "gaze_pitch"):
        steady = values[name].copy()
        for start, end in longer_than(runs(np.isfinite(steady)), 3):
            steady[start:end] = median_filter(steady[start:end], size=3, mode="nearest")
        cleaned[name] = np.where(hidden, np.nan, steady).astype(np.float32)
    return cleaned
