"""Whose voice it is: lips that stay still through a phrase do not speak it.

The microphone hears everybody in the room, and the far side of a call. While a person speaks, the opening of
the mouth changes from frame to frame. In 24 phrases of ten real speakers it changed by 0.012 to 0.063 face
widths a frame on average; of seven real listeners who neither laughed nor chewed, by 0.001 to 0.009.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from backchannel.arrays import BoolArray, FloatArray
from backchannel.constants import VOICE_ROW_S
from backchannel.cues.face_view import RATE_HZ, FaceView
from backchannel.cues.spans import IndexSpan
from backchannel.cues.thresholds import cue_table
from backchannel.cues.voice_view import AUDIO, TURN_GAP_S, VoiceGrid
from backchannel.values import Cue, Span

Phrase = tuple[IndexSpan, float | None]
"""Rows of a phrase on the voice's grid, and how probably it is the person's, 0..1; None if not known."""


def phrases_of_others(
    face: FaceView | None, grid: VoiceGrid, phrases: Sequence[IndexSpan]
) -> list[tuple[IndexSpan, float]]:
    """Find the phrases that are clearly not the person's.

    Parameters
    ----------
    face
        The face, on its own grid; None if there is no picture.
    phrases
        Rows of every phrase on the voice's grid, in order.

    Returns
    -------
    Rows of each phrase of somebody else, and how probably it is the person's, 0..1.
    """
    if face is None:
        return []
    limits = cue_table()["other_voice"]
    lips = _lips(face)
    judged = [(phrase, _own_probability(lips, face, grid, phrase)) for phrase in phrases]
    decided = [(phrase, _nearest(phrase, judged) if own is None else own) for phrase, own in judged]
    return [
        (phrase, own) for phrase, own in decided if own is not None and own <= limits["max_own_probability"]
    ]


def without(grid: VoiceGrid, others: Sequence[IndexSpan]) -> VoiceGrid:
    """Return the grid as if there had been no sound while others spoke."""
    heard = grid.heard.copy()
    for start, end in others:
        heard[start:end] = False

    def masked(track: FloatArray) -> FloatArray:
        return np.where(heard, track, np.float32(np.nan))

    return replace(
        grid,
        heard=heard,
        speech_probability=masked(grid.speech_probability),
        f0_hz=masked(grid.f0_hz),
        level_dbfs=masked(grid.level_dbfs),
        spectral_change=masked(grid.spectral_change),
        syllable=grid.syllable & heard,
    )


def other_voice_cues(grid: VoiceGrid, others: Sequence[tuple[IndexSpan, float]]) -> Iterator[Cue]:
    """Report the phrases of others."""
    for rows, own in others:
        yield Cue("other_voice", AUDIO, _span(grid, rows), 1.0 - own, "", None, 1.0 - own)


def _lips(face: FaceView) -> tuple[FloatArray, BoolArray]:
    """(n,) change of the mouth's opening from row to row, face widths, and whether the lips are visible."""
    opening = face.values["mouth_opening"]
    moved = np.abs(np.diff(opening, prepend=opening[:1]))
    turned = np.abs(face.values["yaw"]) > cue_table()["other_voice"]["max_yaw_deg"]
    return moved, np.isfinite(moved) & face.measured & ~turned


def _own_probability(
    lips: tuple[FloatArray, BoolArray], face: FaceView, grid: VoiceGrid, phrase: IndexSpan
) -> float | None:
    limits = cue_table()["other_voice"]
    moved, visible = lips
    span = _span(grid, phrase)
    during = (face.time_s >= span.start_s) & (face.time_s < span.end_s)
    seen = moved[during & visible]
    if seen.size < max(limits["min_visible_s"], limits["min_visible_share"] * span.duration_s) * RATE_HZ:
        return None
    steps = np.log(max(float(seen.mean()), 1e-6) / limits["even_move"])
    return float(1.0 / (1.0 + np.exp(-limits["steepness"] * steps)))


def _nearest(phrase: IndexSpan, judged: Sequence[Phrase]) -> float | None:
    """Probability of the nearest judged phrase in the same turn: a short sound tells little by itself."""
    gaps = [
        (max(phrase[0] - other[1], other[0] - phrase[1]) * VOICE_ROW_S, own)
        for other, own in judged
        if own is not None
    ]
    near = [(gap_s, own) for gap_s, own in gaps if gap_s <= TURN_GAP_S]
    return min(near)[1] if near else None


def _span(grid: VoiceGrid, rows: IndexSpan) -> Span:
    start_s = (grid.first_row + rows[0]) * VOICE_ROW_S
    return Span(start_s, start_s + (rows[1] - rows[0]) * VOICE_ROW_S)
