"""Synthetic clips whose every angle, blink and pause is known.

A `Performance` is a script; a `Shot` is a script with a view, light and an encoding; `write_clip` makes the
file, its labels and its truth::

    shot = Shot(Performance(6.0, (Nod(2.0), Glance(4.0, yaw_deg=-22.0)), (Say(0.5, ("Good morning.",)),)))
    truth = write_clip(Path("clip.mp4"), shot)
"""

import os
import sys

# The engines report their use to their vendors over the network: OpenVINO, which finds the face, and ONNX
# Runtime, which the voice uses. Nothing here may report anything to anybody, and both start on import.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from synthesis.degrade import Cover, Look
from synthesis.film import Encoding
from synthesis.gestures import (
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
from synthesis.labels import labels_path
from synthesis.movements import Held, Rhythm, Strokes, Wander
from synthesis.performance import Filler, Performance, Say, Sway
from synthesis.portrait import View
from synthesis.render import Shot, frames_of, perform, write_clip
from synthesis.speaker import Melody
from synthesis.truth import Truth, truth_of
from synthesis.voice import Voice, pauses_of, spans_of, voice_of

__all__ = [
    "Blink",
    "BrowFurrow",
    "BrowRaise",
    "Cover",
    "Encoding",
    "Filler",
    "Glance",
    "Held",
    "Lean",
    "Look",
    "Melody",
    "Nod",
    "Performance",
    "Rhythm",
    "Say",
    "Shake",
    "Shot",
    "Smile",
    "Squint",
    "Strokes",
    "Sway",
    "Tilt",
    "Truth",
    "Turn",
    "View",
    "Voice",
    "Wander",
    "frames_of",
    "labels_path",
    "pauses_of",
    "perform",
    "spans_of",
    "truth_of",
    "voice_of",
    "write_clip",
]
