"""The voice as cues look at it: phrases and turns on the session clock, beside what is usual."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from backchannel.arrays import BoolArray, FloatArray, TimeArray
from backchannel.cues.baseline import Baselines, History, Usual, baselines_along
from backchannel.cues.lookback import VoiceLine
from backchannel.cues.spans import IndexSpan, join_close, longer_than, runs
from backchannel.cues.thresholds import cue_table
from backchannel.tracks import LEVEL_HOP_S
from backchannel.values import Modality, Span

AUDIO: Modality = "audio"
ENOUGH_SPEECH_S = 4.0
"""Speech time until a voice counts as known (signals table)."""
TURN_GAP_S = 1.6
"""Silence that ends a turn. Shorter ones are pauses inside it (judgement; Heldner & Edlund 2010 find most
pauses inside turns under 1 s, and people who think aloud pause longer)."""
REFERENCE_HZ = 100.0
"""Semitones are counted from here inside this room; only differences are ever told."""

RATE_WINDOW_S = 2.0
"""The rate of speech at a moment is that of the time spoken in so much of the past (judgement: a phrase)."""
MIN_RATE_S = 1.0
"""Time spoken in that window from which its syllables make a rate (judgement)."""

VOICE_MEASURES: Mapping[str, Usual] = {
    "semitones": Usual(),
    "level_dbfs": Usual(),
    "syllables_per_s": Usual(),
}


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
        return Span(start_s, start_s + (end - start) * LEVEL_HOP_S)

    def certainty(self, row: int, base: float = 1.0) -> float:
        """Certainty of a cue that leans on the baseline."""
        return base * self.usual.calibrated(row, ENOUGH_SPEECH_S)

    def syllables_in(self, span: Span) -> int:
        """Count the syllable nuclei inside a span."""
        return int(np.sum((self.syllable_time_s >= span.start_s) & (self.syllable_time_s < span.end_s)))


def phrase_rows(line: VoiceLine) -> list[IndexSpan]:
    """Rows of each stretch of speech: probable speech, short gaps filled, edges refined by the level.

    The speech network runs on past the end of words, so an edge moves inward to where the level last
    stood within a drop of the phrase's own loud end.
    """
    limits = cue_table()["speaking"]
    level = uniform_filter1d(np.nan_to_num(line.level_dbfs, nan=-100.0), 3, mode="nearest")
    likely = np.nan_to_num(line.speech_probability, nan=0.0) >= limits["min_probability"]
    tight = []
    for start, end in runs(likely):
        loud_dbfs = float(np.percentile(level[start:end], 90))
        standing = np.flatnonzero(level[start:end] >= loud_dbfs - limits["edge_drop_db"])
        tight.append((start + int(standing[0]), start + int(standing[-1]) + 1))
    joined = join_close(tight, max_gap=round(limits["max_gap_s"] / LEVEL_HOP_S))
    # A word that the end of the recording cuts off is short for that reason alone.
    cut_off = longer_than(
        [span for span in joined if span[1] >= level.size - 2], limits["min_cut_off_s"] / LEVEL_HOP_S
    )
    return sorted({*longer_than(joined, limits["min_duration_s"] / LEVEL_HOP_S), *cut_off})


def spoken_measures(line: VoiceLine) -> list[FloatArray]:
    """Return the measures of `VOICE_MEASURES` while speaking, for the history; NaN elsewhere."""
    speaking = np.zeros(line.heard.size, np.bool_)
    for start, end in phrase_rows(line):
        speaking[start:end] = True
    voiced = speaking & np.isfinite(line.f0_hz)
    semitones = np.where(voiced, _semitones(line.f0_hz), np.nan).astype(np.float32)
    level_dbfs = np.where(voiced, line.level_dbfs, np.nan).astype(np.float32)
    return [semitones, level_dbfs, _rate(line, speaking)]


def _rate(line: VoiceLine, speaking: BoolArray) -> FloatArray:
    """(n,) syllables a second of the time spoken lately. It looks back only, so no cut can change it."""
    edges_s = (line.first_row + np.arange(line.heard.size + 1)) * LEVEL_HOP_S
    syllables = np.searchsorted(line.syllable_time_s, edges_s)
    spoken_s = np.concatenate([[0.0], np.cumsum(speaking)]) * LEVEL_HOP_S
    first = np.maximum(np.arange(1, edges_s.size) - round(RATE_WINDOW_S / LEVEL_HOP_S), 0)
    lately_s = spoken_s[1:] - spoken_s[first]
    known = speaking & (lately_s >= MIN_RATE_S)
    rate = (syllables[1:] - syllables[first]) / np.maximum(lately_s, MIN_RATE_S)
    return np.where(known, rate, np.nan).astype(np.float32)


def view_voice(line: VoiceLine, history: History) -> VoiceView:
    """Cut a line into phrases and turns."""
    phrases = phrase_rows(line)
    semitones, *_ = spoken_measures(line)
    return VoiceView(
        time_s=line.time_s,
        heard=line.heard,
        phrases=phrases,
        turns=_turns(phrases),
        semitones=semitones,
        level_dbfs=line.level_dbfs,
        spectral_change=line.spectral_change,
        syllable_time_s=line.syllable_time_s,
        usual=baselines_along(history, VOICE_MEASURES, line.time_s),
    )


def _turns(phrases: list[IndexSpan]) -> list[list[IndexSpan]]:
    turns: list[list[IndexSpan]] = []
    for start, end in phrases:
        if turns and (start - turns[-1][-1][1]) * LEVEL_HOP_S <= TURN_GAP_S:
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
