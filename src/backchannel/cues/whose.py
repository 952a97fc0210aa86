"""Whose voice it is: lips that stay still through a phrase do not speak it.

The microphone hears everybody in the room, and the far side of a call. While a person speaks, the opening of
the mouth changes from frame to frame. In 24 phrases of ten real speakers it changed by 0.012 to 0.063 face
widths a frame on average, over a range of 0.04 and more; of seven real listeners who neither laughed nor
chewed, by 0.001 to 0.009, over 0.004 to 0.03.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from backchannel.arrays import BoolArray, FloatArray
from backchannel.constants import VOICE_ROW_S
from backchannel.cues.face_view import RATE_HZ, FaceView
from backchannel.cues.series import quantile
from backchannel.cues.spans import IndexSpan
from backchannel.cues.thresholds import cue_table
from backchannel.cues.voice_view import AUDIO, TURN_GAP_S, VoiceGrid
from backchannel.values import Cue, Span

GROWING_ROWS = 2
"""A phrase that ends so near to the end of the sound may not be over."""


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
    most = cue_table()["other_voice"]["max_own_probability"]
    seen = _seen(face, grid, phrases)
    judged = ((rows, _own_probability(seen, phrases, at)) for at, rows in enumerate(phrases))
    return [(rows, own) for rows, own in judged if own is not None and own <= most]


def without(
    grid: VoiceGrid, phrases: Sequence[IndexSpan], others: Sequence[tuple[IndexSpan, float]]
) -> tuple[VoiceGrid, list[IndexSpan]]:
    """Return the grid as if there had been no sound while others spoke, and the phrases that are left."""
    theirs = {rows for rows, _ in others}
    heard = grid.heard.copy()
    for start, end in theirs:
        heard[start:end] = False

    def masked(track: FloatArray) -> FloatArray:
        return np.where(heard, track, np.float32(np.nan))

    own = replace(
        grid,
        heard=heard,
        speech_probability=masked(grid.speech_probability),
        f0_hz=masked(grid.f0_hz),
        level_dbfs=masked(grid.level_dbfs),
        spectral_change=masked(grid.spectral_change),
        syllable=grid.syllable & heard,
    )
    return own, [rows for rows in phrases if rows not in theirs]


def growing_phrase(
    face: FaceView | None, grid: VoiceGrid, phrases: Sequence[IndexSpan]
) -> Sequence[IndexSpan]:
    """Return the last phrase, if it is not over and visible lips have not been seen for long enough."""
    if face is None or not phrases or phrases[-1][1] < grid.heard.size - GROWING_ROWS:
        return ()
    seen = _seen(face, grid, phrases)
    unknown = _own_probability(seen, phrases, len(phrases) - 1) is None
    return phrases[-1:] if unknown and len(seen[-1]) else ()


def words_outside(
    said: Sequence[Cue],
    grid: VoiceGrid,
    phrases: Sequence[IndexSpan],
    left_out: Collection[IndexSpan],
) -> tuple[Cue, ...]:
    """Leave out the words of some phrases, such as those that the lips do not speak.

    Parameters
    ----------
    said
        Cues in words. Their times are less exact than those of phrases, so each belongs to the phrase that it
        shares most time with, or else to the nearest.
    phrases, left_out
        Rows of every phrase, and of those whose words are left out.
    """
    spans = {rows: _span(grid, rows) for rows in phrases}

    def is_inside(cue: Cue) -> bool:
        nearest = min(
            spans, key=lambda rows: (-cue.span.overlap_s(spans[rows]), _apart_s(cue.span, spans[rows]))
        )
        return nearest in left_out

    return tuple(cue for cue in said if not (left_out and is_inside(cue)))


def other_voice_cues(grid: VoiceGrid, others: Sequence[tuple[IndexSpan, float]]) -> Iterator[Cue]:
    """Report the phrases of others."""
    for rows, own in others:
        yield Cue("other_voice", AUDIO, _span(grid, rows), 1.0 - own, "", None, 1.0 - own)


def _seen(face: FaceView, grid: VoiceGrid, phrases: Sequence[IndexSpan]) -> list[FloatArray]:
    """Movements of the lips during each phrase."""
    lips = _lips(face)
    return [_movements(lips, face, _span(grid, rows)) for rows in phrases]


def _lips(face: FaceView) -> tuple[FloatArray, BoolArray]:
    """(n, 2) opening of the mouth and its change from row to row, face widths; (n,) are the lips visible."""
    opening = face.values["mouth_opening"]
    moved = np.abs(np.diff(opening, prepend=opening[:1]))
    turned = np.abs(face.values["yaw"]) > cue_table()["other_voice"]["max_yaw_deg"]
    return np.column_stack([opening, moved]), np.isfinite(moved) & face.measured & ~turned


def _movements(lips: tuple[FloatArray, BoolArray], face: FaceView, span: Span) -> FloatArray:
    """Rows of `_lips` during a phrase; none if the lips were hidden for much of it."""
    rows, visible = lips
    during = (face.time_s >= span.start_s) & (face.time_s < span.end_s)
    seen = rows[during & visible]
    share = cue_table()["other_voice"]["min_visible_share"]
    return seen if len(seen) >= share * span.duration_s * RATE_HZ else seen[:0]


def _own_probability(seen: Sequence[FloatArray], phrases: Sequence[IndexSpan], at: int) -> float | None:
    """Probability that a phrase is the person's, 0..1; None if the lips were seen for too short a time.

    A short phrase tells little. It is judged with the phrases beside it in the turn, nearest first.
    """
    limits = cue_table()["other_voice"]
    first = last = at
    while len(seen[at]) and sum(map(len, seen[first : last + 1])) < limits["min_visible_s"] * RATE_HZ:
        before_s = _gap_s(phrases, first - 1) if first else TURN_GAP_S
        after_s = _gap_s(phrases, last) if last + 1 < len(phrases) else TURN_GAP_S
        if min(before_s, after_s) >= TURN_GAP_S:
            return None
        first, last = (first - 1, last) if before_s <= after_s else (first, last + 1)
    if not len(seen[at]):
        return None
    opening, moved = np.concatenate(seen[first : last + 1]).T
    # In a small or smooth picture lips move less from row to row, but they open as far.
    spread = quantile(opening, 0.9) - quantile(opening, 0.1)
    likely = max(float(moved.mean()) / limits["even_move"], spread / limits["even_spread"], 1e-4)
    return float(1.0 / (1.0 + likely ** -limits["steepness"]))


def _gap_s(phrases: Sequence[IndexSpan], at: int) -> float:
    """Silence after a phrase, s."""
    return (phrases[at + 1][0] - phrases[at][1]) * VOICE_ROW_S


def _apart_s(one: Span, other: Span) -> float:
    return max(one.start_s - other.end_s, other.start_s - one.end_s)


def _span(grid: VoiceGrid, rows: IndexSpan) -> Span:
    start_s = (grid.first_row + rows[0]) * VOICE_ROW_S
    return Span(start_s, start_s + (rows[1] - rows[0]) * VOICE_ROW_S)
