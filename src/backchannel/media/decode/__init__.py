"""The decoder's front door: what other rooms import, in the order they call it.

>>> with read(segment, limits) as medium:             # doctest: +SKIP
...     timing = timing_of(medium, limits)
...     for frame in frames_of(medium, limits, timing):
...         look(frame.image, frame.time_s)
...     sound = sound_of(medium, timing)

`probe`, `decode_frames` and `decode_audio` do one of these on their own.
"""

from backchannel.media.decode.demux import Medium, read
from backchannel.media.decode.pictures import (
    DEFAULT_MAX_SIDE_PX,
    DEFAULT_RATE_HZ,
    Frame,
    decode_frames,
    frames_of,
)
from backchannel.media.decode.sound import SAMPLE_RATE_HZ, Sound, decode_audio, sound_of
from backchannel.media.decode.timing import Timing, probe, timing_of

__all__ = [
    "DEFAULT_MAX_SIDE_PX",
    "DEFAULT_RATE_HZ",
    "SAMPLE_RATE_HZ",
    "Frame",
    "Medium",
    "Sound",
    "Timing",
    "decode_audio",
    "decode_frames",
    "frames_of",
    "probe",
    "read",
    "sound_of",
    "timing_of",
]
