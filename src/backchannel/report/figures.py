"""Totals of the cues in a recording: shares of time, counts and rates.

A figure is None if it could not be measured. None is not zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backchannel.report.recording import CueEntry, Recording
from backchannel.values import EngagementLevel, Span, covered_s

MIN_RATE_S: Final = 30.0
"""Shorter recordings have no rates per minute: a single nod would change them too much (judgement)."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Totals for one kind of cue.

    Attributes
    ----------
    count
        The number of cues.
    total_s, longest_s
        Total duration, with overlaps counted once, and the longest duration, s.
    share
        `total_s` as a share of the time in which the cue could be measured, 0..1.
    per_minute
        Cues per minute. None if the recording is too short.
    """

    count: int
    total_s: float
    longest_s: float
    share: float
    per_minute: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one recording.

    Attributes
    ----------
    seen_s, heard_s
        Duration of measurable video and audio, s.
    tallies
        Totals by name of the cue, the most frequent first.
    facing_share
        Share of `seen_s` with the gaze in the baseline direction, 0..1. A lower bound, because periods under
        a second do not count.
    nods, shakes
        Single movements in all gestures. None if a gesture has no count.
    speech_rate
        Syllables per second in brisk and slow turns, and the duration of these turns, s.
    engagement
        Share of the time in each state.
    """

    seen_s: float | None
    heard_s: float | None
    tallies: dict[str, Tally]
    facing_share: float | None
    nods: int | None
    shakes: int | None
    speech_rate: tuple[float, float] | None
    engagement: dict[EngagementLevel, float]


def figures_of(recording: Recording) -> Figures:
    """Compute the figures of a recording."""
    seen_s, heard_s = _measured_s(recording, "visual"), _measured_s(recording, "audio")
    by_name: dict[str, list[CueEntry]] = {}
    for cue in recording.cues:
        by_name.setdefault(cue.cue, []).append(cue)
    tallies = {
        name: _tally(cues, (seen_s if cues[0].modality == "visual" else heard_s) or recording.duration)
        for name, cues in sorted(by_name.items(), key=lambda item: (-len(item[1]), item[0]))
    }
    return Figures(
        seen_s=seen_s,
        heard_s=heard_s,
        tallies=tallies,
        facing_share=_facing_share(by_name.get("facing", []), seen_s),
        nods=_movements(by_name.get("nod", [])),
        shakes=_movements(by_name.get("shake", [])),
        speech_rate=_speech_rate([*by_name.get("speech_brisk", []), *by_name.get("speech_slow", [])]),
        engagement=_engagement(recording),
    )


def _measured_s(recording: Recording, modality: str) -> float | None:
    """Return how long a modality could be measured, s. None if it is missing or nothing shows it."""
    coverage = recording.coverage
    present = coverage.picture if modality == "visual" else coverage.sound
    if present is None:
        present = any(cue.modality == modality for cue in recording.cues)
    if not present or (modality == "visual" and coverage.frozen):
        return None
    lost = coverage.dropped + (coverage.degraded if modality == "visual" else ())
    return max(0.0, recording.duration - covered_s(period.span for period in lost))


def _tally(cues: Sequence[CueEntry], measured_s: float) -> Tally:
    total_s = covered_s(cue.span for cue in cues)
    rate = len(cues) * 60.0 / measured_s if measured_s >= MIN_RATE_S else None
    share = min(1.0, total_s / measured_s) if measured_s > 0 else 0.0
    return Tally(len(cues), total_s, max(cue.end - cue.start for cue in cues), share, rate)


def _facing_share(cues: Sequence[CueEntry], seen_s: float | None) -> float | None:
    if not seen_s:
        return None
    facing_s = sum((cue.end - cue.start) * cue.value / 100.0 for cue in cues)
    return min(1.0, facing_s / seen_s)


def _movements(cues: Sequence[CueEntry]) -> int | None:
    counts = [value for cue in cues for name, value, _ in cue.measures if name == "count"]
    return round(sum(counts)) if len(counts) == len(cues) else None


def _speech_rate(turns: Sequence[CueEntry]) -> tuple[float, float] | None:
    length_s = sum(turn.end - turn.start for turn in turns)
    if not length_s:
        return None
    return sum(turn.value * (turn.end - turn.start) for turn in turns) / length_s, length_s


def _engagement(recording: Recording) -> dict[EngagementLevel, float]:
    whole = Span(0.0, recording.duration)
    lengths: dict[EngagementLevel, float] = {"engaged": 0.0, "neutral": 0.0, "disengaged": 0.0}
    for part in recording.engagement:
        lengths[part.state] += part.span.overlap_s(whole)
    total_s = sum(lengths.values())
    return {state: length_s / total_s if total_s else 0.0 for state, length_s in lengths.items()}
