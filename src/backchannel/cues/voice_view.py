"""The voice as cues use it: phrases, turns and baselines on the session clock."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from backchannel.arrays import BoolArray, FloatArray, TimeArray
from backchannel.constants import VOICE_ROW_S
from backchannel.cues.baseline import Baselines, History, Usual, baselines_along
from backchannel.cues.series import quantile
from backchannel.cues.spans import IndexSpan, join_close, longer_than, runs
from backchannel.cues.thresholds import cue_table
from backchannel.tracks import VoiceTracks
from backchannel.values import Modality, Span

AUDIO: Modality = "audio"
ENOUGH_SPEECH_S = 4.0
"""Speech time until a voice counts as known (signals table)."""
TURN_GAP_S = 1.6
"""Silence that ends a turn. Shorter ones are pauses inside it (judgement; Heldner & Edlund 2010 find most
pauses inside turns under 1 s, and people who think aloud pause longer)."""
REFERENCE_HZ = 100.0
"""Semitones count from here. Only differences are reported."""

RATE_WINDOW_S = 2.0
"""The rate of speech at a moment is the rate over the speech in so much of the past (judgement: a phrase)."""
MIN_RATE_S = 1.0
"""Time spoken in that window from which its syllables make a rate (judgement)."""

MEASURE_STEP = 1 / 16
"""The measures below are kept in these steps, in their own unit: a tenth of the smallest threshold."""

VOICE_MEASURES: Mapping[str, Usual] = {
    "semitones": Usual(),
    "level_dbfs": Usual(),
    "syllables_per_s": Usual(),
}


@dataclass(frozen=True, slots=True)
class VoiceGrid:
    """The voice on an even 10 ms grid of the session clock; row k is at ``(first_row + k) * 10 ms``.

    Attributes
    ----------
    heard
        (n,) bool. There was sound to measure; False in gaps.
    speech_probability, f0_hz, level_dbfs, spectral_change
        (n,) see `tracks.VoiceTracks`; NaN where not heard (and F0 where unvoiced).
    syllable
        (n,) bool.
    """

    first_row: int
    heard: BoolArray
    speech_probability: FloatArray
    f0_hz: FloatArray
    level_dbfs: FloatArray
    spectral_change: FloatArray
    syllable: BoolArray

    @property
    def time_s(self) -> TimeArray:
        """(n,) session time of the rows."""
        return np.asarray((self.first_row + np.arange(self.heard.size)) * VOICE_ROW_S, np.float64)

    @property
    def syllable_time_s(self) -> TimeArray:
        """(k,) session time of the syllable nuclei."""
        return np.asarray((self.first_row + np.flatnonzero(self.syllable) + 0.5) * VOICE_ROW_S, np.float64)


def voice_grid(voice: VoiceTracks) -> VoiceGrid:
    """Place the rows of a voice, at least one, on the grid."""
    row = np.round(voice.time_s / VOICE_ROW_S).astype(np.intp)
    first, at = int(row[0]), row - row[0]
    rows = int(at[-1]) + 1

    def laid(track: FloatArray) -> FloatArray:
        column = np.full(rows, np.nan, np.float32)
        column[at] = track
        return column

    heard, syllable = np.zeros((2, rows), np.bool_)
    heard[at], syllable[at] = True, voice.syllable
    return VoiceGrid(
        first_row=first,
        heard=heard,
        speech_probability=laid(voice.speech_probability),
        f0_hz=laid(voice.f0_hz),
        level_dbfs=laid(voice.level_dbfs),
        spectral_change=laid(voice.spectral_change),
        syllable=syllable,
    )


@dataclass(frozen=True, slots=True)
class VoiceView:
    """The recent voice, on the 10 ms grid.

    Attributes
    ----------
    time_s
        (n,) session time.
    heard
        (n,) bool: there was sound to measure.
    phrases
        Rows of each stretch of speech without a pause.
    turns
        Phrases by turn: a turn goes on over pauses shorter than `TURN_GAP_S`.
    semitones, level_dbfs, spectral_change
        (n,); semitones from `REFERENCE_HZ`, NaN where unvoiced or nobody speaks.
    syllable_time_s
        (k,) session time of the syllable nuclei.
    usual
        Baselines of `VOICE_MEASURES`.
    """

    time_s: TimeArray
    heard: BoolArray
    phrases: list[IndexSpan]
    turns: list[list[IndexSpan]]
    semitones: FloatArray
    level_dbfs: FloatArray
    spectral_change: FloatArray
    syllable_time_s: TimeArray
    usual: Baselines

    def span(self, start: int, end: int) -> Span:
        """Session time of rows ``start`` to ``end`` (exclusive)."""
        start_s = float(self.time_s[start])
        return Span(start_s, start_s + (end - start) * VOICE_ROW_S)

    def certainty(self, row: int, base: float = 1.0) -> float:
        """Certainty of a cue that uses a baseline."""
        return base * self.usual.calibrated(row, ENOUGH_SPEECH_S)

    def syllables_in(self, span: Span) -> int:
        """Count the syllable nuclei inside a span."""
        return int(np.sum((self.syllable_time_s >= span.start_s) & (self.syllable_time_s < span.end_s)))


def phrase_rows(grid: VoiceGrid) -> list[IndexSpan]:
    """Rows of each stretch of speech: probable speech, short gaps filled, edges refined by the level.

    The speech network runs on past the end of words, so an edge moves inward to where the level last
    stood within a drop of the phrase's own loud end.
    """
    limits = cue_table()["speaking"]
    level = uniform_filter1d(np.where(grid.heard, grid.level_dbfs, -100.0), 3, mode="nearest")
    likely = grid.speech_probability >= limits["min_probability"]
    floor_dbfs = quantile(level[grid.heard & ~likely], 0.5)
    tight = []
    for start, end in runs(likely):
        loud_dbfs = quantile(level[start:end], 0.9)
        edge_dbfs = loud_dbfs - limits["edge_drop_db"]
        begun = np.flatnonzero(level[start:end] >= edge_dbfs)
        # In a noisy room the noise after a word is above that edge.
        above_noise_dbfs = min(floor_dbfs + limits["end_over_noise_db"], loud_dbfs - limits["least_drop_db"])
        ended = np.flatnonzero(level[start:end] >= np.fmax(edge_dbfs, above_noise_dbfs))
        tight.append((start + int(begun[0]), start + int(ended[-1]) + 1))
    joined = join_close(tight, max_gap=round(limits["max_gap_s"] / VOICE_ROW_S))
    # A word is also short if the recording ends in the middle of it.
    cut_off = longer_than(
        [span for span in joined if span[1] >= level.size - 2], limits["min_cut_off_s"] / VOICE_ROW_S
    )
    return sorted({*longer_than(joined, limits["min_duration_s"] / VOICE_ROW_S), *cut_off})


def spoken_measures(grid: VoiceGrid, phrases: list[IndexSpan]) -> FloatArray:
    """(n, measures) the columns of `VOICE_MEASURES` while speaking, for the history; NaN elsewhere."""
    speaking = np.zeros(grid.heard.size, np.bool_)
    for start, end in phrases:
        speaking[start:end] = True
    voiced = speaking & np.isfinite(grid.f0_hz)
    semitones = np.where(voiced, _semitones(grid.f0_hz), np.nan)
    level_dbfs = np.where(voiced, grid.level_dbfs, np.nan)
    table = np.stack([semitones, level_dbfs, _rate(grid, speaking)], axis=1)
    return (np.round(table / MEASURE_STEP) * MEASURE_STEP + 0.0).astype(np.float32)


def _rate(grid: VoiceGrid, speaking: BoolArray) -> FloatArray:
    """(n,) syllables per second of recent speech. It only looks back, so no cut can change it."""
    edges_s = (grid.first_row + np.arange(grid.heard.size + 1)) * VOICE_ROW_S
    syllables = np.searchsorted(grid.syllable_time_s, edges_s)
    spoken_s = np.concatenate([[0.0], np.cumsum(speaking)]) * VOICE_ROW_S
    first = np.maximum(np.arange(1, edges_s.size) - round(RATE_WINDOW_S / VOICE_ROW_S), 0)
    lately_s = spoken_s[1:] - spoken_s[first]
    known = speaking & (lately_s >= MIN_RATE_S)
    rate = (syllables[1:] - syllables[first]) / np.maximum(lately_s, MIN_RATE_S)
    return np.where(known, rate, np.nan).astype(np.float32)


def view_voice(grid: VoiceGrid, history: History, phrases: list[IndexSpan], spoken: FloatArray) -> VoiceView:
    """Add the baselines to a voice.

    Parameters
    ----------
    phrases, spoken
        Results of `phrase_rows` and `spoken_measures` for the grid.
    """
    return VoiceView(
        time_s=grid.time_s,
        heard=grid.heard,
        phrases=phrases,
        turns=_turns(phrases),
        semitones=spoken[:, 0],
        level_dbfs=grid.level_dbfs,
        spectral_change=grid.spectral_change,
        syllable_time_s=grid.syllable_time_s,
        usual=baselines_along(history, VOICE_MEASURES, grid.time_s),
    )


def _turns(phrases: list[IndexSpan]) -> list[list[IndexSpan]]:
    turns: list[list[IndexSpan]] = []
    for start, end in phrases:
        if turns and (start - turns[-1][-1][1]) * VOICE_ROW_S <= TURN_GAP_S:
            turns[-1].append((start, end))
        else:
            turns.append([(start, end)])
    return turns


def _semitones(f0_hz: FloatArray) -> FloatArray:
    return np.asarray(12.0 * np.log2(np.maximum(f0_hz, 1.0) / REFERENCE_HZ), dtype=np.float32)


def speaking_at(view: VoiceView | None, time_s: TimeArray) -> BoolArray:
    """(n,) bool: whether the person speaks at each time."""
    speaking = np.zeros(time_s.size, np.bool_)
    if view is not None:
        for start, end in view.phrases:
            span = view.span(start, end)
            speaking |= (time_s >= span.start_s) & (time_s < span.end_s)
    return speaking
