"""The brief report: what is worth sharing, on two printed pages."""

import base64
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from backchannel.html.markup import Html, fragment, tag
from backchannel.html.words import times
from backchannel.report.course import signal_lanes
from backchannel.report.key_figures import key_figures_table
from backchannel.report.parts import legend, section
from backchannel.report.prose import COMPANY, WHAT_THIS_IS
from backchannel.report.recording import Recording
from backchannel.report.story import story_of
from backchannel.report.transcript import said_during, spoken_beside_signals
from backchannel.summary.moments import Moment
from backchannel.summary.summarize import INTERPRETATION, Summary, summarize

Stills: TypeAlias = Mapping[float, bytes]
"""JPEG pictures by the start of their moment, s."""


def brief_sections(recording: Recording, stills: Stills) -> Html:
    """Draw every section of the brief report."""
    summary = summarize(story_of(recording))
    return fragment(
        [
            _lead(recording, summary),
            _moments(recording, summary.moments, stills),
            section("Timeline", "timeline", legend(), signal_lanes(recording)),
            spoken_beside_signals(recording),
            section("Key figures", "figures", *key_figures_table(recording)),
            _care(summary.cautions),
        ]
    )


def _lead(recording: Recording, summary: Summary) -> Html:
    voice, face, _, _ = summary.lines
    company = tag("p", COMPANY, class_="dim") if recording.coverage.company else Html("")
    lead = tag("div", tag("p", voice), tag("p", face), company, class_="summary")
    return section("In short", "summary", lead)


def _moments(recording: Recording, moments: Sequence[Moment], stills: Stills) -> Html:
    if not moments:
        return section("Moments worth seeing", "moments", tag("p", "Nothing stood out."))
    cards = [tag("li", _moment(recording, moment, stills.get(moment.span.start_s))) for moment in moments]
    return section("Moments worth seeing", "moments", tag("ol", cards, class_="moments"))


def _moment(recording: Recording, moment: Moment, still: bytes | None) -> Html:
    said = said_during(recording, moment.span)
    return tag(
        "article",
        _picture(moment, still) if still is not None else Html(""),
        tag("p", times(moment.span), class_="when"),
        tag("h3", moment.heading) if moment.heading else Html(""),
        tag("p", moment.sentence),
        tag("p", f"“{said}”", class_="said") if said else Html(""),
        class_="moment",
    )


def _picture(moment: Moment, still: bytes) -> Html:
    data = base64.b64encode(still).decode()
    # The picture shows what the sentence says, so a screen reader needs no second description.
    return tag("img", src=f"data:image/jpeg;base64,{data}", alt=f"Still at {times(moment.span)}")


def _care(cautions: Sequence[str]) -> Html:
    return section(
        "Treat with caution",
        "care",
        # The note below says this at more length.
        tag("ul", [tag("li", sentence) for sentence in cautions if sentence != INTERPRETATION]),
        tag("p", WHAT_THIS_IS, class_="caution", role="note"),
    )
