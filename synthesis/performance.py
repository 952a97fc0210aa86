"""What a synthetic person does, and when: the script that the renderer plays and the truth is read from."""

from __future__ import annotations

from dataclasses import dataclass

from synthesis.gestures import Gesture
from synthesis.movements import Movement
from synthesis.speaker import OWN_MELODY, Melody


@dataclass(frozen=True, slots=True)
class Filler:
    """A filled pause: "um", drawn out on one tone. At the usual speed it lasts about 0.8 s."""

    text: str = "Um..."
    speed: float = 0.6


@dataclass(frozen=True, slots=True)
class Say:
    """Sentences with silences of known length between them.

    Attributes
    ----------
    start_s
        Time of the first sound, s.
    parts
        Sentences (str), fillers, and silences between them (float, s):
        ``("Well.", 0.8, Filler(), 0.3, "It works.")``.
    speed
        1 is the voice's own pace.
    level_dbfs
        RMS level of the loud parts, dBFS.
    melody
        What is done to the voice's own F0; the pace does not change.
    """

    start_s: float
    parts: tuple[str | float | Filler, ...]
    speed: float = 1.0
    level_dbfs: float = -20.0
    melody: Melody = OWN_MELODY


@dataclass(frozen=True, slots=True)
class Sway:
    """The small motion of a head that is held up by a living neck.

    Attributes
    ----------
    drift_deg
        Standard deviation of the slow part (below 0.4 Hz) of each angle, deg.
    jitter_deg
        Standard deviation of the quick part (0.5 to 4 Hz) of each angle, deg.
    """

    drift_deg: float = 0.7
    jitter_deg: float = 0.15


@dataclass(frozen=True, slots=True)
class Performance:
    """A whole clip as a script. The same value gives the same truth, picture and sound.

    Attributes
    ----------
    duration_s
        Length, s.
    gestures
        In any order; they add up where they overlap.
    speech
        None for a clip without a voice.
    sway
        None holds the head perfectly still between gestures.
    room_dbfs
        RMS level of the room's noise, dBFS: -66 is a quiet room, -45 a loud one.
    voice_is_own
        False is somebody else's voice: the mouth stays shut.
    articulation
        How far speech opens the mouth, times `truth.MOUTH_FULL_OPEN_FW`. Of twelve real speakers, the one
        who opens it least has about 0.8 and the one who opens it most about 3.
    seed
        Of everything that is left to chance: sway, noise, the voice's breath.
    """

    duration_s: float
    gestures: tuple[Gesture | Movement, ...] = ()
    speech: tuple[Say, ...] = ()
    sway: Sway | None = Sway()
    room_dbfs: float = -66.0
    voice_is_own: bool = True
    articulation: float = 1.0
    seed: int = 0
