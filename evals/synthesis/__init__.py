"""Synthetic clips whose every angle, blink and pause is known.

A `Performance` is a script; a `Shot` is a script with a view, light and an encoding; `write_clip` makes the
file, its labels and its truth::

    shot = Shot(Performance(6.0, (Nod(2.0), Glance(4.0, yaw_deg=-22.0)), (Say(0.5, ("Good morning.",)),)))
    truth = write_clip(Path("clip.mp4"), shot)
"""

from evals.synthesis.degrade import Cover, Look
from evals.synthesis.film import Encoding
from evals.synthesis.gestures import (
    Blink,
    BrowFurrow,
    BrowRaise,
    Glance,
    Lean,
    Nod,
    Shake,
    Smile,
    Squint,
    Tilt,
    Turn,
)
from evals.synthesis.labels import labels_path
from evals.synthesis.performance import Filler, Performance, Say, Sway
from evals.synthesis.portrait import View
from evals.synthesis.render import Shot, frames_of, perform, write_clip
from evals.synthesis.speaker import Melody
from evals.synthesis.truth import Truth, truth_of
from evals.synthesis.voice import Voice, pauses_of, spans_of, voice_of

__all__ = [
    "Blink",
    "BrowFurrow",
    "BrowRaise",
    "Cover",
    "Encoding",
    "Filler",
    "Glance",
    "Lean",
    "Look",
    "Melody",
    "Nod",
    "Performance",
    "Say",
    "Shake",
    "Shot",
    "Smile",
    "Squint",
    "Sway",
    "Tilt",
    "Truth",
    "Turn",
    "View",
    "Voice",
    "frames_of",
    "labels_path",
    "pauses_of",
    "perform",
    "spans_of",
    "truth_of",
    "voice_of",
    "write_clip",
]
