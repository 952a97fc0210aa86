"""Prepare the lanes of a clip's page: each track in readable units, its baseline, and the cues' thresholds.

A lane shows the numbers that cues use. Thresholds come from the cue table, so a page is never out of date.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from backchannel.arrays import FloatArray, TimeArray
from backchannel.cues.face_rows import FACE_MEASURES
from backchannel.cues.face_view import FaceView
from backchannel.cues.thresholds import cue_table
from backchannel.explain.replay import Replay, VoiceCourse

FaceMeasure = Callable[[FaceView], FloatArray]

FACE_PERCENT = "% of face width"


@dataclass(frozen=True, slots=True)
class Threshold:
    """The threshold of a cue.

    Attributes
    ----------
    cue
        Its name.
    enter, leave
        Distance from the baseline, or from zero if the lane has none, beyond which the cue is present.
    side
        ``above`` or ``below`` the line.
    min_duration_s
        Shortest length, s; 0 if length does not matter.
    """

    cue: str
    enter: float
    leave: float
    side: Literal["above", "below"] = "above"
    min_duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Swings:
    """A cue that is a movement to and fro. It has no level, but a size from peak to peak and a rhythm."""

    cue: str
    min_deg: float
    cycles: float
    cycles_speaking: float


@dataclass(frozen=True, slots=True)
class Lane:
    """One track of one clip.

    Attributes
    ----------
    time_s
        (n,) session time.
    value
        (n,) in `unit`; NaN where not measured.
    usual
        (n,) the person's baseline, or None if thresholds are absolute.
    cues
        Cues that use this track.
    """

    group: str
    title: str
    unit: str
    time_s: TimeArray
    value: FloatArray
    usual: FloatArray | None = None
    thresholds: tuple[Threshold, ...] = ()
    swings: Swings | None = None
    cues: tuple[str, ...] = ()
    digits: int = 1


def lanes_of(replay: Replay) -> tuple[Lane, ...]:
    """Every track of a clip, in the order in which they are drawn."""
    lanes: list[Lane] = []
    if replay.face is not None:
        lanes += _face_lanes(replay.face)
    if replay.voice is not None:
        lanes += _voice_lanes(replay.voice)
    return tuple(lanes)


def _pair(
    cue: str, scale: float = 1.0, unit: str = "", side: Literal["above", "below"] = "above"
) -> Threshold:
    row = cue_table()[cue]
    return Threshold(
        cue,
        scale * row[f"enter{unit}"],
        scale * row[f"leave{unit}"],
        side,
        row["min_duration_s"],
    )


def _level(
    cue: str,
    name: str,
    scale: float = 1.0,
    side: Literal["above", "below"] = "above",
    length: str = "min_duration_s",
) -> Threshold:
    row = cue_table()[cue]
    limit = scale * row[name]
    return Threshold(cue, limit, limit, side, row.values.get(length, 0.0))


def _swings(cue: str) -> Swings:
    row = cue_table()[cue]
    return Swings(cue, row["min_peak_to_peak_deg"], row["min_cycles"], row["min_cycles_speaking"])


def _face_lanes(view: FaceView) -> list[Lane]:
    drawn = [*_head_lanes(view), *_eye_lanes(view), *_mouth_lanes(view), *_brow_lanes(view)]
    # Draw measures that the tables above do not know as they are.
    others = [
        _measure_lane(view, "Other", name.replace("_", " "), name, percent=True)
        for name in FACE_MEASURES
        if name not in _DRAWN
    ]
    return drawn + others


_DRAWN: Final = frozenset(
    {
        *("pitch", "yaw", "roll", "scale", "x", "y"),
        *("gaze_yaw", "gaze_pitch", "openness"),
        *("mouth_width", "corner", "lid_raise", "mouth_opening", "lips", "chin"),
        *("brow", "brow_difference", "brow_crease", "forehead_crease"),
    }
)
"""The measures of the lanes below. The face's place is not drawn."""


def _measure_lane(
    view: FaceView,
    group: str,
    title: str,
    name: str,
    *thresholds: Threshold,
    percent: bool = False,
    swings: Swings | None = None,
) -> Lane:
    scale = 100.0 if percent else 1.0
    decided = tuple(dict.fromkeys(limit.cue for limit in thresholds))
    return Lane(
        group,
        title,
        FACE_PERCENT if percent else "deg",
        view.time_s,
        scale * view.values[name],
        None if name not in view.usual.values else scale * view.usual.values[name],
        thresholds,
        swings,
        decided if swings is None else (swings.cue, *decided),
    )


def _head_lanes(view: FaceView) -> list[Lane]:
    tilts = (_pair("tilt", unit="_deg"), _pair("tilt", unit="_deg", side="below"))
    return [
        _measure_lane(view, "Head", "Head pitch (+ up)", "pitch", swings=_swings("nod")),
        _measure_lane(view, "Head", "Head yaw (+ left)", "yaw", swings=_swings("shake")),
        _measure_lane(view, "Head", "Head roll (+ left)", "roll", *tilts),
        _scale_lane(view),
    ]


def _eye_lanes(view: FaceView) -> list[Lane]:
    return [
        _measure_lane(view, "Eyes", "Gaze yaw (+ left)", "gaze_yaw"),
        _measure_lane(view, "Eyes", "Gaze pitch (+ up)", "gaze_pitch"),
        Lane(
            "Eyes",
            "Gaze away from the baseline",
            "deg",
            view.time_s,
            np.hypot(view.away("gaze_yaw"), view.away("gaze_pitch")),
            None,
            (_pair("gaze_away", unit="_deg"), _level("facing", "max_angle_deg", side="below")),
            cues=("gaze_away", "facing"),
        ),
        _lid_lane(view),
    ]


def _mouth_lanes(view: FaceView) -> list[Lane]:
    lips, chin = _pair("lip_press", 100.0, side="below"), _pair("chin_raise", 100.0)
    corners = _pair("lip_corner_down", 100.0, side="below")
    return [
        _measure_lane(view, "Mouth", "Mouth width", "mouth_width", _smile_width(), percent=True),
        _measure_lane(view, "Mouth", "Lip corners, low third", "corner_low", _smile_corner(), percent=True),
        _measure_lane(view, "Mouth", "Lower lids raised", "lid_raise", _felt(), percent=True),
        _opening_lane(view),
        _measure_lane(view, "Mouth", "Lip thickness", "lips", lips, percent=True),
        _measure_lane(view, "Mouth", "Lip corners", "corner", corners, percent=True),
        _measure_lane(view, "Mouth", "Chin", "chin", chin, percent=True),
    ]


def _brow_lanes(view: FaceView) -> list[Lane]:
    height = _pair("brow_raise", 100.0)
    sides = (_pair("brow_raise_one_side", 100.0), _pair("brow_raise_one_side", 100.0, side="below"))
    return [
        _measure_lane(view, "Brows", "Brow height", "brow", height, percent=True),
        _measure_lane(view, "Brows", "Brows, left above right", "brow_difference", *sides, percent=True),
        _fold_lane(
            view, "Folds between the brows, deeper than the baseline", "brow_crease", _pair("brow_furrow")
        ),
        _fold_lane(view, "Folds of the forehead, deeper than the baseline", "forehead_crease"),
    ]


def _fold_lane(view: FaceView, title: str, name: str, *thresholds: Threshold) -> Lane:
    deeper = 100.0 * (view.ratio(name) - 1.0)
    level = _zero_where_known(view, name)
    cues = tuple(limit.cue for limit in thresholds)
    return Lane("Brows", title, "%", view.time_s, deeper, level, thresholds, cues=cues)


def _smile_width() -> Threshold:
    row = cue_table()["smile"]
    return Threshold(
        "smile", 100 * row["enter_width"], 100 * row["leave_width"], "above", row["min_duration_s"]
    )


def _smile_corner() -> Threshold:
    row = cue_table()["smile"]
    return Threshold(
        "smile", 100 * row["enter_corner"], 100 * row["leave_corner"], "above", row["min_duration_s"]
    )


def _felt() -> Threshold:
    limit = 100 * cue_table()["smile"]["felt_lid_raise"]
    return Threshold("felt smile", limit, limit)


def _zero_where_known(view: FaceView, name: str) -> FloatArray:
    """(n,) the baseline of a lane that shows the distance from it."""
    return np.where(np.isfinite(view.usual.values[name]), 0.0, np.nan).astype(np.float32)


def _scale_lane(view: FaceView) -> Lane:
    return Lane(
        "Head",
        "Nearer or farther than the baseline",
        "%",
        view.time_s,
        100.0 * view.away("scale") / view.usual.values["scale"],
        _zero_where_known(view, "scale"),
        (_pair("lean_in", unit="_percent"), _pair("lean_out", unit="_percent", side="below")),
        cues=("lean_in", "lean_out"),
    )


def _lid_lane(view: FaceView) -> Lane:
    return Lane(
        "Eyes",
        "Eye openness, share of the baseline",
        "%",
        view.time_s,
        100.0 * view.ratio("openness"),
        None,
        (
            _level("eyes_closed", "max_openness_ratio", 100.0, "below"),
            _level("eyes_narrowed", "max_openness_ratio", 100.0, "below"),
        ),
        cues=("eyes_closed", "eyes_narrowed", "blink_rate_high"),
        digits=0,
    )


def _opening_lane(view: FaceView) -> Lane:
    # Lips mean nothing while the mouth is open. Press, corners and chin only count below this line.
    shut = 100.0 * cue_table()["lip_press"]["max_opening"]
    return Lane(
        "Mouth",
        "Mouth opening",
        FACE_PERCENT,
        view.time_s,
        100.0 * view.values["mouth_opening"],
        None,
        (Threshold("shut", shut, shut, "below"),),
    )


def _voice_lanes(voice: VoiceCourse) -> list[Lane]:
    raised = cue_table()["pitch_raised"]["min_semitones"]
    usual_hz = float(np.nanmedian(voice.usual_f0_hz)) if np.isfinite(voice.usual_f0_hz).any() else np.nan
    raised_hz = usual_hz * (2.0 ** (raised / 12.0) - 1.0)
    loud, soft = cue_table()["loud"]["min_db"], cue_table()["soft"]["min_db"]
    probability = _level("speaking", "min_probability")
    change = _level("filled_pause", "max_change", side="below")
    return [
        Lane(
            "Voice",
            "Speech probability",
            "",
            voice.time_s,
            voice.speech_probability,
            None,
            (probability,),
            cues=("speaking", "long_pause", "pause"),
            digits=2,
        ),
        Lane(
            "Voice",
            "F0 while speaking",
            "Hz",
            voice.time_s,
            voice.f0_hz,
            voice.usual_f0_hz,
            (Threshold("pitch_raised", raised_hz, raised_hz),) if np.isfinite(raised_hz) else (),
            cues=("pitch_raised", "rising_end", "falling_end"),
            digits=0,
        ),
        Lane(
            "Voice",
            "Level",
            "dBFS",
            voice.time_s,
            voice.level_dbfs,
            voice.usual_level_dbfs,
            (Threshold("loud", loud, loud), Threshold("soft", soft, soft, "below")),
            cues=("loud", "soft"),
        ),
        Lane(
            "Voice",
            "Spectral change",
            "",
            voice.time_s,
            voice.spectral_change,
            None,
            (change,),
            cues=("filled_pause", "vocal_backchannel"),
            digits=3,
        ),
    ]


def lanes_by_cue(lanes: tuple[Lane, ...]) -> Mapping[str, tuple[Lane, ...]]:
    """The lanes of each cue."""
    names = dict.fromkeys(name for lane in lanes for name in lane.cues)
    return {name: tuple(lane for lane in lanes if name in lane.cues) for name in names}
