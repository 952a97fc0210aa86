"""Cues of the eyes: where they look, and the lids."""

from collections.abc import Iterator

import numpy as np
from scipy.ndimage import uniform_filter1d

from backchannel.arrays import BoolArray, FloatArray
from backchannel.cues.face_view import RATE_HZ, VISUAL, FaceView
from backchannel.cues.series import quantile
from backchannel.cues.spans import hysteresis, join_close, longer_than, runs
from backchannel.cues.thresholds import cue_table
from backchannel.values import Cue, Span


def gaze_cues(view: FaceView) -> Iterator[Cue]:
    """Find the cues of the eyes in the view."""
    yield from _facing(view)
    yield from _gaze_away(view)
    yield from _lids(view)


def _facing(view: FaceView) -> Iterator[Cue]:
    limits = cue_table()["facing"]
    angle = _angle_deg(view)
    within = angle <= limits["max_angle_deg"]
    # A blink is no look away: rows without gaze count as the rows around them.
    known = view.measured & np.isfinite(angle)
    share = _local_share(within, known)
    for start, end in longer_than(
        runs((share >= limits["min_share"]) & view.measured), limits["min_duration_s"] * RATE_HZ
    ):
        counted = known[start:end]
        if counted.any():
            percent = 100.0 * float(within[start:end][counted].mean())
            yield Cue("facing", VISUAL, view.span(start, end), percent, "%", None, view.certainty(start, 0.8))


def _local_share(within: BoolArray, known: BoolArray) -> FloatArray:
    rows = int(RATE_HZ)
    inside = uniform_filter1d((within & known).astype(np.float32), rows, mode="nearest")
    counted = uniform_filter1d(known.astype(np.float32), rows, mode="nearest")
    return np.where(counted > 0.2, inside / np.maximum(counted, 1e-6), 0.0).astype(np.float32)


def _angle_deg(view: FaceView) -> FloatArray:
    return np.hypot(view.away("gaze_yaw"), view.away("gaze_pitch"))


def _gaze_away(view: FaceView) -> Iterator[Cue]:
    limits = cue_table()["gaze_away"]
    yaw, pitch = view.away("gaze_yaw"), view.away("gaze_pitch")
    lowered = _lowered_deg(view)
    yaw, pitch = np.where(np.isnan(lowered), yaw, 0.0), np.where(np.isnan(lowered), pitch, -lowered)
    angle = np.hypot(yaw, pitch)
    spans = join_close(hysteresis(angle, limits["enter_deg"], limits["leave_deg"]), max_gap=4)
    for start, end in longer_than(spans, limits["min_duration_s"] * RATE_HZ):
        if np.isfinite(angle[start:end]).mean() < 0.6:
            continue
        mean_yaw, mean_pitch = float(np.nanmean(yaw[start:end])), float(np.nanmean(pitch[start:end]))
        sideways = abs(mean_yaw) >= abs(mean_pitch)
        side = ("left" if mean_yaw > 0 else "right") if sideways else ("up" if mean_pitch > 0 else "down")
        span = view.span(start, end)
        yield Cue(
            name="gaze_away",
            modality=VISUAL,
            span=span,
            value=quantile(angle[start:end], 0.75),
            unit="deg",
            baseline=None,
            certainty=view.certainty(start, 0.8),
            measures=(("duration", span.duration_s, "s"),),
            direction=side,
        )


def _lowered_deg(view: FaceView) -> FloatArray:
    """How far a person looks down, by their lids, where these hide the irises; NaN elsewhere.

    The upper lid follows the eye down. A lowered head tells it from tired or narrowed eyes.
    """
    limits = cue_table()["gaze_away"]
    open_share = view.ratio("openness")
    low = (open_share <= limits["max_lowered_ratio"]) & (open_share >= limits["min_lowered_ratio"])
    low &= view.away("pitch") <= -limits["min_lowered_head_deg"]
    lowered = np.full(view.time_s.size, np.nan, np.float32)
    for start, end in longer_than(join_close(runs(low), max_gap=2), limits["min_duration_s"] * RATE_HZ):
        lowered[start:end] = limits["lid_deg"] * (1 - open_share[start:end])
    return lowered


def _lids(view: FaceView) -> Iterator[Cue]:
    closed, blink, narrowed = (cue_table()[name] for name in ("eyes_closed", "blink", "eyes_narrowed"))
    ratio = view.ratio("openness")
    for start, end in longer_than(
        join_close(
            hysteresis(1 - ratio, 1 - closed["max_openness_ratio"], 1 - closed["leave_ratio"]), max_gap=1
        ),
        closed["min_duration_s"] * RATE_HZ,
    ):
        span = view.span(start, end)
        yield Cue("eyes_closed", VISUAL, span, span.duration_s, "s", None, view.certainty(start, 0.8))
    yield from _blink_rate(view, _blinks(view, ratio, blink["max_openness_ratio"], blink["max_duration_s"]))
    between = (ratio <= narrowed["max_openness_ratio"]) & (ratio > narrowed["min_openness_ratio"])
    for start, end in longer_than(runs(between), narrowed["min_duration_s"] * RATE_HZ):
        percent = 100.0 * float(np.nanmean(ratio[start:end]))
        yield Cue(
            "eyes_narrowed", VISUAL, view.span(start, end), percent, "%", 100.0, view.certainty(start, 0.6)
        )


def _blinks(view: FaceView, ratio: FloatArray, max_ratio: float, max_duration_s: float) -> list[Span]:
    dips = runs(ratio <= max_ratio)
    return [
        view.span(start, end)
        for start, end in dips
        if (end - start) / RATE_HZ <= max_duration_s and start > 0 and end < ratio.size
    ]


def _blink_rate(view: FaceView, blinks: list[Span]) -> Iterator[Cue]:
    limits = cue_table()["blink_rate_high"]
    window_s = limits["window_s"]
    # Fixed moments of the session clock, so that the cut into segments does not matter.
    ends_s = np.arange(np.ceil((view.time_s[0] + window_s) / 2) * 2, view.time_s[-1] + 1e-6, 2.0)
    for end_s in ends_s.tolist():
        inside = (view.time_s > end_s - window_s) & (view.time_s <= end_s)
        if view.measured[inside].mean() < 0.9:
            continue
        count = sum(end_s - window_s < blink.start_s <= end_s for blink in blinks)
        per_minute = 60.0 * count / window_s
        if per_minute >= limits["min_per_minute"]:
            span = Span(end_s - window_s, end_s)
            yield Cue(
                "blink_rate_high", VISUAL, span, per_minute, "per minute", None, 0.7, (("blinks", count, ""),)
            )
