"""Cues of the head's movement: nod, shake, tilt, lean, stillness, absence."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

from backchannel.arrays import BoolArray, FloatArray
from backchannel.cues.face_view import RATE_HZ, VISUAL, FaceView
from backchannel.cues.oscillation import Oscillation, find_oscillations
from backchannel.cues.series import slope
from backchannel.cues.spans import hysteresis, join_close, longer_than, runs
from backchannel.cues.thresholds import CueThresholds, cue_table
from backchannel.values import Cue, Span


def head_cues(view: FaceView, speaking: BoolArray) -> Iterator[Cue]:
    """Find the head cues in the view.

    Parameters
    ----------
    speaking
        (n,) bool: the person speaks at each row of the view.
    """
    talking = _talking(view, speaking)
    gestures = [*_nods(view, talking), *_shakes(view, talking)]
    yield from gestures
    yield from _tilt(view)
    yield from _lean(view, "lean_in", 1.0)
    yield from _lean(view, "lean_out", -1.0)
    yield from _activity(view, gestures)
    yield from _absence(view)


def _talking(view: FaceView, speaking: BoolArray) -> BoolArray:
    """(n,) bool: the person has the turn.

    The voice network misses some voices, so a moving jaw counts as well. A short utterance with silence
    around it is no turn but a listener's "mm-hm" (Yngve 1970).
    """
    limits = cue_table()["nod"]
    quiet = round(limits["min_quiet_s"] * RATE_HZ)
    talking = np.zeros_like(speaking)
    for start, end in join_close(runs(speaking | _jaw_moving(view)), quiet - 1):
        whole = quiet <= start and end + quiet <= talking.size
        talking[start:end] = not whole or end - start > limits["max_utterance_s"] * RATE_HZ
    return talking


def _jaw_moving(view: FaceView) -> BoolArray:
    """(n,) bool: the mouth opens and nearly closes again, as in speech. In a laugh it stays open."""
    limits = cue_table()["nod"]
    opening = np.nan_to_num(view.values["mouth_opening"])
    rows = round(limits["lips_window_s"] * RATE_HZ)
    widest = maximum_filter1d(opening, rows)
    moved = widest - minimum_filter1d(opening, rows)
    return np.asarray(
        view.measured & (moved >= limits["min_jaw_range"]) & (moved >= limits["min_jaw_share"] * widest)
    )


def _nods(view: FaceView, talking: BoolArray) -> Iterator[Cue]:
    limits = cue_table()["nod"]
    for found in find_oscillations(view.values["pitch"], view.values["yaw"], limits):
        share = float(talking[_rows(found)].mean())
        if share > 0.3:
            nods = found.cycles + 1e-6 >= limits["min_cycles_speaking"] and not _is_beating(view, found)
        else:
            nods = found.cycles >= 2 or _looks_deliberate(found)
        other = _is_moved(view, found, "pitch", "y", limits) or _is_keeping_time(view, found)
        if nods and not other and not _is_blinking(view, found):
            yield _oscillation_cue(view, "nod", found, share)


def _shakes(view: FaceView, talking: BoolArray) -> Iterator[Cue]:
    limits = cue_table()["shake"]
    for found in find_oscillations(view.values["yaw"], view.values["pitch"], limits):
        share = float(talking[_rows(found)].mean())
        needed = limits["min_cycles_speaking"] if share > 0.3 else limits["min_cycles"]
        if found.cycles + 1e-6 >= needed and not _is_moved(view, found, "yaw", "x", limits):
            yield _oscillation_cue(view, "shake", found, share)


def _oscillation_cue(view: FaceView, name: str, found: Oscillation, talking_share: float) -> Cue:
    return Cue(
        name=name,
        modality=VISUAL,
        span=Span(_session_s(view, found.start), _session_s(view, found.end)),
        value=found.peak_to_peak_deg,
        unit="deg",
        baseline=None,
        certainty=_oscillation_certainty(found, cue_table()[name]["min_peak_to_peak_deg"], talking_share),
        measures=(("rate", found.rate_hz, "Hz"), ("count", float(found.count), "")),
    )


def _rows(found: Oscillation) -> slice:
    return slice(math.floor(found.start), math.ceil(found.end) + 1)


def _is_moved(view: FaceView, found: Oscillation, angle: str, place: str, limits: CueThresholds) -> bool:
    """Whether the camera or the trunk moves, and not the head on its neck.

    A neck turns the face about a joint one or two face widths behind it. A camera that looks at the face
    from another place, or a trunk that sways, moves it in the picture several times as far.
    """
    turned = _around_line(view.values[angle][_rows(found)])
    went = _around_line(view.values[place][_rows(found)])
    per_rad = math.degrees(float(turned @ went) / max(float(turned @ turned), 1e-9))
    return abs(per_rad) > limits["max_lever"] * float(np.nanmedian(view.values["scale"][_rows(found)]))


def _is_beating(view: FaceView, found: Oscillation) -> bool:
    """Whether the head of a speaker goes with the jaw: beats fall on the syllables that open it most."""
    limits = cue_table()["nod"]
    pitch = _around_line(view.values["pitch"][_rows(found)])
    opening = _around_line(view.values["mouth_opening"][_rows(found)])
    power = math.sqrt(float(pitch @ pitch) * float(opening @ opening))
    jaw_moves = float(np.ptp(opening)) >= limits["min_jaw_range"]
    in_step = jaw_moves and abs(float(pitch @ opening)) >= limits["min_jaw_correlation"] * power
    return in_step or found.balance < limits["min_balance_speaking"]


def _is_keeping_time(view: FaceView, found: Oscillation) -> bool:
    """Whether the head keeps time, as to music: longer than people nod. What goes on is not judged yet."""
    limits = cue_table()["nod"]
    goes_on = found.end >= view.time_s.size - 1 - limits["min_rest_s"] * RATE_HZ
    return found.count > (limits["max_count_going_on"] if goes_on else limits["max_count"])


def _around_line(track: FloatArray) -> FloatArray:
    """A track less its straight line."""
    rows = np.arange(track.size, dtype=np.float32)
    rows -= rows.mean()
    return np.asarray(track - track.mean() - slope(rows, track) * rows)


def _is_blinking(view: FaceView, found: Oscillation) -> bool:
    """Whether a small nod is an effect of blinks: shut lids can tilt the fitted face by a few degrees."""
    limits = cue_table()["nod"]
    if found.peak_to_peak_deg > limits["max_blink_deg"]:
        return False
    ratio = cue_table()["blink"]["max_openness_ratio"]
    shut = view.values["openness"] < ratio * view.usual.values["openness"]
    if shut[_rows(found)].mean() > limits["max_shut_share"]:
        return False  # a nod with closed eyes
    return all(shut[max(0, round(row) - 1) : round(row) + 2].any() for row in found.lows)


def _session_s(view: FaceView, row: float) -> float:
    return max(0.0, float(view.time_s[0]) + row / RATE_HZ)


def _looks_deliberate(found: Oscillation) -> bool:
    # A single cycle has no rhythm that distinguishes it from a glance at the keyboard. It must start
    # downward, as nods do (Hadar et al. 1985), come back, and be over quickly.
    limits = cue_table()["nod"]
    large = found.peak_to_peak_deg >= limits["min_single_deg"]
    in_time = limits["min_single_s"] <= found.duration_s <= 1.0 / limits["min_rate_hz"]
    once = found.cycles + 1e-6 >= limits["min_cycles"]
    return once and large and in_time and found.starts_down and found.balance >= 0.6


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
