"""What a synthetic person can do: gestures of known time and size.

Axes are those of the whole project: pitch + is up, yaw + is toward the subject's left, roll + is toward the
subject's left shoulder. In a picture that is not mirrored the subject's left is on the right. Angles are
relative to the person at rest, who looks into the camera. Times are seconds from the start of the clip.

Every gesture says two things: the curves it adds to the truth (`curves`), and the cue that a person who
watches would write down (`cue`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from backchannel.arrays import FloatArray, TimeArray
from backchannel.values import Span

Curves = dict[str, FloatArray]
Side = Literal["both", "left", "right"]


@dataclass(frozen=True, slots=True)
class ScriptedCue:
    """One line of the labels: what was done, when, and how much.

    Attributes
    ----------
    name
        As in the labels of the real clips, for example ``nod`` or ``gaze_away``.
    span
        From the first to the last motion, s.
    value, unit
        The size as scripted, for example 9.0 ``deg``.
    direction
        ``left``, ``right``, ``up``, ``down`` (the subject's own), or nothing.
    """

    name: str
    span: Span
    value: float
    unit: str
    direction: str = ""


def plateau(time_s: TimeArray, span: Span, ramp_s: float) -> FloatArray:
    """Go smoothly from 0 to 1, stay, and return, all inside `span`.

    Parameters
    ----------
    time_s
        (n,) s.
    ramp_s
        Length of the rise and of the fall, s; at most half of the span is used for each.

    Returns
    -------
    FloatArray
        (n,) 0..1, zero outside the span, with no corner anywhere.
    """
    ramp_s = min(ramp_s, span.duration_s / 2)
    inside = np.minimum(time_s - span.start_s, span.end_s - time_s) / ramp_s
    return np.asarray((1 - np.cos(np.pi * np.clip(inside, 0, 1))) / 2, dtype=np.float32)


def _largest_direction(yaw_deg: float, pitch_deg: float) -> str:
    if abs(yaw_deg) >= abs(pitch_deg):
        return "left" if yaw_deg > 0 else "right"
    return "up" if pitch_deg > 0 else "down"


def _swings(
    time_s: TimeArray, span: Span, peak_to_peak_deg: float, rate_hz: float, fade: float
) -> FloatArray:
    """Sine that swells over its first quarter cycle and dies out over its last, fading by `fade` between."""
    window = plateau(time_s, span, 0.25 / rate_hz)
    since_s = time_s - span.start_s
    size_deg = peak_to_peak_deg / 2 * (1 - fade * np.clip(since_s / span.duration_s, 0, 1))
    return np.asarray(size_deg * window * np.sin(2 * np.pi * rate_hz * since_s), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Nod:
    """Head down and up again, `cycles` times, starting and ending at rest; the gaze stays on the camera.

    `fade` is the share by which the last cycle is smaller than the first would be; `about_rest` swings as far
    above rest as below it, instead of never above.
    """

    start_s: float
    cycles: float = 3
    peak_to_peak_deg: float = 9.0
    rate_hz: float = 2.0
    fade: float = 0.0
    about_rest: bool = False

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(self.start_s, self.start_s + self.cycles / self.rate_hz)

    def curves(self, time_s: TimeArray) -> Curves:
        """Pitch, deg: a raised cosine, never above rest, or a sine about it."""
        if self.about_rest:
            return {
                "head_pitch_deg": -_swings(time_s, self.span, self.peak_to_peak_deg, self.rate_hz, self.fade)
            }
        since_s = np.clip(time_s - self.start_s, 0, self.span.duration_s)
        down = (1 - np.cos(2 * np.pi * self.rate_hz * since_s)) / 2
        size_deg = self.peak_to_peak_deg * (1 - self.fade * since_s / self.span.duration_s)
        return {"head_pitch_deg": np.asarray(-size_deg * down, dtype=np.float32)}

    def cue(self) -> ScriptedCue:
        """Return the label."""
        return ScriptedCue("nod", self.span, self.peak_to_peak_deg, "deg")


@dataclass(frozen=True, slots=True)
class Shake:
    """Head to the left and right, `cycles` times around rest; the gaze stays on the camera.

    `fade` is the share by which the last cycle is smaller than the first would be.
    """

    start_s: float
    cycles: float = 3
    peak_to_peak_deg: float = 14.0
    rate_hz: float = 1.6
    fade: float = 0.0

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(self.start_s, self.start_s + self.cycles / self.rate_hz)

    def curves(self, time_s: TimeArray) -> Curves:
        """Yaw, deg: a sine about rest."""
        return {"head_yaw_deg": _swings(time_s, self.span, self.peak_to_peak_deg, self.rate_hz, self.fade)}

    def cue(self) -> ScriptedCue:
        """Return the label."""
        return ScriptedCue("shake", self.span, self.peak_to_peak_deg, "deg")


@dataclass(frozen=True, slots=True)
class Glance:
    """The gaze leaves the camera and comes back; the head does `head_share` of the way, the eyes the rest."""

    start_s: float
    duration_s: float = 1.2
    yaw_deg: float = 22.0
    pitch_deg: float = 0.0
    head_share: float = 0.5

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(self.start_s, self.start_s + self.duration_s)

    def curves(self, time_s: TimeArray) -> Curves:
        """Gaze and head, deg: the eyes arrive first (0.12 s), the head follows (0.28 s)."""
        gaze, head = plateau(time_s, self.span, 0.12), plateau(time_s, self.span, 0.28) * self.head_share
        return {
            "gaze_yaw_deg": np.asarray(self.yaw_deg * gaze, dtype=np.float32),
            "gaze_pitch_deg": np.asarray(self.pitch_deg * gaze, dtype=np.float32),
            "head_yaw_deg": np.asarray(self.yaw_deg * head, dtype=np.float32),
            "head_pitch_deg": np.asarray(self.pitch_deg * head, dtype=np.float32),
        }

    def cue(self) -> ScriptedCue:
        """Return the label."""
        size_deg = float(np.hypot(self.yaw_deg, self.pitch_deg))
        return ScriptedCue(
            "gaze_away", self.span, size_deg, "deg", _largest_direction(self.yaw_deg, self.pitch_deg)
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """The head turns and comes back while the gaze stays on the camera: not a look away."""

    start_s: float
    duration_s: float
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    ramp_s: float = 0.35

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(self.start_s, self.start_s + self.duration_s)

    def curves(self, time_s: TimeArray) -> Curves:
        """Head yaw and pitch, deg."""
        shape = plateau(time_s, self.span, self.ramp_s)
        return {"head_yaw_deg": self.yaw_deg * shape, "head_pitch_deg": self.pitch_deg * shape}

    def cue(self) -> ScriptedCue:
        """Return the label."""
        size_deg = float(np.hypot(self.yaw_deg, self.pitch_deg))
        return ScriptedCue(
            "head_turn", self.span, size_deg, "deg", _largest_direction(self.yaw_deg, self.pitch_deg)
        )


@dataclass(frozen=True, slots=True)
class Tilt:
    """The head leans toward a shoulder (+ is the subject's left) and comes back."""

    start_s: float
    duration_s: float
    roll_deg: float = 12.0
    ramp_s: float = 0.4

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(self.start_s, self.start_s + self.duration_s)

    def curves(self, time_s: TimeArray) -> Curves:
        """Roll, deg."""
        return {"head_roll_deg": self.roll_deg * plateau(time_s, self.span, self.ramp_s)}

    def cue(self) -> ScriptedCue:
        """Return the label."""
        side = "left" if self.roll_deg > 0 else "right"
        return ScriptedCue("head_tilt", self.span, abs(self.roll_deg), "deg", side)


@dataclass(frozen=True, slots=True)
class Blink:
    """Both eyes shut and open again; longer than half a second counts as closed eyes, not as a blink."""

    start_s: float
    duration_s: float = 0.22

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(self.start_s, self.start_s + self.duration_s)

    def curves(self, time_s: TimeArray) -> Curves:
        """Closure of both eyes, 0 (open) to 1 (shut)."""
        # Lids close faster than they open; 0.08 s is between the two (Bentivoglio 1997).
        shut = plateau(time_s, self.span, 0.08)
        return {"eye_closure_left": shut, "eye_closure_right": shut}

    def cue(self) -> ScriptedCue:
        """Return the label."""
        name = "eyes_closed" if self.duration_s > 0.5 else "blink"
        return ScriptedCue(name, self.span, self.duration_s, "s")


@dataclass(frozen=True, slots=True)
class Squint:
    """Both eyes narrowed and held so; `amount` is the share of the opening that the lids cover."""

    start_s: float
    duration_s: float = 1.5
    amount: float = 0.55
    ramp_s: float = 0.2

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(self.start_s, self.start_s + self.duration_s)

    def curves(self, time_s: TimeArray) -> Curves:
        """Closure of both eyes, 0 (open) to 1 (shut)."""
        narrowed = self.amount * plateau(time_s, self.span, self.ramp_s)
        return {"eye_closure_left": narrowed, "eye_closure_right": narrowed}

    def cue(self) -> ScriptedCue:
        """Return the label."""
        return ScriptedCue("eyes_narrowed", self.span, self.amount, "of opening")


@dataclass(frozen=True, slots=True)
class Smile:
    """Lip corners up and out, lower lids up. 1 is the smile of the portrait itself."""

    start_s: float
    duration_s: float = 2.0
    amount: float = 1.0
    ramp_s: float = 0.4

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(self.start_s, self.start_s + self.duration_s)

    def curves(self, time_s: TimeArray) -> Curves:
        """Smile, 0 (none) to 1."""
        return {"smile": self.amount * plateau(time_s, self.span, self.ramp_s)}

    def cue(self) -> ScriptedCue:
        """Return the label."""
        return ScriptedCue("smile", self.span, self.amount, "of full")


@dataclass(frozen=True, slots=True)
class BrowRaise:
    """Both brows up, or one; 1 is about 9 mm."""

    start_s: float
    duration_s: float = 0.9
    amount: float = 1.0
    side: Side = "both"
    ramp_s: float = 0.2

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(self.start_s, self.start_s + self.duration_s)

    def curves(self, time_s: TimeArray) -> Curves:
        """Rise of each brow, 0 to 1."""
        up = self.amount * plateau(time_s, self.span, self.ramp_s)
        sides = ("left", "right") if self.side == "both" else (self.side,)
        return {f"brow_raise_{side}": up for side in sides}

    def cue(self) -> ScriptedCue:
        """Return the label."""
        if self.side == "both":
            return ScriptedCue("brow_raise", self.span, self.amount, "of full")
        return ScriptedCue("brow_raise_one_side", self.span, self.amount, "of full", self.side)


@dataclass(frozen=True, slots=True)
class BrowFurrow:
    """Both brows down and together, the inner ends most; 1 is about 8 mm down and 5 mm in."""

    start_s: float
    duration_s: float = 1.5
    amount: float = 1.0
    ramp_s: float = 0.25

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(self.start_s, self.start_s + self.duration_s)

    def curves(self, time_s: TimeArray) -> Curves:
        """Furrow, 0 to 1."""
        return {"brow_furrow": self.amount * plateau(time_s, self.span, self.ramp_s)}

    def cue(self) -> ScriptedCue:
        """Return the label."""
        return ScriptedCue("brow_furrow", self.span, self.amount, "of full")


@dataclass(frozen=True, slots=True)
class Lean:
    """Head and shoulders grow (scale above 1, nearer) or shrink, and return."""

    start_s: float
    duration_s: float = 3.0
    scale: float = 1.15
    ramp_s: float = 0.6

    @property
    def span(self) -> Span:
        """From the first to the last motion, s."""
        return Span(self.start_s, self.start_s + self.duration_s)

    def curves(self, time_s: TimeArray) -> Curves:
        """Apparent size beyond rest, as a share."""
        return {"lean": (self.scale - 1) * plateau(time_s, self.span, self.ramp_s)}

    def cue(self) -> ScriptedCue:
        """Return the label."""
        name = "lean_forward" if self.scale > 1 else "lean_back"
        return ScriptedCue(name, self.span, abs(self.scale - 1), "of size")


Gesture = Nod | Shake | Glance | Turn | Tilt | Blink | Squint | Smile | BrowRaise | BrowFurrow | Lean
