"""The clips: ten seconds of somebody who nods, shakes the head, or does something that looks like it.

Every kind of clip has the same number of clips. Clip k of a seed is the same however many there are. Clips
with an even number may be looked at to improve the rules; the figures that count come from the odd ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from backchannel.values import Span
from evals.nods.kinds import KINDS, Script
from synthesis import Encoding, Look, Nod, Performance, Shake, Shot, Sway, View

DURATION_S = 10.0
FRAME_RATE_HZ = 15.0
"""Perception analyses 15 frames a second, whatever the camera's rate."""
GESTURES = ("nod", "shake")
VIEWS = (View(320, 240, 62.0), View(320, 240, 46.0), View(426, 240, 56.0), View(320, 240, 54.0))


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip to measure.

    Attributes
    ----------
    kind
        A name in `kinds.KINDS`.
    number
        Counts the clips of one kind.
    """

    kind: str
    number: int
    shot: Shot

    @property
    def held_out(self) -> bool:
        """Whether the rules were never adjusted with this clip in view."""
        return self.number % 2 == 1

    @property
    def name(self) -> str:
        """Short and unique."""
        return f"{self.kind} {self.number}"

    def wanted(self, gesture: str) -> tuple[Span, ...]:
        """Spans of the nods or of the shakes that somebody who watches would write down."""
        kind = Nod if gesture == "nod" else Shake
        return tuple(made.span for made in self.shot.performance.gestures if isinstance(made, kind))


def design(clips_per_kind: int, seed: int = 1) -> tuple[Clip, ...]:
    """Lay out the clips, kind by kind."""
    return tuple(clip(kind, number, seed) for kind in KINDS for number in range(clips_per_kind))


@cache
def clip(kind: str, number: int, seed: int = 1) -> Clip:
    """Draw one clip."""
    chance = np.random.default_rng([seed, list(KINDS).index(kind), number])
    script: Script = KINDS[kind].make(chance)
    performance = Performance(
        DURATION_S,
        script.gestures,
        script.speech,
        Sway(drift_deg=chance.uniform(0.4, 1.4), jitter_deg=chance.uniform(0.08, 0.3)),
        script.room_dbfs if script.room_dbfs is not None else chance.uniform(-70, -52),
        script.voice_is_own,
        articulation=_articulation(chance) if script.speech and script.voice_is_own else 1.0,
        seed=int(chance.integers(1 << 30)),
    )
    look = Look(gain=chance.uniform(0.4, 1.2), noise=chance.uniform(0.8, 5.0), blur_px=chance.uniform(0, 0.5))
    shot = Shot(
        performance,
        VIEWS[number % len(VIEWS)],
        FRAME_RATE_HZ,
        look,
        Encoding(crf=int(chance.integers(20, 32))),
        script.sound,
    )
    return Clip(kind, number, shot)


def _articulation(chance: np.random.Generator) -> float:
    return float(np.exp(chance.uniform(np.log(0.8), np.log(3.5))))
