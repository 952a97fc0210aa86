"""Timelines as SVG: marks at their times, told apart by colour, by shape and by sign."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from backchannel.evaluation.markup import Html, tag
from backchannel.model import Span

Kind = Literal[
    "found", "missed", "unasked", "right", "wrong", "ignored", "neutral", "engaged", "idle", "disengaged"
]
SIGNS: dict[str, str] = {
    "found": "✓",
    "missed": "○",
    "unasked": "~",
    "right": "✓",
    "wrong": "✗",
    "ignored": "~",
}

_HALF_PX, _GAP_PX, _TOP_PX = 14, 3, 3
LANE_PX = 2 * (_HALF_PX + _TOP_PX) + _GAP_PX
_ROOM_FOR_WORDS = 0.12
"""Marks that fill less of a lane carry a sign instead of a word."""
_MAX_TICKS = 12
_STEPS_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)


@dataclass(frozen=True, slots=True)
class Mark:
    """One stretch on a lane.

    Attributes
    ----------
    row
        ``top`` for what a person saw, ``bottom`` for what was detected, ``whole`` for both.
    text
        Everything there is to say about it.
    caption
        Written into it, where there is room; None for the sign of its kind.
    """

    span: Span
    kind: Kind
    row: Literal["top", "bottom", "whole"]
    text: str
    caption: str | None = None


def lane(title: str, note: str, marks: Sequence[Mark], duration_s: float) -> Html:
    """One named lane of a timeline."""
    ordered = sorted(marks, key=lambda mark: (mark.span, mark.row))
    return tag(
        "div",
        tag("div", tag("b", title), " ", tag("small", note), class_="name"),
        tag(
            "svg",
            [_grid_line(time_s, duration_s) for time_s in ticks(duration_s)],
            [_mark(mark, duration_s) for mark in ordered],
            height=LANE_PX,
            width="100%",
            role="group",
            aria_label=f"{title}: {note}",
        ),
        class_="lane",
    )


def axis(duration_s: float) -> Html:
    """The times under the lanes."""
    return tag(
        "div",
        tag("div", class_="name"),
        tag(
            "svg",
            [
                tag("text", f"{time_s:g}", x=_percent(time_s, duration_s), y=13, class_="tick")
                for time_s in ticks(duration_s)
            ],
            height=18,
            width="100%",
            aria_hidden="true",
        ),
        class_="lane axis",
    )


def ticks(duration_s: float) -> list[float]:
    """Round times, not too many."""
    step_s = next((step for step in _STEPS_S if duration_s / step <= _MAX_TICKS), 600.0)
    return [index * step_s for index in range(int(duration_s / step_s + 1e-9) + 1)]


def _mark(mark: Mark, duration_s: float) -> Html:
    y = _TOP_PX + (_HALF_PX + _GAP_PX if mark.row == "bottom" else 0)
    height = 2 * _HALF_PX + _GAP_PX if mark.row == "whole" else _HALF_PX
    if mark.kind in ("ignored", "unasked"):
        y, height = y + _HALF_PX // 4, _HALF_PX // 2
    middle = Span(mark.span.start_s, min(mark.span.end_s, duration_s))
    roomy = middle.duration_s >= _ROOM_FOR_WORDS * duration_s
    sign = SIGNS.get(mark.kind, "")
    written = sign if mark.caption is None or (mark.caption and not roomy) else mark.caption
    return tag(
        "g",
        tag(
            "rect",
            x=_percent(mark.span.start_s, duration_s),
            y=y,
            width=_percent(middle.duration_s, duration_s),
            height=height,
            rx=2,
        ),
        tag(
            "text",
            written,
            x=_percent((middle.start_s + middle.end_s) / 2, duration_s),
            y=y + height / 2 + 4,
            aria_hidden="true",
        )
        if written
        else "",
        class_=f"mark {mark.kind}",
        tabindex=-1,
        role="img",
        aria_label=mark.text,
        data_start=round(mark.span.start_s, 3),
    )


def _grid_line(time_s: float, duration_s: float) -> Html:
    x = _percent(time_s, duration_s)
    return tag("line", x1=x, x2=x, y1=0, y2=LANE_PX, class_="grid")


def _percent(time_s: float, duration_s: float) -> str:
    return f"{100.0 * time_s / max(duration_s, 1e-9):.3f}%"
