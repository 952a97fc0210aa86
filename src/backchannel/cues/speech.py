"""Cues of time in speech: speaking, pauses, filled pauses, slow starts, vocal backchannels."""

from collections.abc import Iterator

import numpy as np

from backchannel.constants import VOICE_ROW_S
from backchannel.cues.series import quantile, slope
from backchannel.cues.spans import IndexSpan, longer_than, runs
from backchannel.cues.thresholds import cue_table
from backchannel.cues.voice_view import AUDIO, VoiceView
from backchannel.values import Cue


def speech_cues(view: VoiceView) -> Iterator[Cue]:
    """Find the cues of speech timing in the view."""
    for start, end in view.phrases:
        span = view.span(start, end)
        yield Cue("speaking", AUDIO, span, span.duration_s, "s", None, 0.9)
    yield from _pauses(view)
    yield from _filled_pauses(view)
    yield from _slow_starts(view)
    yield from _backchannels(view)


def _gap_s(view: VoiceView, before: IndexSpan, after: IndexSpan) -> float:
    """Silence between two phrases, s; infinite if part of it has no sound."""
    if not view.heard[before[1] : after[0]].all():
        return float("inf")
    return (after[0] - before[1]) * VOICE_ROW_S


def _pauses(view: VoiceView) -> Iterator[Cue]:
    limits = cue_table()["pause"]
    for before, after in zip(view.phrases, view.phrases[1:], strict=False):
        length_s = _gap_s(view, before, after)
        if limits["min_duration_s"] <= length_s <= limits["max_duration_s"]:
            name = "long_pause" if length_s >= limits["long_s"] else "pause"
            yield Cue(name, AUDIO, view.span(before[1], after[0]), length_s, "s", None, 0.9)


def _filled_pauses(view: VoiceView) -> Iterator[Cue]:
    limits = cue_table()["filled_pause"]
    for phrase in view.phrases:
        voiced = runs(np.isfinite(view.semitones[phrase[0] : phrase[1]]))
        for start, end in longer_than(voiced, limits["min_duration_s"] / VOICE_ROW_S):
            piece = (phrase[0] + start, phrase[0] + end)
            if _is_filled_pause(view, piece) and _touches_silence(view, piece):
                span = view.span(*piece)
                slope = abs(_slope_st_per_s(view, piece))
                measures = (("slope", slope, "st/s"),)
                yield Cue("filled_pause", AUDIO, span, span.duration_s, "s", None, 0.7, measures)


def _is_filled_pause(view: VoiceView, piece: IndexSpan) -> bool:
    limits = cue_table()["filled_pause"]
    start, end = piece
    if (end - start) * VOICE_ROW_S > limits["max_duration_s"]:
        return False
    pitch, change = view.semitones[start:end], view.spectral_change[start:end]
    low, high = quantile(pitch, 0.1), quantile(pitch, 0.9)
    inner = change[3:-3] if change.size > 12 else change
    return bool(
        high - low <= limits["max_f0_range_st"]
        and abs(_slope_st_per_s(view, piece)) <= limits["max_slope_st_per_s"]
        and quantile(inner, 0.5) <= limits["max_change"]
    )


def _slope_st_per_s(view: VoiceView, piece: IndexSpan) -> float:
    pitch = view.semitones[piece[0] : piece[1]]
    return slope(np.arange(pitch.size) * VOICE_ROW_S, pitch)


def _touches_silence(view: VoiceView, piece: IndexSpan) -> bool:
    limits = cue_table()["filled_pause"]
    near, quiet = round(limits["max_gap_to_silence_s"] / VOICE_ROW_S), limits["min_silence_s"]
    for index, phrase in enumerate(view.phrases):
        if not (phrase[0] <= piece[0] and piece[1] <= phrase[1]):
            continue
        before = view.phrases[index - 1] if index else None
        after = view.phrases[index + 1] if index + 1 < len(view.phrases) else None
        at_start = (
            piece[0] - phrase[0] <= near and before is not None and _gap_s(view, before, phrase) >= quiet
        )
        at_end = phrase[1] - piece[1] <= near and after is not None and _gap_s(view, phrase, after) >= quiet
        return at_start or at_end
    return False


def _slow_starts(view: VoiceView) -> Iterator[Cue]:
    limits = cue_table()["slow_start"]
    for turn in view.turns:
        if len(turn) < 2 or _quiet_before_s(view, turn[0]) < limits["min_silence_before_s"]:
            continue
        first, second = turn[0], turn[1]
        gap_s = _gap_s(view, first, second)
        short = (first[1] - first[0]) * VOICE_ROW_S <= limits["max_sound_s"]
        long_after = (second[1] - second[0]) * VOICE_ROW_S >= limits["min_phrase_s"]
        if short and long_after and limits["min_gap_s"] <= gap_s <= limits["max_gap_s"]:
            span = view.span(first[0], second[0])
            yield Cue("slow_start", AUDIO, span, span.duration_s, "s", None, 0.7, (("gap", gap_s, "s"),))


def _backchannels(view: VoiceView) -> Iterator[Cue]:
    limits = cue_table()["vocal_backchannel"]
    for phrase in view.phrases:
        span = view.span(*phrase)
        if not limits["min_duration_s"] <= span.duration_s <= limits["max_duration_s"]:
            continue
        voiced = np.isfinite(view.semitones[phrase[0] : phrase[1]]).any()
        quiet = min(_quiet_before_s(view, phrase), _quiet_after_s(view, phrase))
        if voiced and quiet >= limits["min_quiet_s"]:
            yield Cue("vocal_backchannel", AUDIO, span, span.duration_s, "s", None, 0.7)


def _quiet_before_s(view: VoiceView, phrase: IndexSpan) -> float:
    """Heard silence right before a phrase, s."""
    earlier = [end for _, end in view.phrases if end <= phrase[0]]
    return _heard_s(view, (earlier[-1] if earlier else 0, phrase[0]))


def _quiet_after_s(view: VoiceView, phrase: IndexSpan) -> float:
    later = [start for start, _ in view.phrases if start >= phrase[1]]
    return _heard_s(view, (phrase[1], later[0] if later else view.heard.size))


def _heard_s(view: VoiceView, rows: IndexSpan) -> float:
    heard = view.heard[rows[0] : rows[1]]
    return float(heard.sum()) * VOICE_ROW_S if heard.all() else 0.0
