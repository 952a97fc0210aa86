"""Timelines as SVG. Marks differ by colour, shape and sign."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from backchannel.html.markup import Child, Html, tag
from backchannel.html.words import clock
from backchannel.values import Span

_HALF_PX, _GAP_PX, _TOP_PX = 14, 3, 3
LANE_PX = 2 * (_HALF_PX + _TOP_PX) + _GAP_PX
_ROOM_FOR_WORDS = 0.12
"""Marks that fill a smaller share of the lane show their sign instead of their caption."""
_MAX_TICKS = 12
_STEPS_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on a lane.

    Attributes
    ----------
    span
        The time that it covers.
    kind
        Its CSS class, which sets its look.
    row
        ``top`` or ``bottom`` half of the lane, or the ``whole``.
    text
        The full description.
    caption
        A short text drawn inside if there is room. None draws the sign.
    sign
        Drawn inside if the caption does not fit.
    thin
        Whether it has half the height of its row.
    href
        A link within the page.
    """

    span: Span
    kind: str
    row: Literal["top", "bottom", "whole"]
    text: str
    caption: str | None = None
    sign: str = ""
    thin: bool = False
    href: str | None = None


def lane(
    title: str,
    note: str,
    marks: Sequence[Mark],
    over: Span,
    *,
    height_px: float = LANE_PX,
    scripted: bool = True,
) -> Html:
    """Draw a named lane of a timeline.

    Parameters
    ----------
    title, note
        The lane's name, and a remark beside it.
    marks
        Marks in any order.
    over
        The time that the lane shows. Marks are clipped to it.
    height_px
        Height of the lane, px.
    scripted
        Whether a script of the page shows descriptions and handles the keyboard. Otherwise the browser does.
    """
    ordered = sorted(
        (mark for mark in marks if _is_inside(mark.span, over)), key=lambda mark: (mark.span, mark.row)
    )
    return strip(title, note, [_mark(mark, over, height_px, scripted) for mark in ordered], over, height_px)


def strip(title: str, note: str, drawn: Child, over: Span, height_px: float) -> Html:
    """Draw a named row of a timeline: grid lines, and the given SVG above them."""
    return tag(
        "div",
        tag("div", tag("b", title), " ", tag("small", note), class_="name"),
        tag(
            "svg",
            [_grid_line(time_s, over, height_px) for time_s in ticks(over)],
            drawn,
            height=height_px,
            width="100%",
            role="group",
            aria_label=f"{title}: {note}" if note else title,
        ),
        class_="lane",
    )


def axis(over: Span) -> Html:
    """Draw the time axis."""
    times_s = ticks(over)
    decimals = 0 if all(time_s.is_integer() for time_s in times_s) else 1
    return tag(
        "div",
        tag("div", class_="name"),
        tag(
            "svg",
            [
                tag("text", clock(time_s, decimals), x=percent(time_s, over), y=13, class_="tick")
                for time_s in times_s
            ],
            height=18,
            width="100%",
            aria_hidden="true",
        ),
        class_="lane axis",
    )


def ticks(over: Span) -> list[float]:
    """Return round times for the grid lines, at most 13.

    Examples
    --------
    >>> ticks(Span(0, 4))
    [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]
    """
    step_s = next((step for step in _STEPS_S if over.duration_s / step <= _MAX_TICKS), 600.0)
    first, last = math.ceil(over.start_s / step_s - 1e-9), math.floor(over.end_s / step_s + 1e-9)
    return [index * step_s for index in range(first, last + 1)]


def percent(time_s: float, over: Span) -> str:
    """Return the horizontal position of a time, in percent of the width."""
    return f"{100.0 * (time_s - over.start_s) / max(over.duration_s, 1e-9):.3f}%"


def _is_inside(span: Span, over: Span) -> bool:
    """Whether any part of a span is visible. A span without length counts at its start."""
    ends_after = span.end_s > over.start_s or span.start_s == span.end_s == over.start_s
    return ends_after and span.start_s < over.end_s


def _mark(mark: Mark, over: Span, height_px: float, scripted: bool) -> Html:
    y, height = _rows(mark, height_px)
    shown = mark.span.clip(over)
    roomy = shown.duration_s >= _ROOM_FOR_WORDS * over.duration_s
    written = mark.sign if mark.caption is None or (mark.caption and not roomy) else mark.caption
    return tag(
        "a" if mark.href else "g",
        "" if scripted else tag("title", mark.text),
        tag(
            "rect",
            x=percent(shown.start_s, over),
            y=y,
            width=f"{100.0 * shown.duration_s / max(over.duration_s, 1e-9):.3f}%",
            height=height,
            rx=2,
        ),
        tag(
            "text",
            written,
            x=percent((shown.start_s + shown.end_s) / 2, over),
            y=y + height / 2 + 4,
            aria_hidden="true",
        )
        if written
        else "",
        class_=f"mark {mark.kind}",
        tabindex=-1 if scripted else None,
        role=None if mark.href else "img",
        aria_label=mark.text,
        href=mark.href,
        data_start=round(mark.span.start_s, 3) if scripted else None,
    )


def _rows(mark: Mark, height_px: float) -> tuple[float, float]:
    """Return the top and the height of a mark, px."""
    y, height = _TOP_PX, height_px - 2 * _TOP_PX
    if mark.row != "whole":
        y, height = _TOP_PX + (_HALF_PX + _GAP_PX if mark.row == "bottom" else 0), _HALF_PX
    return (y + height // 4, height // 2) if mark.thin else (y, height)


def _grid_line(time_s: float, over: Span, height_px: float) -> Html:
    x = percent(time_s, over)
    return tag("line", x1=x, x2=x, y1=0, y2=height_px, class_="grid")
