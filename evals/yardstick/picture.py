"""Tracks of the picture against the truth, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backchannel.arrays import BoolArray, FloatArray, TimeArray
from backchannel.cues.spans import runs
from backchannel.tracks import FaceTracks, Tracks
from backchannel.values import Cue, Span
from evals.yardstick.sample import Sample
from synthesis import Blink, BrowFurrow, BrowRaise, Lean, Shot, Smile, Tilt, Truth
from synthesis.gestures import Gesture

REST_S = 0.7
"""The first part of a clip, where nothing happens: angles and sizes count from here."""
SHUT = 0.3
"""Closure from which lids hide the gaze."""
BLINK_SHARE = 0.6
"""A blink is a dip of the lid gap under this share of the person's open eyes (cue table)."""
BLINK_TOLERANCE_S = 0.15

_HEAD = ("head_pitch_deg", "head_yaw_deg", "head_roll_deg")
_GAZE = ("gaze_yaw_deg", "gaze_pitch_deg")


def picture_errors(shot: Shot, truth: Truth, tracks: Tracks, cues: Sequence[Cue]) -> dict[str, Sample]:
    """Absolute errors, and shares of what was found, by measure."""
    picture = tracks.picture
    if picture is None or not picture.faces:
        return {"face found": Sample.of([0.0])}
    face, time_s = picture.faces[0], picture.time_s
    rest = face.valid & (time_s < REST_S)
    samples = {"face found": Sample.of(face.valid.astype(float))}
    for name in _HEAD:
        error = _from_rest(getattr(face, name), _at(truth, name, time_s), rest)
        samples[f"{_words(name)}, deg"] = Sample.of(np.abs(error))
    shut = _at(truth, "eye_closure_left", time_s) > SHUT
    for name in _GAZE:
        expected = _at(truth, name, time_s)
        error = np.where(shut, np.nan, getattr(face, name) - expected)
        samples[f"{_words(name)}, deg"] = Sample.of(np.abs(error))
        samples[f"{_words(name)} from rest, deg"] = Sample.of(
            np.abs(_from_rest(np.where(shut, np.nan, getattr(face, name)), expected, rest))
        )
    size = _from_rest(np.log(face.head_scale), np.log1p(_at(truth, "lean", time_s)), rest)
    scale = 100 * np.expm1(size)
    samples["scale, %"] = Sample.of(np.abs(scale))
    samples |= _blinks(shot, face, time_s)
    return samples | _onsets(shot, cues)


def _words(name: str) -> str:
    return name.removesuffix("_deg").replace("_", " ")


def _at(truth: Truth, name: str, time_s: TimeArray) -> FloatArray:
    return np.asarray(np.interp(time_s, truth.time_s, getattr(truth, name)), np.float32)


def _from_rest(measured: FloatArray, expected: FloatArray, rest: BoolArray) -> FloatArray:
    error = measured - expected
    return error - np.nanmedian(error[rest]) if np.isfinite(error[rest]).any() else error


def _blinks(shot: Shot, face: FaceTracks, time_s: TimeArray) -> dict[str, Sample]:
    openness = (face.eye_openness_left + face.eye_openness_right) / 2
    shut = openness < BLINK_SHARE * np.nanquantile(openness, 0.75)
    dips = [Span(float(time_s[start]), float(time_s[end - 1])) for start, end in runs(shut)]
    wanted = [gesture.span for gesture in shot.performance.gestures if isinstance(gesture, Blink)]
    middles_s = [(span.start_s + span.end_s) / 2 for span in wanted]
    found = {
        at_s: min(abs((dip.start_s + dip.end_s) / 2 - at_s) for dip in dips) if dips else np.inf
        for at_s in middles_s
    }
    hits = [away_s for away_s in found.values() if away_s <= BLINK_TOLERANCE_S]
    false = [dip for dip in dips if not any(_near(dip, at_s) for at_s in middles_s)]
    return {
        "blinks found": Sample.of([float(away_s <= BLINK_TOLERANCE_S) for away_s in found.values()]),
        "blink time, s": Sample.of(hits),
        "false blinks a clip": Sample.of([float(len(false))]),
    }


def _near(dip: Span, at_s: float) -> bool:
    return dip.start_s - BLINK_TOLERANCE_S <= at_s <= dip.end_s + BLINK_TOLERANCE_S


def _onsets(shot: Shot, cues: Sequence[Cue]) -> dict[str, Sample]:
    """Start and end of held expressions and postures: cue against script, at the middle of its ramps."""
    kinds: tuple[tuple[str, type[Gesture], tuple[str, ...]], ...] = (
        ("smile", Smile, ("smile",)),
        ("brow raise", BrowRaise, ("brow_raise",)),
        ("brow furrow", BrowFurrow, ("brow_furrow",)),
        ("tilt", Tilt, ("tilt",)),
        ("lean", Lean, ("lean_in", "lean_out")),
    )
    samples: dict[str, Sample] = {}
    for words, kind, names in kinds:
        scripted = [gesture for gesture in shot.performance.gestures if isinstance(gesture, kind)]
        spans = [_held(gesture) for gesture in scripted]
        detected = [cue.span for cue in cues if cue.name in names]
        matched = [_nearest(span, detected) for span in spans]
        hits = [(s, d) for s, d in zip(spans, matched, strict=True) if d is not None and d.overlap_s(s) > 0]
        samples[f"{words}s found"] = Sample.of([1.0] * len(hits) + [0.0] * (len(spans) - len(hits)))
        samples[f"{words} edges, s"] = Sample.of(
            [abs(e) for s, d in hits for e in (d.start_s - s.start_s, d.end_s - s.end_s)]
        )
        wrong = [d for d in detected if not any(d.overlap_s(s) > 0 for s in spans)]
        samples[f"false {words}s a clip"] = Sample.of([float(len(wrong))])
    return samples


def _nearest(span: Span, detected: Sequence[Span]) -> Span | None:
    return max(detected, key=lambda found: found.overlap_s(span), default=None)


def _held(gesture: Gesture) -> Span:
    half_s = getattr(gesture, "ramp_s", 0.0) / 2
    return Span(gesture.span.start_s + half_s, gesture.span.end_s - half_s)
