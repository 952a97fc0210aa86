"""Cues of the head's movement: nod, shake, tilt, lean, stillness, absence."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.ndimage import uniform_filter1d

from backchannel.arrays import BoolArray, FloatArray
from backchannel.cues.face_view import RATE_HZ, VISUAL, FaceView
from backchannel.cues.oscillation import Oscillation, find_oscillations
from backchannel.cues.spans import hysteresis, longer_than, runs
from backchannel.cues.thresholds import cue_table
from backchannel.values import Cue, Span


def head_cues(view: FaceView, speaking: BoolArray) -> Iterator[Cue]:
    """Find the head cues in the view.

    Parameters
    ----------
    speaking
        (n,) bool: the person speaks at each row of the view.
    """
    gestures = [
        *_oscillation_cues(view, "nod", "pitch", "yaw", speaking),
        *_oscillation_cues(view, "shake", "yaw", "pitch", speaking),
    ]
    yield from gestures
    yield from _tilt(view)
    yield from _lean(view, "lean_in", 1.0)
    yield from _lean(view, "lean_out", -1.0)
    yield from _activity(view, gestures)
    yield from _absence(view)


def _oscillation_cues(
    view: FaceView, name: str, along: str, across: str, speaking: BoolArray
) -> Iterator[Cue]:
    limits = cue_table()[name]
    for found in find_oscillations(view.values[along], view.values[across], limits):
        rows = slice(math.floor(found.start), math.ceil(found.end) + 1)
        share = float(speaking[rows].mean())
        if name == "nod" and _is_blinking(view, found):
            continue
        needed = limits["min_cycles_speaking"] if share > 0.3 else limits["min_cycles"]
        if found.cycles + 1e-6 < needed or (found.cycles < 2 and not _looks_deliberate(found, name)):
            continue
        yield Cue(
            name=name,
            modality=VISUAL,
            span=Span(_session_s(view, found.start), _session_s(view, found.end)),
            value=found.peak_to_peak_deg,
            unit="deg",
            baseline=None,
            certainty=_oscillation_certainty(found, limits["min_peak_to_peak_deg"], share),
            measures=(("rate", found.rate_hz, "Hz"), ("count", float(found.count), "")),
        )


def _is_blinking(view: FaceView, found: Oscillation) -> bool:
    """Whether a small nod is an effect of blinks: shut lids can tilt the fitted face by a few degrees."""
    limits = cue_table()["nod"]
    if found.peak_to_peak_deg > limits["max_blink_deg"]:
        return False
    ratio = cue_table()["blink"]["max_openness_ratio"]
    shut = view.values["openness"] < ratio * view.usual.values["openness"]
    if shut[math.floor(found.start) : math.ceil(found.end) + 1].mean() > limits["max_shut_share"]:
        return False  # a nod with closed eyes
    return all(shut[max(0, round(row) - 1) : round(row) + 2].any() for row in found.lows)


def _session_s(view: FaceView, row: float) -> float:
    return max(0.0, float(view.time_s[0]) + row / RATE_HZ)


def _looks_deliberate(found: Oscillation, name: str) -> bool:
    # A single cycle has no rhythm that distinguishes it from a glance at the keyboard. It must start
    # downward, as nods do (Hadar et al. 1985), come back, and be over quickly.
    if name != "nod":
        return found.cycles >= 1.5
    limits = cue_table()[name]
    large = found.peak_to_peak_deg >= limits["min_single_deg"]
    in_time = limits["min_single_s"] <= found.duration_s <= 1.0 / limits["min_rate_hz"]
    return large and in_time and found.starts_down and found.balance >= 0.6


def _oscillation_certainty(found: Oscillation, min_deg: float, speaking_share: float) -> float:
    size = min(1.0, found.peak_to_peak_deg / (2 * min_deg))
    length = min(1.0, found.cycles / 2)
    certainty = 0.35 + 0.35 * size + 0.3 * length
    return float(certainty * (0.75 if speaking_share > 0.3 else 1.0))


def _tilt(view: FaceView) -> Iterator[Cue]:
    limits = cue_table()["tilt"]
    roll = view.away("roll")
    for sign, direction in ((1.0, "left"), (-1.0, "right")):
        spans = hysteresis(sign * roll, limits["enter_deg"], limits["leave_deg"])
        for start, end in longer_than(spans, limits["min_duration_s"] * RATE_HZ):
            yield Cue(
                name="tilt",
                modality=VISUAL,
                span=view.span(start, end),
                value=float(np.nanmax(sign * roll[start:end])),
                unit="deg",
                baseline=float(view.usual.values["roll"][start]),
                certainty=view.certainty(start, 0.9),
                direction=direction,
            )


def _lean(view: FaceView, name: str, sign: float) -> Iterator[Cue]:
    limits = cue_table()[name]
    percent = sign * 100.0 * view.away("scale") / view.usual.values["scale"]
    smooth = _smooth(percent.astype(np.float32), 5)
    for start, end in longer_than(
        hysteresis(smooth, limits["enter_percent"], limits["leave_percent"]),
        limits["min_duration_s"] * RATE_HZ,
    ):
        yield Cue(
            name=name,
            modality=VISUAL,
            span=view.span(start, end),
            value=float(np.nanmax(smooth[start:end])),
            unit="%",
            baseline=None,
            certainty=view.certainty(start, 0.9),
        )


def _activity(view: FaceView, gestures: Sequence[Cue]) -> Iterator[Cue]:
    """Find movement, or its absence, that is neither nod nor shake."""
    speed = _angular_speed_deg_per_s(view)
    active, still = cue_table()["head_active"], cue_table()["head_still"]
    for start, end in longer_than(
        runs(speed >= active["min_speed_deg_per_s"]), active["min_duration_s"] * RATE_HZ
    ):
        value, span = float(np.nanmean(speed[start:end])), view.span(start, end)
        if not any(span.overlap_s(gesture.span) > 0 for gesture in gestures):
            yield Cue("head_active", VISUAL, span, value, "deg/s", None, view.certainty(start, 0.8))
    for start, end in longer_than(
        runs(speed <= still["max_speed_deg_per_s"]), still["min_duration_s"] * RATE_HZ
    ):
        value = float(np.nanmean(speed[start:end]))
        yield Cue(
            "head_still", VISUAL, view.span(start, end), value, "deg/s", None, view.certainty(start, 0.8)
        )


def _angular_speed_deg_per_s(view: FaceView) -> FloatArray:
    steps = [np.diff(_smooth(view.values[name], 3), prepend=np.nan) for name in ("pitch", "yaw", "roll")]
    squared = np.sum(np.square(steps), axis=0) * RATE_HZ**2
    return np.sqrt(np.maximum(_smooth(squared.astype(np.float32), int(RATE_HZ)), 0.0))


def _smooth(track: FloatArray, rows: int) -> FloatArray:
    """Moving average inside each measured stretch; NaN stays NaN."""
    smooth = track.copy()
    for start, end in runs(np.isfinite(track)):
        smooth[start:end] = uniform_filter1d(track[start:end], rows, mode="nearest")
    return smooth


def _absence(view: FaceView) -> Iterator[Cue]:
    limits = cue_table()["face_absent"]
    for start, end in longer_than(runs(view.seen & ~view.measured), limits["min_duration_s"] * RATE_HZ):
        span = view.span(start, end)
        yield Cue("face_absent", VISUAL, span, span.duration_s, "s", None, 0.95)
