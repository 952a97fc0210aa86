"""Explain why a label was not found: how near the tracks came to the thresholds."""

from collections.abc import Sequence

import numpy as np

from backchannel.arrays import BoolArray
from backchannel.cues.spans import runs
from backchannel.explain.lanes import Lane, Swings, Threshold
from backchannel.values import Cue, Span


def why_missed(cue: str, span: Span, lanes: Sequence[Lane], detections: Sequence[Cue]) -> str:
    """Say how near the tracks came to a missed label, in one plain sentence."""
    sentences = [_near_detection(span, detections)]
    for lane in lanes:
        inside = (lane.time_s >= span.start_s) & (lane.time_s < span.end_s)
        if cue not in lane.cues or not inside.any():
            continue
        if not np.isfinite(lane.value[inside]).any():
            sentences.append(f"{lane.title}: not measured.")
        elif lane.swings is not None and lane.swings.cue == cue:
            sentences.append(_swing(lane, lane.swings, inside))
        else:
            mine = [limit for limit in lane.thresholds if limit.cue == cue]
            told = [_level(lane, limit, inside) for limit in mine]
            # Of two thresholds on one track, the nearer is meant.
            sentences += [text for _, text in sorted(told, key=lambda pair: pair[0])[:1]]
    return " ".join(sentence for sentence in sentences if sentence)


def _near_detection(span: Span, detections: Sequence[Cue]) -> str:
    for cue in detections:
        shared_s = cue.span.overlap_s(span)
        if shared_s > 0:
            return f"A detection shares only {shared_s:.2f} s with it."
    return ""


def _swing(lane: Lane, swings: Swings, inside: BoolArray) -> str:
    values = lane.value[inside]
    moved = float(np.nanmax(values) - np.nanmin(values))
    return (
        f"{lane.title}: moved {moved:.1f} deg in all; {swings.min_deg:g} deg peak to peak and "
        f"{swings.cycles:g} regular cycle{'s' if swings.cycles != 1 else ''} "
        f"({swings.cycles_speaking:g} while speaking) are required."
    )


def _level(lane: Lane, limit: Threshold, inside: BoolArray) -> tuple[float, str]:
    """Distance of the track from a threshold, and a sentence about it."""
    away = lane.value[inside] - (0.0 if lane.usual is None else lane.usual[inside])
    known = away[np.isfinite(away)]
    if not known.size:
        return np.inf, f"{lane.title}: no baseline yet."
    above = limit.side == "above"
    # A single row is no peak, because cues use smoothed tracks.
    peak = float(np.percentile(known, 95 if above else 5))
    relative = " from the baseline" if lane.usual is not None else ""
    wanted = limit.enter if above or lane.usual is None else -limit.enter
    short = wanted - peak if above else peak - wanted
    unit = f" {lane.unit}" if lane.unit else ""
    digits = lane.digits
    reached = f"{lane.title}: reached {peak:.{digits}f}{unit}{relative}"
    if short > 0:
        return short, f"{reached}; {wanted:.{digits}f} is required."
    leave = limit.leave if above or lane.usual is None else -limit.leave
    past = np.nan_to_num(away, nan=-np.inf if above else np.inf)
    longest = max((end - start for start, end in runs(past >= leave if above else past <= leave)), default=0)
    held_s = longest * float(np.median(np.diff(lane.time_s)))
    if held_s < limit.min_duration_s:
        return (
            short,
            f"{reached}, but for {held_s:.2f} s at a time; {limit.min_duration_s:g} s are required.",
        )
    return short, f"{reached}, past the required {wanted:.{digits}f}."
