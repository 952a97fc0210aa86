"""The decoder's interface for other packages. Only this package uses PyAV.

>>> with read(segment, limits) as medium:             # doctest: +SKIP
...     for frame in frames_of(medium):
...         look(frame.image, frame.time_s)
...     sound = sound_of(medium)

`probe`, `decode_frames` and `decode_audio` each do one of these steps alone.
"""

from backchannel.media.decode.medium import Medium, read
from backchannel.media.decode.pictures import DEFAULT_MAX_SIDE_PX, Frame, decode_frames, frames_of
from backchannel.media.decode.projector import scaled, shown_size
from backchannel.media.decode.running import Decoders
from backchannel.media.decode.samples import Resampler
from backchannel.media.decode.selection import Grid, Picker
from backchannel.media.decode.sound import Sound, decode_audio, sound_of
from backchannel.media.decode.timing import MAX_SOUND_OVERHANG_S, Timing, probe

__all__ = [
    "DEFAULT_MAX_SIDE_PX",
    "MAX_SOUND_OVERHANG_S",
    "Decoders",
    "Frame",
    "Grid",
    "Medium",
    "Picker",
    "Resampler",
    "Sound",
    "Timing",
    "decode_audio",
    "decode_frames",
    "frames_of",
    "probe",
    "read",
    "scaled",
    "shown_size",
    "sound_of",
]
