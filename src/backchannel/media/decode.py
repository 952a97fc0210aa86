"""The decoder's front door: what other rooms import, in the order they call it.

>>> timing = probe(segment, limits)                               # doctest: +SKIP
>>> for frame in decode_frames(segment, limits, timing=timing):   # doctest: +SKIP
...     look(frame.image, frame.time_s)
>>> sound = decode_audio(segment, limits, timing=timing)          # doctest: +SKIP
"""

from backchannel.media.pictures import DEFAULT_MAX_SIDE_PX, DEFAULT_RATE_HZ, Frame, decode_frames
from backchannel.media.sound import SAMPLE_RATE_HZ, Sound, decode_audio
from backchannel.media.timing import Timing, probe

__all__ = [
    "DEFAULT_MAX_SIDE_PX",
    "DEFAULT_RATE_HZ",
    "SAMPLE_RATE_HZ",
    "Frame",
    "Sound",
    "Timing",
    "decode_audio",
    "decode_frames",
    "probe",
]
