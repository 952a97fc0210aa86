"""How a report looks in a notebook."""

from typing import TYPE_CHECKING, Final

from backchannel.html.markup import Html, tag
from backchannel.html.table import table
from backchannel.html.words import clock, headline, likely, times

if TYPE_CHECKING:
    from backchannel.api.report import Report

MOST_SIGNALS: Final = 20
"""More rows would push the next cell out of sight (judgement)."""


def shown_in_notebook(report: "Report") -> str:
    """Return a short HTML fragment: the summary and the signals. Every text in it is escaped."""
    signals = report.signals
    rows = [
        (times(signal.span), likely(signal.probability, signal.type), headline(signal.rationale))
        for signal in signals[:MOST_SIGNALS]
    ]
    rest = len(signals) - len(rows)
    return tag(
        "div",
        tag("p", tag("b", report.source), f" {clock(report.duration_s)}"),
        [tag("p", line) for line in report.summary.lines] if report.windows else Html(""),
        table(("when", "signal", "because"), rows) if rows else tag("p", "No signal was reported."),
        tag("p", f"And {rest} more in report.signals.") if rest > 0 else Html(""),
    )
