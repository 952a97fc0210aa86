"""The key figures of a recording, compared with the person's own: the first half with the second."""

from collections.abc import Iterator
from typing import Final

import msgspec

from backchannel.html.markup import Html, tag
from backchannel.html.table import table
from backchannel.html.words import counted, length, percentage
from backchannel.report.figures import Figures, Tally, figures_of
from backchannel.report.prose import COMPARED, TOO_SHORT
from backchannel.report.recording import Period, Recording
from backchannel.values import Span

MIN_HALVES_S: Final = 30.0
"""Shorter recordings are not compared with themselves: half of one holds too little (judgement)."""
NOT_MEASURED: Final = "not measured"


def key_figures_table(recording: Recording) -> tuple[Html, ...]:
    """Draw the table, and what its columns mean if there are several."""
    parts = [recording]
    heading = ["figure", "whole recording"]
    if recording.duration >= MIN_HALVES_S:
        middle_s = recording.duration / 2
        parts += [_part(recording, Span(0.0, middle_s)), _part(recording, Span(middle_s, recording.duration))]
        heading += ["first half", "second half"]
    columns = [dict(_figures(figures_of(part), part)) for part in parts]
    rows = [(name, *(column[name] for column in columns)) for name in columns[0]]
    note = tag("p", COMPARED if len(parts) > 1 else TOO_SHORT, class_="dim")
    return table(heading, rows), note


def _figures(figures: Figures, recording: Recording) -> Iterator[tuple[str, str]]:
    seen, heard = figures.seen_s is not None, figures.heard_s is not None
    if recording.coverage.face_share == 0:
        seen = False
    tallies = figures.tallies
    speaking = tallies.get("speaking")
    yield "spoke", (percentage(speaking.share) if speaking else "no speech") if heard else NOT_MEASURED
    yield "pauses", _times(tallies, heard, "pause", "long_pause", longest=True)
    yield "speech rate", _rate(figures) if heard else NOT_MEASURED
    facing = figures.facing_share if seen else None
    faced = f"at least {percentage(facing)}" if facing else "not clearly"
    yield "faced the camera", NOT_MEASURED if facing is None else faced
    yield "looked away", _times(tallies, seen, "gaze_away")
    yield "smiles", _times(tallies, seen, "smile")
    yield "nods", _times(tallies, seen, "nod")
    yield "head shakes", _times(tallies, seen, "shake")


def _times(tallies: dict[str, Tally], measured: bool, *names: str, longest: bool = False) -> str:
    if not measured:
        return NOT_MEASURED
    found = [tallies[name] for name in names if name in tallies]
    if not found:
        return "none"
    count = counted(sum(tally.count for tally in found), "time")
    if longest:
        return f"{count}, longest {length(max(tally.longest_s for tally in found))}"
    return f"{count}, {length(sum(tally.total_s for tally in found))}"


def _rate(figures: Figures) -> str:
    if figures.speech_rate is None:
        return "no clearly brisk or slow turn"
    return f"{figures.speech_rate[0]:.1f} syllables per second"


def _part(recording: Recording, span: Span) -> Recording:
    """Return a stretch of a recording as a recording of its own, with the cues cut at its edges."""

    def cut(period: Period) -> Period:
        inside = period.span.clip(span)
        return msgspec.structs.replace(
            period, start=inside.start_s - span.start_s, end=inside.end_s - span.start_s
        )

    def inside(periods: tuple[Period, ...]) -> tuple[Period, ...]:
        return tuple(cut(period) for period in periods if period.span.overlap_s(span) > 0)

    coverage = msgspec.structs.replace(
        recording.coverage,
        dropped=inside(recording.coverage.dropped),
        degraded=inside(recording.coverage.degraded),
    )
    return msgspec.structs.replace(
        recording,
        duration=span.duration_s,
        signals=(),
        engagement=(),
        cues=inside(recording.cues),
        coverage=coverage,
    )
