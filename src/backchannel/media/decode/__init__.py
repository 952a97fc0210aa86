"""The decoder's interface for other packages. Only this package uses PyAV.

>>> with read(segment, limits) as medium:             # doctest: +SKIP
...     for frame in frames_of(medium):
...         look(frame.image, frame.time_s)
...     sound = sound_of(medium)

`probe`, `decode_frames` and `decode_audio` each do one of these steps alone.
"""

from backchannel.media.decode.medium import Medium, read
from backchannel.media.decode.pictures import DEFAULT_MAX_SIDE_PX, Frame, decode_frames, frames_of
from backchannel.media.decode.running import Decoders
from backchannel.media.decode.sound import Sound, decode_audio, sound_of
from backchannel.media.decode.timing import Timing, probe

__all__ = [
    "DEFAULT_MAX_SIDE_PX",
    "Decoders",
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
]
