"""Numbers that two or more rooms share. Free of numpy, so that the web layer can read them."""

from typing import Final

FULL_RATE_HZ: Final = 15.0
"""Frames analysed per second when the server keeps up."""

WINDOW_S: Final = 5.0
"""Length of an analysis window (wire contract, uploads)."""

CONTEXT_S: Final = 12.0
"""How much of the past cues see: the longest look-back of any cue (blink rate, 10 s), and some room."""

SAMPLE_RATE_HZ: Final = 16_000
"""Sample rate of all sound that is measured."""

VOICE_ROW_S: Final = 0.010
"""Time between two rows of the voice."""

SILENT_DBFS: Final = -100.0
"""Level of digital silence: below the step of 16-bit samples (-96 dBFS)."""

MAX_PAUSE_S: Final = 1.5
"""A slow picture, or a recorder that had to wait, leaves up to this between two pieces of a stream from which
nothing is missing (judgement)."""

MIN_GAP_S: Final = 0.2
"""If a stream's clock jumps by more, media was lost in between. Less is a recorder's rounding (judgement: a
few frames)."""
