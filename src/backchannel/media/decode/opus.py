"""How long an Opus packet is, by its own first bytes (RFC 6716, section 3.1)."""

from typing import Final

MAX_PACKET_S: Final = 0.120
"""Longest packet that the standard allows."""

_SILK_S: Final = (0.010, 0.020, 0.040, 0.060)
_HYBRID_S: Final = (0.010, 0.020)
_CELT_S: Final = (0.0025, 0.005, 0.010, 0.020)
_FIRST_HYBRID, _FIRST_CELT = 12, 16


def opus_length_s(head: bytes) -> float | None:
    """Length of a packet, s; None if these are not the first bytes of one.

    Parameters
    ----------
    head
        The packet's first two bytes; one is enough where that is all of it.

    Examples
    --------
    One frame of 60 ms:

    >>> opus_length_s(bytes([0b00011_0_00]))
    0.06
    """
    if not head:
        return None
    # Table of contents: 5 bits say mode and frame length, 1 stereo, 2 how many frames there are.
    config, code = head[0] >> 3, head[0] & 3
    if config >= _FIRST_CELT:
        frame_s = _CELT_S[config % 4]
    elif config >= _FIRST_HYBRID:
        frame_s = _HYBRID_S[config % 2]
    else:
        frame_s = _SILK_S[config % 4]
    if code < 3:
        frames = min(code, 1) + 1
    elif len(head) > 1:
        frames = head[1] & 0x3F
    else:
        return None
    length_s = frames * frame_s
    return length_s if 0 < length_s <= MAX_PACKET_S + 1e-9 else None
