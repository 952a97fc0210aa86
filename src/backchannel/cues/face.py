"""Cues of the face's expression: smile, brows, lips, chin."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from backchannel.arrays import BoolArray, FloatArray
from backchannel.cues.face_view import RATE_HZ, VISUAL, FaceView
from backchannel.cues.series import median_of_three, quantile
from backchannel.cues.spans import IndexSpan, hysteresis, join_close, longer_than
from backchannel.cues.thresholds import cue_table
from backchannel.values import Cue

PERCENT_OF_FACE = "% of face width"
"""Lengths on a face are reported in percent of its width."""


def face_cues(view: FaceView, speaking: BoolArray) -> Iterator[Cue]:
    """Every expression cue in the view.

    Parameters
    ----------
    speaking
        (n,) bool: the person speaks at each row of the view.
    """
    shut = np.nan_to_num(view.values["mouth_opening"], nan=1.0)
    smiles = list(_smiles(view, speaking))
    yield from smiles
    yield from _rises(view, "brow_raise", _brow_height(view))
    yield from _one_brow(view)
    smiling = np.zeros(view.time_s.size, np.bool_)
    for cue in smiles:
        smiling |= (view.time_s >= cue.span.start_s) & (view.time_s < cue.span.end_s)
    yield from _furrows(view, smiling)
    for name, score in (
        ("lip_press", -view.away("lips")),
        ("lip_corner_down", -view.away("corner")),
        ("chin_raise", view.away("chin")),
    ):
        still_shut = (shut <= cue_table()[name]["max_opening"]) & ~smiling
        yield from _rises(view, name, np.where(still_shut, score, np.nan).astype(np.float32))


def lips_moving(view: FaceView) -> BoolArray:
    """(n,) bool: the lips open and close, as in speech. This is used as speech if there is no sound."""
    limits = cue_table()["nod"]
    rows = round(limits["lips_window_s"] * RATE_HZ)
    opening = np.nan_to_num(view.values["mouth_opening"])
    moved = maximum_filter1d(opening, rows) - minimum_filter1d(opening, rows)
    return np.asarray(view.measured & (moved >= limits["min_lips_range"]))


def _brow_height(view: FaceView) -> FloatArray:
    """Height of the brows over their baseline, counted higher where the forehead folds as well."""
    limits = cue_table()["brow_raise"]
    folds = median_of_three(view.ratio("forehead_crease"))
    return np.where(folds >= limits["min_fold_ratio"], limits["fold_factor"], 1.0) * view.away("brow")


def _furrows(view: FaceView, smiling: BoolArray) -> Iterator[Cue]:
    """Find folds between the brows that are deeper than the baseline. Smiles and turned heads fold too."""
    limits = cue_table()["brow_furrow"]
    hidden = smiling | (np.abs(view.values["yaw"]) > limits["max_yaw_deg"])
    deeper = np.where(hidden, np.nan, 100.0 * (view.ratio("brow_crease") - 1.0)).astype(np.float32)
    for cue in _rises(view, "brow_furrow", deeper):
        yield replace(cue, value=cue.value / 100.0, unit="%")


def _smiles(view: FaceView, speaking: BoolArray) -> Iterator[Cue]:
    limits, lips = cue_table()["smile"], lips_moving(view)
    wider, higher = median_of_three(view.away("mouth_width")), median_of_three(view.away("corner_low"))
    # Speech widens the mouth without lifting its corners, so a smile needs both.
    score = np.where(higher >= limits["leave_corner"], wider, np.nan).astype(np.float32)
    spans = join_close(hysteresis(score, limits["enter_width"], limits["leave_width"]), max_gap=3)
    for start, end in longer_than(spans, limits["min_duration_s"] * RATE_HZ):
        if quantile(higher[start:end], 0.5) < limits["enter_corner"]:
            continue
        if quantile(wider[start:end], 0.5) < _needed_width(speaking[start:end], lips[start:end]):
            continue
        lids = quantile(view.away("lid_raise")[start:end], 0.5)
        cue = _cue(
            view, "smile", wider, (start, end), limits["enter_width"], view.usual.values["mouth_width"]
        )
        felt = (("lower_lid_rise", 100 * lids, PERCENT_OF_FACE),) if lids >= limits["felt_lid_raise"] else ()
        yield replace(cue, measures=(*cue.measures, *felt))


def _needed_width(speaking: BoolArray, lips: BoolArray) -> float:
    """Width over its baseline that a smiling mouth reaches half of the time. Vowels widen it less."""
    limits = cue_table()["smile"]
    heard = speaking.mean() >= limits["min_voice_share"]
    talks = heard and (speaking | lips).mean() >= limits["min_speaking_share"]
    return limits["min_speaking_width" if talks else "min_width"]


def _rises(view: FaceView, name: str, score: FloatArray) -> Iterator[Cue]:
    limits = cue_table()[name]
    steady = median_of_three(score)
    spans = join_close(hysteresis(steady, limits["enter"], limits["leave"]), max_gap=2)
    for span in longer_than(spans, limits["min_duration_s"] * RATE_HZ):
        yield _cue(view, name, steady, span, limits["enter"])


def _one_brow(view: FaceView) -> Iterator[Cue]:
    limits = cue_table()["brow_raise_one_side"]
    difference = median_of_three(view.away("brow_difference"))
    for sign, side in ((1.0, "left"), (-1.0, "right")):
        spans = hysteresis(sign * difference, limits["enter"], limits["leave"])
        for span in longer_than(spans, limits["min_duration_s"] * RATE_HZ):
            cue = _cue(view, "brow_raise_one_side", sign * difference, span, limits["enter"])
            yield replace(cue, direction=side)


def _cue(
    view: FaceView,
    name: str,
    score: FloatArray,
    rows: IndexSpan,
    enter: float,
    usual: FloatArray | None = None,
) -> Cue:
    start, end = rows
    span = view.span(start, end)
    size = quantile(score[start:end], 0.75)
    clearness = 0.5 + 0.5 * min(1.0, max(0.0, size / enter - 0.7))
    return Cue(
        name=name,
        modality=VISUAL,
        span=span,
        value=100.0 * size,
        unit=PERCENT_OF_FACE,
        baseline=None if usual is None else 100.0 * float(usual[start]),
        certainty=view.certainty(start, clearness),
        measures=(("duration", span.duration_s, "s"),),
    )
