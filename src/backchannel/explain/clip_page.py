"""The page that explains one clip: every track over time, with its baseline, thresholds and cues."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from backchannel.arrays import FloatArray
from backchannel.explain.confusion import joined_engagement
from backchannel.explain.labels import Labels
from backchannel.explain.lanes import Lane, Swings, lanes_by_cue, lanes_of
from backchannel.explain.reasons import why_missed
from backchannel.explain.replay import Replay
from backchannel.explain.score import CUE_OF_LABEL, labels_by_cue, match_cue
from backchannel.html.markup import Html, page, tag
from backchannel.html.table import table
from backchannel.html.words import describe_signal, numbers_of, plain, times
from backchannel.values import Cue, Span

MAX_ROWS_PER_S = 50.0
"""Longer tracks are thinned to this many rows, which still shows the shortest cue."""


def explain_page(name: str, replay: Replay, labels: Labels | None = None) -> str:
    """Return the whole page.

    Parameters
    ----------
    name
        Name of the clip, for the heading.
    labels
        A person's labels of the clip, if there are any.
    """
    lanes = lanes_of(replay)
    data = {
        "duration": round(replay.duration_s, 3),
        "lanes": [_lane_json(lane, replay.cues, labels) for lane in lanes]
        + [
            rows
            for rows in (
                _rows_json("Other cues", _other_cues(replay.cues, lanes)),
                _rows_json("Other labels", _other_labels(labels, lanes)),
                _rows_json("Signals", _signals(replay)),
                _rows_json("Engagement", _engagement(replay)),
            )
            if rows["rows"]
        ],
    }
    body = [
        tag(
            "header",
            tag("h1", name),
            tag("p", _lead(replay, labels), class_="lead"),
            tag("p", _HOW),
            _legend(labels),
        ),
        tag(
            "div",
            tag(
                "div",
                [
                    tag("button", text, type="button", data_do=do, aria_label=label)
                    for text, do, label in _BUTTONS
                ],
                tag("output", id="now"),
                class_="buttons",
            ),
            tag("canvas", id="axis", height=22, aria_hidden="true"),
            id="bar",
        ),
        tag(
            "main",
            id="tracks",
            tabindex=0,
            role="application",
            aria_label="Tracks over time. Arrow keys move the line, plus and minus zoom, 0 shows everything.",
        ),
        tag("noscript", tag("p", "A script draws the tracks. The tables below work without it.")),
        tag("section", tag("h2", "Cues"), _cue_table(replay.cues)),
        _label_section(replay, labels, lanes),
        tag("div", id="hint", role="status", hidden=True),
    ]
    return page(
        f"{name}, explained",
        body,
        "backchannel.explain",
        ("explain.css",),
        ("tracks.js", "explain.js"),
        data,
    )


_HOW = (
    "Each lane is one track. The thin line is this person's baseline. Where a track passes the shaded "
    "level (solid edge) a cue may begin, and it lasts until the track falls back past the dashed edge. "
    "The cues below also meet the conditions on length, smoothing and circumstances. Drag to move in "
    "time; Ctrl and the wheel, or a pinch of the touchpad, zoom (over the time axis the wheel alone does); "
    "point for numbers."
)
_BUTTONS = (
    ("−", "out", "Zoom out"),
    ("+", "in", "Zoom in"),
    ("◀", "left", "Earlier"),
    ("▶", "right", "Later"),
    ("Everything", "all", "Show the whole clip"),
)


def _lead(replay: Replay, labels: Labels | None) -> str:
    coverage = dict.fromkeys(note for result in replay.results for note in result.coverage.notes)
    known = "with a person's labels" if labels is not None else "no labels"
    return " · ".join([f"{replay.duration_s:.1f} s", f"{len(replay.cues)} cues", known, *coverage])


def _legend(labels: Labels | None) -> Html:
    entries = [("value", "measured"), ("usual", "the person's baseline"), ("enter", "a cue counts from here")]
    entries += [("leave", "and lasts until here"), ("cue", "cue")]
    if labels is not None:
        entries += [("label", "label, found"), ("label missed", "label, missed or not required")]
    return tag(
        "ul",
        [tag("li", tag("span", class_=f"key {kind}", aria_hidden="true"), text) for kind, text in entries],
        class_="legend",
    )


def _lane_json(lane: Lane, cues: Sequence[Cue], labels: Labels | None) -> dict[str, Any]:
    step = (
        max(1, round(1.0 / (MAX_ROWS_PER_S * float(np.median(np.diff(lane.time_s))))))
        if lane.time_s.size > 1
        else 1
    )
    digits = lane.digits + 1
    levels = [
        {
            "cue": plain(limit.cue),
            "enter": round(limit.enter, 3),
            "leave": round(limit.leave, 3),
            "side": 1 if limit.side == "above" else -1,
        }
        for limit in lane.thresholds
    ]
    return {
        "group": lane.group,
        "title": lane.title,
        "unit": lane.unit,
        "digits": lane.digits,
        "t0": round(float(lane.time_s[0]), 4) if lane.time_s.size else 0.0,
        "dt": _mean_step_s(lane) * step,
        "value": _numbers(lane.value[::step], digits),
        "usual": None if lane.usual is None else _steps(lane.usual[::step], digits),
        "levels": levels,
        "note": "" if lane.swings is None else _swings_note(lane.swings),
        "cues": [_cue_json(cue) for cue in cues if cue.name in lane.cues],
        "labels": [] if labels is None else _label_marks(lane.cues, cues, labels),
    }


def _mean_step_s(lane: Lane) -> float:
    if lane.time_s.size < 2:
        return 1.0
    return float(lane.time_s[-1] - lane.time_s[0]) / (lane.time_s.size - 1)


def _swings_note(swings: Swings) -> str:
    return (
        f"{plain(swings.cue)}: swings of {swings.min_deg:g} deg or more, {swings.cycles:g} cycle"
        f"{'s' if swings.cycles != 1 else ''}, {swings.cycles_speaking:g} while speaking"
    )


def _numbers(track: FloatArray, digits: int) -> list[float | None]:
    return [round(float(value), digits) if np.isfinite(value) else None for value in track]


def _steps(track: FloatArray, digits: int) -> list[tuple[int, float | None]]:
    """A track that seldom changes, as pairs of a row and the value from there on."""
    steps: list[tuple[int, float | None]] = []
    for row, value in enumerate(_numbers(track, digits)):
        if not steps or steps[-1][1] != value:
            steps.append((row, value))
    return steps


def _span_json(span: Span, name: str, text: str, kind: str) -> dict[str, Any]:
    return {
        "start": round(span.start_s, 3),
        "end": round(span.end_s, 3),
        "name": name,
        "text": text,
        "kind": kind,
    }


def _cue_json(cue: Cue) -> dict[str, Any]:
    name = f"{plain(cue.name)} {cue.direction}".strip()
    return _span_json(cue.span, name, f"{plain(cue.name)} {times(cue.span, 2)}: {numbers_of(cue)}", "cue")


def _label_marks(names: Iterable[str], cues: Sequence[Cue], labels: Labels) -> list[dict[str, Any]]:
    wanted = labels_by_cue(labels)
    marks = []
    for name in names:
        if name == "speaking":
            marks += [
                _span_json(label.span, "speech", f"Labelled speech {times(label.span, 2)}", "label")
                for label in labels.speech
            ]
        match = match_cue([cue for cue in cues if cue.name == name], wanted.get(name, ()))
        for label, found in match.labels:
            said = "not asked for" if not label.asked else "found" if found else "missed"
            text = f"Labelled {plain(label.cue)} {times(label.span, 2)}, {label.certainty} certainty: {said}"
            kind = "label" if found else "label missed"
            marks.append(_span_json(label.span, plain(label.cue), text, kind))
    return marks


def _rows_json(group: str, rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "group": group,
        "title": group,
        "rows": [{"name": name, "spans": spans} for name, spans in rows.items()],
    }


def _other_cues(cues: Sequence[Cue], lanes: Sequence[Lane]) -> dict[str, list[dict[str, Any]]]:
    drawn = {name for lane in lanes for name in lane.cues}
    rows: dict[str, list[dict[str, Any]]] = {}
    for cue in cues:
        if cue.name not in drawn:
            rows.setdefault(plain(cue.name), []).append(_cue_json(cue))
    return rows


def _other_labels(labels: Labels | None, lanes: Sequence[Lane]) -> dict[str, list[dict[str, Any]]]:
    """Labels without a track: events that are not measured, or measured in another way."""
    drawn = {name for lane in lanes for name in lane.cues}
    rows: dict[str, list[dict[str, Any]]] = {}
    for label in () if labels is None else labels.cues:
        if CUE_OF_LABEL.get(label.cue) not in drawn:
            text = f"Labelled {plain(label.cue)} {times(label.span, 2)}, {label.certainty} certainty"
            rows.setdefault(plain(label.cue), []).append(_span_json(label.span, "", text, "label"))
    return rows


def _signals(replay: Replay) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for signal in sorted(
        (signal for result in replay.results for signal in result.signals),
        key=lambda one: (one.type, one.span),
    ):
        mark = _span_json(signal.span, signal.probability, describe_signal(signal), "signal")
        rows.setdefault(signal.type, []).append(mark)
    return rows


def _engagement(replay: Replay) -> dict[str, list[dict[str, Any]]]:
    parts = joined_engagement(part for result in replay.results for part in result.engagement)
    if not parts:
        return {}
    return {
        "state": [
            _span_json(part.span, part.state, f"{part.state} {times(part.span, 2)}", part.state)
            for part in parts
        ]
    }


def _cue_table(cues: Sequence[Cue]) -> Html:
    rows = [(plain(cue.name), _time_button(cue.span), numbers_of(cue)) for cue in cues]
    return table(("Cue", "When", "Measured"), rows)


def _label_section(replay: Replay, labels: Labels | None, lanes: tuple[Lane, ...]) -> Html:
    if labels is None:
        return Html("")
    by_cue = lanes_by_cue(lanes)
    rows = []
    for name, wanted in labels_by_cue(labels).items():
        detected = [cue for cue in replay.cues if cue.name == name]
        for label, found in match_cue(detected, wanted).labels:
            why = "" if found else why_missed(name, label.span, by_cue.get(name, ()), detected)
            said = "found" if found else "missed" if label.asked else "not asked for"
            rows.append((plain(label.cue), label.span, f"{label.certainty} certainty, {said}. {why}".strip()))
    rows.sort(key=lambda row: row[1])
    cells = [(name, _time_button(span), text) for name, span, text in rows]
    return tag("section", tag("h2", "Labels"), table(("Label", "When", "What became of it"), cells))


def _time_button(span: Span) -> Html:
    return tag(
        "button", times(span, 2), type="button", class_="time", data_start=span.start_s, data_end=span.end_s
    )
