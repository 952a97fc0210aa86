"""The voice as a conversation keeps it: on the session clock, rounded to steps well under its noise."""

from dataclasses import replace
from typing import Final

import numpy as np

from backchannel.arrays import FloatArray
from backchannel.constants import VOICE_ROW_S
from backchannel.tracks import VoiceTracks

PROBABILITY_STEP: Final = 1 / 64
F0_STEP_HZ: Final = 1 / 4
LEVEL_STEP_DB: Final = 1 / 4
CHANGE_STEP: Final = 1 / 128
"""Step that each track is rounded to: a sixth of its smallest threshold, or less."""


def voice_rows(voice: VoiceTracks, start_s: float) -> VoiceTracks:
    """Move rows to the session clock and round them.

    Parameters
    ----------
    start_s
        Session time of the voice's zero.
    """
    if not len(voice):
        return voice
    first = round((float(voice.time_s[0]) + start_s) / VOICE_ROW_S)
    return replace(
        voice,
        time_s=(first + np.arange(len(voice))) * VOICE_ROW_S,
        speech_probability=_rounded(voice.speech_probability, PROBABILITY_STEP),
        f0_hz=_rounded(voice.f0_hz, F0_STEP_HZ),
        level_dbfs=_rounded(voice.level_dbfs, LEVEL_STEP_DB),
        spectral_change=_rounded(voice.spectral_change, CHANGE_STEP),
    )


def _rounded(track: FloatArray, step: float) -> FloatArray:
    return (np.round(track / step) * step + 0.0).astype(np.float32)  # no negative zero
