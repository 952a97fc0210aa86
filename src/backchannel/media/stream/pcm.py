"""Raw samples, cut at any byte, to segments that decode on their own: each a little WAV file."""

import struct
from typing import Final

from backchannel.values import Segment

BYTES_A_SAMPLE: Final = 2
_PCM: Final = 1
_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")


def take_samples(held: bytes, data: bytes, sample_rate_hz: int) -> tuple[bytes, Segment | None]:
    """Take the next bytes of signed 16-bit little-endian mono sound.

    Parameters
    ----------
    held
        What the call before left: the first byte of a sample, or nothing.
    data
        What follows, cut anywhere.
    sample_rate_hz
        Samples a second.

    Returns
    -------
    tuple of bytes and Segment or None
        What to hold for the next call, and the whole samples; None if there are none.
    """
    data = held + data
    whole = len(data) - len(data) % BYTES_A_SAMPLE
    if not whole:
        return data, None
    return data[whole:], Segment(_wav(data[:whole], sample_rate_hz), sound_only=True)


def _wav(samples: bytes, sample_rate_hz: int) -> bytes:
    header = _HEADER.pack(
        b"RIFF",
        _HEADER.size - 8 + len(samples),
        b"WAVE",
        b"fmt ",
        16,
        _PCM,
        1,
        sample_rate_hz,
        sample_rate_hz * BYTES_A_SAMPLE,
        BYTES_A_SAMPLE,
        8 * BYTES_A_SAMPLE,
        b"data",
        len(samples),
    )
    return header + samples
