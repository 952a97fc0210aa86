"""The face as cues use it: measures and their baselines on an even grid of the session clock."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import binary_dilation

from backchannel.arrays import BoolArray, FloatArray, TimeArray
from backchannel.cues.baseline import Baselines, History, baselines_along
from backchannel.cues.face_rows import FACE_BASELINES, FACE_MEASURES, RESTING_CORNER, FaceRows
from backchannel.cues.series import median_of_three
from backchannel.cues.spans import runs
from backchannel.cues.thresholds import cue_table
from backchannel.values import Modality, Span

RATE_HZ = 15.0
"""Rows of the grid per second. Row k is at ``k / 15`` s of the session, whatever the camera's rate."""
MAX_BRIDGE_S = 0.3
"""Longest gap between measured frames that is bridged by a straight line (judgement: shorter than a cue)."""
FROZEN_S = 0.7
"""A picture that repeats for so long is not from a camera and measures nothing (judgement)."""
CUT_S = 0.4
"""After a cut, the face measures nothing for so long. The step from one shot to the next is no movement, and
no cue bridges so long a gap (judgement)."""
ENOUGH_FACE_S = 10.0
"""Face time until a person counts as known (signals table)."""


@dataclass(frozen=True, slots=True)
class FaceView:
    """The recent face.

    Attributes
    ----------
    time_s
        (n,) session time of the grid's rows.
    seen
        (n,) bool. There was a frame, with or without a face. In a frozen picture a face is neither measured
        nor known to be absent, and likewise just after a cut and behind a hand.
    measured
        (n,) bool. A face was measured.
    values
        By name of `FACE_MEASURES`, (n,); NaN where not measured. Gaze is NaN behind closed lids.
    usual
        The baseline of each, at each row.
    """

    time_s: TimeArray
    seen: BoolArray
    measured: BoolArray
    values: Mapping[str, FloatArray]
    usual: Baselines

    def away(self, name: str) -> FloatArray:
        """Return a measure's distance from its baseline, (n,)."""
        return self.values[name] - self.usual.values[name]

    def ratio(self, name: str) -> FloatArray:
        """Return a measure over its baseline, (n,); NaN where the baseline is not above zero."""
        usual = self.usual.values[name]
        return np.asarray(self.values[name] / np.where(usual > 0, usual, np.float32(np.nan)))

    def span(self, start: int, end: int) -> Span:
        """Session time of rows ``start`` to ``end`` (exclusive); a row covers the time around it."""
        # Two spans that touch must not overlap, so both count the same whole rows.
        first, last = round(float(self.time_s[start]) * RATE_HZ), round(float(self.time_s[end - 1]) * RATE_HZ)
        return Span(max(0.0, (first - 0.5) / RATE_HZ), (last + 0.5) / RATE_HZ)

    def certainty(self, start: int, base: float = 1.0) -> float:
        """Certainty of a cue that uses a baseline."""
        return base * self.usual.calibrated(start, ENOUGH_FACE_S)


VISUAL: Modality = "visual"

_PITCH = list(FACE_MEASURES).index("pitch")
_WITH_BASELINE = [column for column, name in enumerate(FACE_MEASURES) if name in FACE_BASELINES]


def measured_face(rows: FaceRows) -> BoolArray:
    """(n,) bool: rows with a face in a moving picture, not behind a hand, and not just after a cut."""
    measured = rows.measured & np.isfinite(rows.values[:, _PITCH])
    for cut_s in rows.time_s[rows.new_shot].tolist():
        measured &= (rows.time_s < cut_s) | (rows.time_s >= cut_s + CUT_S)
    for start, end in runs(~rows.moving):
        if rows.time_s[end - 1] - rows.time_s[start] >= FROZEN_S:
            measured[start:end] = False
    return measured


def raw_measures(rows: FaceRows) -> FloatArray:
    """(n, baselines) the measures of `FACE_BASELINES` at the frames' own times; NaN where not measured."""
    values = rows.values[:, _WITH_BASELINE]
    return np.where(measured_face(rows)[:, np.newaxis], values, np.float32(np.nan))


def view_face(rows: FaceRows, history: History) -> FaceView | None:
    """Place rows on the grid; None if they do not reach one row of it."""
    first, last = int(np.ceil(rows.time_s[0] * RATE_HZ)), int(np.floor(rows.time_s[-1] * RATE_HZ))
    if last <= first:
        return None
    time_s = np.arange(first, last + 1) / RATE_HZ
    measured = measured_face(rows)
    known_s, known = rows.time_s[measured], rows.values[measured]
    values = dict(zip(FACE_MEASURES, _on_grid(time_s, known_s, known).T, strict=True))
    values["corner_low"] = values["corner"]
    usual = _baselines(history, time_s)
    values |= _gaze_between_blinks(values, usual)
    return FaceView(
        time_s=time_s,
        seen=_near(time_s, rows.time_s[measured | ~rows.measured]),
        measured=np.isfinite(values["pitch"]),
        values=values,
        usual=usual,
    )


def _baselines(history: History, time_s: TimeArray) -> Baselines:
    """Baselines of all face measures, with the resting place of the mouth's corners as one more."""
    corner = list(FACE_BASELINES).index("corner")
    rows = np.column_stack([history.rows, history.rows[:, corner]])
    usual = {**FACE_BASELINES, "corner_low": RESTING_CORNER}
    return baselines_along(replace(history, rows=rows), usual, time_s)


def _on_grid(time_s: TimeArray, known_s: TimeArray, known: FloatArray) -> FloatArray:
    """(n, measures) values at the grid's times, with short gaps bridged; NaN elsewhere."""
    finite = np.isfinite(known)
    whole = finite.all(axis=0)
    laid = np.full((time_s.size, known.shape[1]), np.nan, np.float32)
    laid[:, whole] = _bridged(time_s, known_s, known[:, whole])
    for column in np.flatnonzero(~whole):
        rows = finite[:, column]
        laid[:, column] = _bridged(time_s, known_s[rows], known[rows, column, np.newaxis])[:, 0]
    return laid


def _bridged(time_s: TimeArray, known_s: TimeArray, known: FloatArray) -> FloatArray:
    """(n, columns) values between known ones, if these are not too far apart."""
    if not known_s.size:
        return np.full((time_s.size, known.shape[1]), np.nan)
    after = np.searchsorted(known_s, time_s)
    left, right = np.maximum(after - 1, 0), np.minimum(after, known_s.size - 1)
    step_s = known_s[right] - known_s[left]
    share = np.clip((time_s - known_s[left]) / np.maximum(step_s, 1e-9), 0.0, 1.0)[:, np.newaxis]
    between = (after > 0) & (after < known_s.size) & (step_s <= MAX_BRIDGE_S)
    values = known[left] + (known[right] - known[left]) * share
    return np.where((_near(time_s, known_s) | between)[:, np.newaxis], values, np.nan)


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
        steady = median_of_three(values[name])
        cleaned[name] = np.where(hidden, np.nan, steady).astype(np.float32)
    return cleaned
