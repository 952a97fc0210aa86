"""From a script to numbers per frame: what a perfect measurement of the rendered clip would give."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.signal import butter, sosfiltfilt

from backchannel.arrays import FloatArray, TimeArray
from synthesis.gestures import Curves
from synthesis.performance import Performance, Sway
from synthesis.voice import Voice

SWAY_RATE_HZ = 60.0
"""Sway is made at a rate of its own, so that the same script moves the same way at every frame rate."""

MOUTH_FULL_OPEN_FW = 0.11
"""Lip gap at the loudest syllables, face widths: about 10 mm."""

EYE_LIMIT_DEG = 32.0
"""Comfortable limit of the eye in the head, deg."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Numbers per rendered frame, each (n,).

    Attributes
    ----------
    time_s
        Presentation time, s.
    head_pitch_deg, head_yaw_deg, head_roll_deg
        Relative to the portrait's own pose (see `portrait.Portrait.rest_pose_deg`). The rotation is
        roll after yaw after pitch, about the neck. Pitch + is up, yaw + and roll + are the subject's left.
    gaze_yaw_deg, gaze_pitch_deg
        Where the person looks, 0 is the camera.
    eye_yaw_deg, eye_pitch_deg
        Eye in head: gaze less head.
    eye_closure_left, eye_closure_right
        0 open, 1 shut.
    smile, brow_raise_left, brow_raise_right, brow_furrow
        0 at rest, 1 full.
    mouth_opening
        Lip gap, face widths (outer eye corner to outer eye corner).
    lean
        Apparent size beyond rest, as a share.
    picture_x, picture_y
        How far the whole picture is moved by the camera, picture heights; + is right and down.
    """

    time_s: TimeArray
    head_pitch_deg: FloatArray
    head_yaw_deg: FloatArray
    head_roll_deg: FloatArray
    gaze_yaw_deg: FloatArray
    gaze_pitch_deg: FloatArray
    eye_yaw_deg: FloatArray
    eye_pitch_deg: FloatArray
    eye_closure_left: FloatArray
    eye_closure_right: FloatArray
    smile: FloatArray
    brow_raise_left: FloatArray
    brow_raise_right: FloatArray
    brow_furrow: FloatArray
    mouth_opening: FloatArray
    lean: FloatArray
    picture_x: FloatArray
    picture_y: FloatArray


def truth_of(performance: Performance, frame_rate_hz: float, voice: Voice | None = None) -> Truth:
    """Play the script without a picture.

    Parameters
    ----------
    frame_rate_hz
        Frames per second; frame k is at ``k / frame_rate_hz``.
    voice
        The rendered voice, which moves the mouth; None leaves it shut.
    """
    count = round(performance.duration_s * frame_rate_hz)
    time_s: TimeArray = np.arange(count) / frame_rate_hz
    curves: Curves = {f.name: np.zeros(count, dtype=np.float32) for f in fields(Truth) if f.name != "time_s"}
    for gesture in performance.gestures:
        for name, curve in gesture.curves(time_s).items():
            curves[name] = np.asarray(curves[name] + curve, dtype=np.float32)
    if performance.sway is not None:
        for axis, noise in zip(("pitch", "yaw", "roll"), _sway(performance, performance.sway), strict=True):
            at_frames = np.interp(time_s, np.arange(noise.size) / SWAY_RATE_HZ, noise)
            curves[f"head_{axis}_deg"] = curves[f"head_{axis}_deg"] + at_frames.astype(np.float32)
    for name in ("eye_closure_left", "eye_closure_right"):
        curves[name] = np.clip(curves[name], 0, 1)
    for axis in ("yaw", "pitch"):
        # The eyes hold their target while the head moves under them (the vestibulo-ocular reflex).
        eye = curves[f"gaze_{axis}_deg"] - curves[f"head_{axis}_deg"]
        curves[f"eye_{axis}_deg"] = np.clip(eye, -EYE_LIMIT_DEG, EYE_LIMIT_DEG)
    if voice is not None and performance.voice_is_own:
        spoken = performance.articulation * MOUTH_FULL_OPEN_FW * voice.mouth_envelope(time_s)
        curves["mouth_opening"] = np.maximum(curves["mouth_opening"], spoken)
    return Truth(time_s=time_s, **curves)


def _sway(performance: Performance, sway: Sway) -> FloatArray:
    """Three rows of band-limited noise, deg, at `SWAY_RATE_HZ`."""
    rng = np.random.default_rng([performance.seed, 1])
    # Padded on both sides: a filter's edges are no natural motion.
    pad = int(4 * SWAY_RATE_HZ)
    count = int(np.ceil(performance.duration_s * SWAY_RATE_HZ)) + 1
    white = rng.standard_normal((2, 3, count + 2 * pad))
    slow = sosfiltfilt(butter(2, 0.35, fs=SWAY_RATE_HZ, output="sos"), white[0])
    quick = sosfiltfilt(butter(2, (0.5, 4.0), "bandpass", fs=SWAY_RATE_HZ, output="sos"), white[1])
    slow *= sway.drift_deg / slow.std()
    quick *= sway.jitter_deg / quick.std()
    return np.asarray((slow + quick)[:, pad : pad + count], dtype=np.float32)
