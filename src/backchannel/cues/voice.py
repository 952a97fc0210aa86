"""Cues of the voice's manner: rate, pitch, phrase ends, loudness, steadiness."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from backchannel.arrays import FloatArray
from backchannel.constants import VOICE_ROW_S
from backchannel.cues.series import quantile, slope
from backchannel.cues.spans import IndexSpan
from backchannel.cues.thresholds import cue_table
from backchannel.cues.voice_view import AUDIO, VoiceView
from backchannel.values import Cue, Span


def voice_cues(view: VoiceView) -> Iterator[Cue]:
    """Find the cues of the voice's manner in the view."""
    for phrase in view.phrases:
        yield from _phrase_pitch(view, phrase)
        yield from _phrase_end(view, phrase)
        yield from _phrase_level(view, phrase)
    for turn in view.turns:
        yield from _turn_rate(view, turn)
        yield from _turn_pitch(view, turn)
        yield from _turn_steadiness(view, turn)


def _voiced(track: FloatArray, rows: IndexSpan) -> FloatArray:
    piece = track[rows[0] : rows[1]]
    return piece[np.isfinite(piece)]


def _phrase_pitch(view: VoiceView, phrase: IndexSpan) -> Iterator[Cue]:
    limits = cue_table()["pitch_raised"]
    pitch = _voiced(view.semitones, phrase)
    usual = float(view.usual.values["semitones"][phrase[0]])
    if pitch.size * VOICE_ROW_S < limits["min_voiced_s"] or not np.isfinite(usual):
        return
    above = quantile(pitch, 0.5) - usual
    if above >= limits["min_semitones"]:
        span = view.span(*phrase)
        yield Cue("pitch_raised", AUDIO, span, above, "st", 0.0, view.certainty(phrase[0], 0.8))


def _phrase_end(view: VoiceView, phrase: IndexSpan) -> Iterator[Cue]:
    limits = cue_table()["rising_end"]
    window = round(limits["window_s"] / VOICE_ROW_S)
    if phrase[1] + round(0.15 / VOICE_ROW_S) > view.heard.size:
        return  # the phrase may continue in the next segment
    voiced_rows = np.flatnonzero(np.isfinite(view.semitones[phrase[0] : phrase[1]])) + phrase[0]
    if not voiced_rows.size:
        return
    # The last voiced 300 ms: consonants at the end have no pitch to measure.
    rows = voiced_rows[voiced_rows > voiced_rows[-1] - window]
    if rows.size * VOICE_ROW_S < limits["min_voiced_s"]:
        return
    slope_st_per_s = slope(rows * VOICE_ROW_S, view.semitones[rows])
    moved = slope_st_per_s * float(rows[-1] - rows[0]) * VOICE_ROW_S
    # More than an octave in 300 ms is a slip of the pitch tracker into creak, not a melody.
    if limits["min_semitones"] <= abs(moved) <= limits["max_semitones"]:
        name = "rising_end" if moved > 0 else "falling_end"
        span = view.span(int(rows[0]), int(rows[-1]) + 1)
        yield Cue(name, AUDIO, span, abs(moved), "st", None, 0.7)


def _phrase_level(view: VoiceView, phrase: IndexSpan) -> Iterator[Cue]:
    span = view.span(*phrase)
    levels = _nucleus_levels(view, span)
    usual = float(view.usual.values["level_dbfs"][phrase[0]])
    limits = cue_table()["loud"]
    if span.duration_s < limits["min_speech_s"] or levels.size < 2 or not np.isfinite(usual):
        return
    # Nuclei are louder than the voiced average behind the baseline. Here both are taken the same way.
    difference = quantile(view.level_dbfs[slice(*_voiced_bounds(view, phrase))], 0.5) - usual
    if abs(difference) >= limits["min_db"]:
        name = "loud" if difference > 0 else "soft"
        yield Cue(name, AUDIO, span, abs(difference), "dB", 0.0, view.certainty(phrase[0], 0.7))


def _voiced_bounds(view: VoiceView, phrase: IndexSpan) -> IndexSpan:
    rows = np.flatnonzero(np.isfinite(view.semitones[phrase[0] : phrase[1]])) + phrase[0]
    return (int(rows[0]), int(rows[-1]) + 1) if rows.size else phrase


def _nucleus_levels(view: VoiceView, span: Span) -> FloatArray:
    times = view.syllable_time_s[(view.syllable_time_s >= span.start_s) & (view.syllable_time_s < span.end_s)]
    rows = np.clip(((times - view.time_s[0]) / VOICE_ROW_S).astype(int), 0, view.level_dbfs.size - 1)
    return np.asarray(view.level_dbfs[rows])


def _turn_span(view: VoiceView, turn: list[IndexSpan]) -> Span:
    return view.span(turn[0][0], turn[-1][1])


def _speech_s(turn: list[IndexSpan]) -> float:
    return sum(end - start for start, end in turn) * VOICE_ROW_S


def _turn_rate(view: VoiceView, turn: list[IndexSpan]) -> Iterator[Cue]:
    limits = cue_table()["speech_rate"]
    speech_s = _speech_s(turn)
    if speech_s < limits["min_speech_s"]:
        return
    span = _turn_span(view, turn)
    rate = view.syllables_in(span) / speech_s
    name = (
        "speech_brisk"
        if rate >= limits["brisk_per_s"]
        else "speech_slow"
        if rate <= limits["slow_per_s"]
        else ""
    )
    if name:
        yield Cue(name, AUDIO, span, rate, "syllables/s", None, 0.6)
    usual = float(view.usual.values["syllables_per_s"][turn[0][0]])
    if np.isfinite(usual) and rate >= limits["fast_ratio"] * usual:
        certainty = view.certainty(turn[0][0], 0.6)
        measures = (("usual", usual, "syllables/s"),)
        yield Cue("speech_faster", AUDIO, span, rate, "syllables/s", usual, certainty, measures)


def _turn_pitch(view: VoiceView, turn: list[IndexSpan]) -> Iterator[Cue]:
    lively, flat = cue_table()["pitch_lively"], cue_table()["pitch_flat"]
    pitch = _voiced(view.semitones, (turn[0][0], turn[-1][1]))
    if pitch.size * VOICE_ROW_S < lively["min_voiced_s"]:
        return
    spread = quantile(pitch, 0.75) - quantile(pitch, 0.25)
    span = _turn_span(view, turn)
    if spread >= lively["min_range_st"]:
        yield Cue("pitch_lively", AUDIO, span, spread, "st", None, 0.7)
    elif spread <= flat["max_range_st"]:
        yield Cue("pitch_flat", AUDIO, span, spread, "st", None, 0.7)


def _turn_steadiness(view: VoiceView, turn: list[IndexSpan]) -> Iterator[Cue]:
    limits = cue_table()["steady_voice"]
    span, speech_s = _turn_span(view, turn), _speech_s(turn)
    levels = _nucleus_levels(view, span)
    if speech_s < limits["min_speech_s"] or levels.size < 4:
        return
    deviation = float(np.std(levels))
    pause_share = max(0.0, 1.0 - speech_s / span.duration_s)
    longest_s = max((after[0] - before[1] for before, after in pairwise(turn)), default=0) * VOICE_ROW_S
    fluent = pause_share <= limits["max_pause_share"] and longest_s <= limits["max_pause_s"]
    if deviation <= limits["max_deviation_db"] and fluent:
        measures = (("pause_share", 100.0 * pause_share, "%"), ("speech", speech_s, "s"))
        yield Cue("steady_voice", AUDIO, span, deviation, "dB", None, 0.7, measures)
