"""Measure F0 with a network, in windows of one length.

The engine prepares a network for each length of input, and with a new length in each call that takes as long
as the call itself (measured). So every window has `PITCH_FRAMES` frames. Windows overlap by as much as the
network looks back and ahead, and the windows' places do not change the result.
"""

from typing import Final

import numpy as np

from backchannel.arrays import BoolArray, FloatArray
from backchannel.perception.networks import F0_HOP, PITCH_FRAMES, Networks
from backchannel.perception.prosody import SILENCE_PEAK, peak_per_hop

F0_MIN_HZ, F0_MAX_HZ = 60.0, 500.0
"""Range of the adult speaking voice with room for surprise (Baken & Orlikoff 2000)."""
VOICED_CONFIDENCE: Final = 0.5
"""A frame is voiced from this confidence on (the F0 network's documentation)."""
F0_BEHIND: Final = 13
"""Frames before a frame that change its F0: as far back as the network hears (measured)."""
F0_AHEAD: Final = 10
"""Frames after a frame that change its F0 (measured)."""


def measure_f0(networks: Networks, sound: FloatArray, wanted: BoolArray) -> FloatArray:
    """Measure F0 in some frames of a sound.

    Parameters
    ----------
    sound
        (samples,) mono, `SAMPLE_RATE_HZ`, full scale ±1.
    wanted
        (n,) bool for each whole frame of `F0_HOP` samples. Only windows with such a frame take time.

    Returns
    -------
    (n,) Hz; NaN where unvoiced or not wanted. The last `F0_AHEAD` frames change with the sound that follows.
    """
    f0_hz = np.full(wanted.size, np.nan, np.float32)
    at = 0
    while (left := np.flatnonzero(wanted[at:])).size:
        at += int(left[0])
        begin, known = _window(at, wanted.size)
        f0_hz[at:known] = _f0_in_window(networks, sound, begin)[at - begin : known - begin]
        at = known
    return np.where(wanted, f0_hz, np.float32(np.nan))


def _window(at: int, frames: int) -> tuple[int, int]:
    """Frame at which the window for a frame begins, and up to which F0 is known with it."""
    begin = at - F0_BEHIND
    if begin + PITCH_FRAMES >= frames:
        return frames - PITCH_FRAMES, frames
    return begin, begin + PITCH_FRAMES - F0_AHEAD


def _f0_in_window(networks: Networks, sound: FloatArray, begin: int) -> FloatArray:
    """F0, Hz, of each frame of a window; NaN where unvoiced. Silence precedes the sound."""
    window = np.zeros(PITCH_FRAMES * F0_HOP, np.float32)
    inside = sound[max(0, begin) * F0_HOP : (begin + PITCH_FRAMES) * F0_HOP]
    window[window.size - inside.size :] = inside
    lowest_hz, highest_hz = np.array(F0_MIN_HZ, np.float32), np.array(F0_MAX_HZ, np.float32)
    f0_hz, confidence = networks.pitch.run(window[np.newaxis], lowest_hz, highest_hz)
    voiced = (peak_per_hop(window, F0_HOP) >= SILENCE_PEAK) & (confidence[0] >= VOICED_CONFIDENCE)
    return np.where(voiced, f0_hz[0], np.float32(np.nan))
