"""What the cues of a recording come to: shares of time, counts, rates. Nothing here was not measured.

A figure is None where there was nothing to measure it from; that is not the same as zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from backchannel.report.recording import CueEntry, Recording, Stretch
from backchannel.values import EngagementLevel, Span

MIN_RATE_S: Final = 30.0
"""From shorter recordings no rate a minute is told: one nod more or less would double it (judgement)."""


@dataclass(frozen=True, slots=True)
class Tally:
    """One kind of cue.

    Attributes
    ----------
    count
        How many there were.
    total_s, longest_s
        How long all of them, and the longest, lasted, s; overlaps count once.
    share
        `total_s` as a share of the time in which it could have been measured, 0..1.
    per_minute
        None from recordings that are too short for a rate.
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
        How long there was a picture, and sound, to measure from, s.
    tallies
        By name of the cue, the most frequent first.
    facing_share
        Share of `seen_s` with the gaze in the person's usual direction, 0..1; stretches under a second are
        not counted, so it is a lower bound.
    nods, shakes
        Single movements in all gestures; None where the recording does not tell.
    speech_rate
        Syllables a second over the turns that were brisk or slow, and how long those were, s.
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
    """Add up what a recording holds."""
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


def covered_s(stretches: Iterable[Stretch]) -> float:
    """How long some stretches last together, overlaps counted once, s."""
    total_s, reached_s = 0.0, 0.0
    for stretch in sorted(stretches, key=lambda one: one.start):
        total_s += max(0.0, stretch.end - max(stretch.start, reached_s))
        reached_s = max(reached_s, stretch.end)
    return total_s


def _measured_s(recording: Recording, modality: str) -> float | None:
    """How long a modality could be measured; None where there was none, or nothing says that there was."""
    coverage = recording.coverage
    there = coverage.picture if modality == "visual" else coverage.sound
    if there is None:
        there = any(cue.modality == modality for cue in recording.cues)
    if not there or (modality == "visual" and coverage.frozen):
        return None
    lost = coverage.dropped + (coverage.degraded if modality == "visual" else ())
    return max(0.0, recording.duration - covered_s(lost))


def _tally(cues: Sequence[CueEntry], measured_s: float) -> Tally:
    total_s = covered_s(cues)
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
