"""Turn raw samples, cut at any byte, into segments that can be decoded independently: small WAV files."""

import struct
from typing import Final

from backchannel.values import Segment

BYTES_A_SAMPLE: Final = 2
_PCM: Final = 1
_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")


def take_samples(held: bytes, data: bytes, sample_rate_hz: int) -> tuple[bytes, Segment | None]:
    r"""Take the next bytes of signed 16-bit little-endian mono samples.

    Parameters
    ----------
    held
        The first value that the previous call returned; empty at first.
    data
        The next bytes, cut anywhere.
    sample_rate_hz
        Sampling rate, Hz.

    Returns
    -------
    held
        Half a sample or nothing, for the next call.
    segment
        The complete samples, or None.

    Examples
    --------
    >>> held, segment = take_samples(b"", bytes(5), sample_rate_hz=16_000)
    >>> held, len(segment.data) - 44
    (b'\x00', 4)
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
