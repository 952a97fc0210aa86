"""What the tests of the library analyse: a recording of a rendered person, and its frames and sound."""

import math
from dataclasses import dataclass
from pathlib import Path

from backchannel.arrays import FloatArray
from backchannel.media.decode import Frame, frames_of, read, sound_of
from backchannel.values import MediaLimits, Segment


@dataclass(frozen=True)
class Material:
    """Every frame as shown, and the sound at 16 kHz, from the start of the file."""

    frames: tuple[Frame, ...]
    samples: FloatArray
    sound_s: float


def joined(folder: Path) -> bytes:
    """Return the chunks of a recorder as one file."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("*.bin")))


def decoded(data: bytes) -> Material:
    with read(Segment(data), MediaLimits(max_duration_s=120.0)) as medium:
        frames = tuple(frames_of(medium, rate_hz=math.inf))
        sound = sound_of(medium)
    assert sound is not None
    return Material(frames, sound.samples, sound.start_s)
