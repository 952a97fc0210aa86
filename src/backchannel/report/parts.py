"""Parts that both versions of the report have: header, sections, legend."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backchannel.html.markup import Html, tag
from backchannel.html.words import HOW_LIKELY, length
from backchannel.report.recording import Recording
from backchannel.report.words import moment
from backchannel.values import Probability

LEVELS: Final[Mapping[Probability, int]] = MappingProxyType({"low": 1, "medium": 2, "high": 3})


def header(recording: Recording) -> Html:
    """Draw the title, the duration and the dates."""

    def fact(label: str, value: Html) -> Html:
        return tag("div", tag("dt", label), tag("dd", value))

    facts = [fact("Duration", tag("span", length(recording.duration)))]
    moments = (("Recorded", recording.recorded_at), ("Analysed", recording.analyzed_at))
    facts += [
        fact(label, tag("time", moment(at), datetime=at.isoformat()))
        for label, at in moments
        if at is not None
    ]
    return tag(
        "header",
        tag("p", "Backchannel report", class_="eyebrow"),
        tag("h1", recording.source),
        tag("dl", facts, class_="facts"),
    )


def section(title: str, name: str, *children: Html) -> Html:
    """Draw a section with its heading."""
    return tag(
        "section",
        tag("h2", title, id=f"{name}-title"),
        list(children),
        id=name,
        aria_labelledby=f"{name}-title",
    )


def legend(*, cues: bool = False) -> Html:
    """Draw the meaning of the colours of a timeline, also those of cues if it has them."""
    entries = [(f"signal {level}", f"signal, {HOW_LIKELY[level].lower()}") for level in LEVELS]
    entries += [("engaged", "engaged"), ("idle", "neutral"), ("disengaged", "disengaged")]
    entries += [("cue", "cue")] if cues else []
    return tag(
        "ul",
        [
            tag(
                "li",
                tag(
                    "svg",
                    tag("g", tag("rect", x=1, y=1, width=26, height=12, rx=2), class_=f"mark {kind}"),
                    width=28,
                    height=14,
                    aria_hidden="true",
                ),
                meaning,
            )
            for kind, meaning in entries
        ],
        class_="legend",
    )
