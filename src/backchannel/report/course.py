"""The timelines of a report: engagement, signals, cues and quality."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from backchannel.cues.thresholds import cue_table
from backchannel.html.markup import Html, tag
from backchannel.html.timeline import Mark, axis, lane, percent, strip
from backchannel.html.words import HOW_LIKELY, clock, counted, headline, likely, plain, times
from backchannel.report.overview import NO_EVIDENCE
from backchannel.report.recording import CueEntry, QualityEntry, Recording
from backchannel.report.words import measured, named
from backchannel.values import DIMENSIONS, Modality, Span

PART_S: Final = 300.0
"""Longer recordings are drawn as a whole and also in parts of this length, s."""
_LANE_PX, _BAR_LANE_PX = 26, 56
_STATES = {"engaged": "engaged", "neutral": "idle", "disengaged": "disengaged"}
_GROUPS: tuple[tuple[str, tuple[Modality, ...]], ...] = (
    ("Visual cues", ("visual",)),
    ("Audio cues", ("audio", "text")),
)


def timeline(recording: Recording) -> Html:
    """Draw engagement, signals and (folded) cues over time. A long recording is also drawn in parts."""
    whole = Span(0.0, recording.duration)
    rows = {"engagement": _engagement_marks(recording)} | _signal_marks(recording)
    starts_s = [index * PART_S for index in range(math.ceil(recording.duration / PART_S))]
    parts = [Span(start_s, min(start_s + PART_S, recording.duration)) for start_s in starts_s]
    return tag(
        "div",
        _lanes(rows, whole, "Timeline"),
        _cue_lanes(recording, whole),
        tag(
            "details",
            tag("summary", f"In {len(parts)} parts of {PART_S / 60:g} minutes"),
            [
                [
                    tag("h3", times(part, 0)),
                    _lanes(rows, part, f"from {clock(part.start_s, 0)}"),
                ]
                for part in parts
            ],
            class_="parts",
        )
        if len(parts) > 1
        else "",
    )


def signal_lanes(recording: Recording) -> Html:
    """Draw engagement and signals over the whole recording."""
    rows = {"engagement": _engagement_marks(recording)} | _signal_marks(recording, linked=False)
    return _lanes(rows, Span(0.0, recording.duration), "Timeline")


def quality_course(recording: Recording) -> Html:
    """Draw a lane for each quality dimension, with a bar above or below 50 for each window."""
    overall = recording.judged.overall
    whole = Span(0.0, recording.duration)

    def row(name: str, title: str) -> Html:
        note = "" if overall is None else f"overall {getattr(overall, name)}"
        bars = [_bar(entry, name, title, whole) for entry in recording.judged.timeline]
        return strip(title, note, [_middle_line(), *bars], whole, _BAR_LANE_PX)

    return tag(
        "div",
        row("quality_index", "quality index"),
        [row(name, name) for name in DIMENSIONS],
        axis(whole),
        class_="lanes",
        role="group",
        aria_label="Quality over time",
    )


def _lanes(rows: Mapping[str, Sequence[Mark]], over: Span, title: str) -> Html:
    return tag(
        "div",
        [lane(name, "", marks, over, height_px=_LANE_PX, scripted=False) for name, marks in rows.items()],
        axis(over),
        class_="lanes",
        role="group",
        aria_label=title,
    )


def _engagement_marks(recording: Recording) -> list[Mark]:
    states = [
        Mark(part.span, _STATES[part.state], "whole", f"{part.state} {times(part.span)}", part.state)
        for part in recording.engagement
    ]
    return states + [
        Mark(lost.span, "lost", "whole", f"not analysed {times(lost.span)}")
        for lost in recording.coverage.dropped
    ]


def _signal_marks(recording: Recording, *, linked: bool = True) -> dict[str, list[Mark]]:
    """Return the marks by signal type, in alphabetical order, with links to the signals if they are shown."""
    marks: dict[str, list[Mark]] = {
        name: [] for name in sorted({signal.type for signal in recording.signals})
    }
    for number, signal in enumerate(recording.signals, 1):
        heading = f"{likely(signal.probability, signal.type)}, {times(signal.span)}"
        marks[signal.type].append(
            Mark(
                signal.span,
                f"signal {signal.probability}",
                "whole",
                f"{heading}. {headline(signal.rationale)}",
                HOW_LIKELY[signal.probability].lower(),
                href=f"#signal-{number}" if linked else None,
            )
        )
    return marks


def _cue_lanes(recording: Recording, over: Span) -> Html:
    if not recording.cues:
        return Html("")
    kinds = len({cue.cue for cue in recording.cues})
    return tag(
        "details",
        tag("summary", f"Cues over time ({counted(kinds, 'kind')})"),
        [_cue_group(title, recording, modalities, over) for title, modalities in _GROUPS],
        class_="cue-lanes",
    )


def _cue_group(title: str, recording: Recording, modalities: Sequence[Modality], over: Span) -> Html:
    by_name = cues_by_name(cue for cue in recording.cues if cue.modality in modalities)
    if not by_name:
        return Html("")
    rows = {plain(name): [_cue_mark(cue) for cue in cues] for name, cues in by_name.items()}
    return tag("div", tag("h3", title), _lanes(rows, over, title))


def cues_by_name(cues: Iterable[CueEntry]) -> dict[str, list[CueEntry]]:
    """Group cues by name, in the order of the table of cues."""
    grouped: dict[str, list[CueEntry]] = {}
    for cue in cues:
        grouped.setdefault(cue.cue, []).append(cue)
    return {name: grouped[name] for name in in_table_order(grouped)}


def in_table_order(names: Iterable[str]) -> list[str]:
    """Sort names of cues by the table of cues. Unknown names come last."""
    places = {name: place for place, name in enumerate(cue_table())}
    return sorted(set(names), key=lambda name: (places.get(name, len(places)), name))


def _cue_mark(cue: CueEntry) -> Mark:
    return Mark(cue.span, "cue", "whole", f"{plain(cue.cue)} {times(cue.span)}: {cue_numbers(cue)}", "")


def cue_numbers(cue: CueEntry) -> str:
    """List the measurements of a cue as text."""
    side = (
        f" {'to the ' if cue.direction in ('left', 'right') else ''}{cue.direction}" if cue.direction else ""
    )
    parts = [f"{measured(cue.value, cue.unit)}{side}"]
    if cue.baseline is not None:
        parts.append(f"baseline {measured(cue.baseline, cue.unit)}")
    parts += [f"{named(name)} {measured(value, unit)}" for name, value, unit in cue.measures]
    return ", ".join(parts)


def _middle_line() -> Html:
    return tag("line", x1="0%", x2="100%", y1=_BAR_LANE_PX / 2, y2=_BAR_LANE_PX / 2, class_="middle")


def _bar(entry: QualityEntry, name: str, title: str, over: Span) -> Html:
    score = getattr(entry.values, name)
    half = _BAR_LANE_PX / 2 - 3
    height = abs(score - NO_EVIDENCE) / 50 * half
    y = _BAR_LANE_PX / 2 - (height if score >= NO_EVIDENCE else 0)
    text = f"{title} {score} in {times(entry.span)}"
    shown = entry.span.clip(over)
    side = "above" if score >= NO_EVIDENCE else "below"
    return tag(
        "g",
        tag("title", text),
        tag(
            "rect",
            x=percent(shown.start_s, over),
            y=round(y, 1),
            width=f"{100.0 * shown.duration_s / max(over.duration_s, 1e-9):.3f}%",
            height=round(height, 1),
        ),
        class_=f"bar {side}",
        role="img",
        aria_label=text,
    )
