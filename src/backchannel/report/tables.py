"""The tables of a report: evidence, figures, cues, engagement, quality, coverage, thresholds."""

from collections.abc import Iterator, Sequence
from statistics import median

from backchannel.cues.thresholds import cue_table
from backchannel.html.markup import Child, Html, tag
from backchannel.html.table import table
from backchannel.html.words import counted, length, percentage, plain, times
from backchannel.report.course import cue_numbers, cues_by_name, in_table_order
from backchannel.report.figures import Figures, Tally
from backchannel.report.recording import CoverageEntry, CueEntry, EvidenceEntry, Period, Recording
from backchannel.report.words import measured, named
from backchannel.values import DIMENSIONS, SCORES

NOT_MEASURED = "not measured"
_HEARD = {"visual": "seen", "audio": "heard", "text": "said"}
_TABLE_ROW = {
    "long_pause": "pause",
    **dict.fromkeys(("speech_brisk", "speech_faster", "speech_slow"), "speech_rate"),
}
"""Cues that share the row of another cue in the table of thresholds."""


def evidence_table(number: int, signal: str, evidence: Sequence[EvidenceEntry]) -> Html:
    """Draw a table of the measurements that a signal is based on."""
    rows = [
        (
            named(entry.cue, entry.measure),
            _HEARD[entry.modality],
            _when(entry),
            f"{measured(entry.value, entry.unit)}{f' {entry.direction}' if entry.direction else ''}",
            "–" if entry.baseline is None else measured(entry.baseline, entry.unit),
            f"{entry.weight:+.2f}".replace("-", "−") if entry.weight else "–",
        )
        for entry in evidence
    ]
    heading = ("cue", "how", "when", "value", "baseline", "weight")
    return table(heading, rows, caption=f"Evidence of signal {number}, {signal}")


def figures_table(recording: Recording, figures: Figures) -> Html:
    """Draw a table of the main figures."""
    return table(("measure", "figure", "meaning"), list(_figures(recording, figures)), caption="Figures")


def _figures(recording: Recording, figures: Figures) -> Iterator[tuple[str, str, str]]:
    seen, heard = figures.seen_s is not None, figures.heard_s is not None
    tallies = figures.tallies
    facing = NOT_MEASURED if figures.facing_share is None else percentage(figures.facing_share)
    yield "facing", facing, "share of the time with the gaze in the baseline direction (lower bound)"
    yield "looks away", _count(tallies, ("gaze_away",), seen), "longer than a glance; count and total time"
    yield "nods", _gestures(tallies.get("nod"), figures.nods, seen), "gestures, each of one or more nods"
    yield (
        "head shakes",
        _gestures(tallies.get("shake"), figures.shakes, seen),
        "gestures, each of one or more shakes",
    )
    yield "smiles", _count(tallies, ("smile",), seen), "count and total time"
    yield "out of view", _count(tallies, ("face_absent",), seen), "no face in the picture"
    speech = recording.coverage.speech_share
    if speech is None and heard:
        speech = tallies["speaking"].share if "speaking" in tallies else 0.0
    yield "speech", NOT_MEASURED if speech is None else percentage(speech), "share of the time with a voice"
    yield (
        "speech rate",
        _rate(figures, heard),
        "syllables per second, in clearly brisk or slow turns only",
    )
    yield "pauses", _pauses(tallies, heard), "silence within one person's speech, 0.25 to 4 s"
    yield "filled pauses", _count(tallies, ("filled_pause",), heard), "a held, flat sound next to a silence"
    yield (
        "short sounds",
        _count(tallies, ("vocal_backchannel",), heard),
        "one short sound with quiet around it",
    )


def _when(period: Period) -> Html:
    return tag("span", times(period.span), class_="time")


def _count(tallies: dict[str, Tally], names: Sequence[str], was_measured: bool) -> str:
    if not was_measured:
        return NOT_MEASURED
    found = [tallies[name] for name in names if name in tallies]
    if not found:
        return "none"
    total_s = sum(tally.total_s for tally in found)
    return f"{sum(tally.count for tally in found)}, {length(total_s)} in total{_per_minute(found)}"


def _per_minute(found: Sequence[Tally]) -> str:
    rates = [tally.per_minute for tally in found if tally.per_minute is not None]
    return f", {sum(rates):.1f} per minute" if rates else ""


def _gestures(tally: Tally | None, movements: int | None, was_measured: bool) -> str:
    if not was_measured:
        return NOT_MEASURED
    if tally is None:
        return "none"
    inside = "" if movements is None or movements == tally.count else f" ({movements} movements)"
    return f"{counted(tally.count, 'gesture')}{inside}{_per_minute([tally])}"


def _rate(figures: Figures, heard: bool) -> str:
    if not heard:
        return NOT_MEASURED
    if "speaking" not in figures.tallies:
        return "no speech"
    if figures.speech_rate is None:
        return "no clearly brisk or slow turn"
    rate, over_s = figures.speech_rate
    return f"{rate:.1f} per second, over {length(over_s)}"


def _pauses(tallies: dict[str, Tally], heard: bool) -> str:
    text = _count(tallies, ("pause", "long_pause"), heard)
    found = [tallies[name] for name in ("pause", "long_pause") if name in tallies]
    return f"{text}; longest {max(one.longest_s for one in found):.1f} s" if heard and found else text


def cue_totals_table(recording: Recording, figures: Figures) -> Html:
    """Draw a table of totals for each kind of cue."""
    rows = []
    for name, cues in cues_by_name(recording.cues).items():
        tally = figures.tallies[name]
        rows.append(
            (
                plain(name),
                str(tally.count),
                f"{tally.total_s:.1f} s",
                percentage(tally.share),
                "–" if tally.per_minute is None else f"{tally.per_minute:.1f}",
                measured(median(cue.value for cue in cues), cues[0].unit),
            )
        )
    heading = ("cue", "count", "total", "share of time", "per minute", "median")
    return table(heading, rows, numbers=True, caption="Totals by kind of cue")


def cue_list_table(cues: Sequence[CueEntry]) -> Html:
    """Draw a table of all cues."""
    rows = [(plain(cue.cue), _when(cue), cue_numbers(cue), f"{cue.certainty:.2f}") for cue in cues]
    return table(("cue", "when", "measured", "certainty"), rows, caption="All cues")


def engagement_table(recording: Recording) -> Html:
    """Draw a table of the periods of engagement."""
    rows = [(part.state, _when(part), length(part.end - part.start)) for part in recording.engagement]
    return table(("state", "when", "duration"), rows, caption="Periods of engagement")


def quality_table(recording: Recording) -> Html:
    """Draw a table of quality, overall and by window."""
    rows: list[tuple[Child, ...]] = [
        (_when(entry), *(str(getattr(entry.values, name)) for name in SCORES))
        for entry in recording.judged.timeline
    ]
    if recording.judged.overall is not None:
        rows.append(("overall", *(str(getattr(recording.judged.overall, name)) for name in SCORES)))
    return table(("when", "index", *DIMENSIONS), rows, numbers=True, caption="Quality by window")


def coverage_table(coverage: CoverageEntry) -> Html:
    """Draw a table of what could be measured."""
    rows = [
        ("picture", _presence(coverage.picture)),
        ("frames with a face", _share(coverage.face_share, coverage.picture)),
        ("analysis rate", _analysis_rate(coverage)),
        ("sound", _presence(coverage.sound)),
        ("time with speech", _share(coverage.speech_share, coverage.sound)),
        ("not analysed", _periods(coverage.dropped)),
        ("analysed without a picture", _periods(coverage.degraded)),
    ]
    return table(("what", "in this recording"), rows, caption="Coverage")


def _analysis_rate(coverage: CoverageEntry) -> str:
    if coverage.analysis_rate_hz is None:
        return _share(None, coverage.picture)
    return f"at least {coverage.analysis_rate_hz:g} frames per second"


def _presence(present: bool | None) -> str:
    return "unknown" if present is None else "yes" if present else "none"


def _share(share: float | None, present: bool | None) -> str:
    if share is not None:
        return percentage(share)
    return NOT_MEASURED if present is False else "unknown"


def _periods(periods: Sequence[Period]) -> str:
    return "; ".join(times(one.span) for one in periods) or "nothing"


def measures_table(names: Sequence[str]) -> Html:
    """Draw a table of how cues are measured, from the table of thresholds in use."""
    known = {name: cue_table().get(_TABLE_ROW.get(name, name)) for name in in_table_order(names)}
    rows = [
        (plain(name), row.measured_as, row.known_failure, row.source)
        for name, row in known.items()
        if row is not None
    ]
    return table(("cue", "measured as", "known failure", "source"), rows, caption="How each cue is measured")
