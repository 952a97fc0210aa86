"""The report: one self-contained HTML page about a recording."""

from collections.abc import Mapping
from types import MappingProxyType

from backchannel.html.markup import Html, fragment, page, tag
from backchannel.html.words import HOW_LIKELY, counted, headline, length, likely, percentage, times
from backchannel.report.course import quality_course, timeline
from backchannel.report.figures import Figures, figures_of
from backchannel.report.overview import coverage_notes, overview
from backchannel.report.prose import ENGAGEMENT, EVIDENCE, HOW, NOTHING_INVENTED, QUALITY, WHAT_THIS_IS
from backchannel.report.recording import Recording, SignalEntry
from backchannel.report.tables import (
    coverage_table,
    cue_list_table,
    cue_totals_table,
    engagement_table,
    evidence_table,
    figures_table,
    measures_table,
    quality_table,
)
from backchannel.report.words import moment
from backchannel.values import BEHAVIOUR_NOTE, Probability

_LEVELS: Mapping[Probability, int] = MappingProxyType({"low": 1, "medium": 2, "high": 3})


def render_report(recording: Recording) -> str:
    """Render the report of a recording.

    Parameters
    ----------
    recording
        The recording.

    Returns
    -------
    str
        A self-contained HTML page. Every text of the recording is escaped. A content security policy in the
        page forbids loading anything, and allows only the page's own script, which unfolds details for print.

    See Also
    --------
    backchannel.report.gather.recording_of : Makes a recording from the results of an analysis.
    backchannel.report.files.file_of : Writes a recording as any kind of file.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> analyzed_at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> recording = Recording(
    ...     source="talk.mp4", analyzed_at=analyzed_at, duration=10.0, signals=(), engagement=()
    ... )
    >>> page = render_report(recording)
    >>> "<h1>talk.mp4</h1>" in page, "No signal was reported." in page
    (True, True)
    """
    figures = figures_of(recording)
    body = [
        _header(recording),
        tag(
            "main",
            _summary(recording, figures),
            _section("Timeline", "timeline", _legend(), timeline(recording)),
            _signals(recording),
            _engagement(recording, figures),
            _quality(recording),
            _cues(recording, figures),
            _coverage(recording),
            _method(recording),
        ),
        tag("footer", tag("p", f"Created by Backchannel {recording.version} ({recording.engine}).")),
    ]
    return page(f"{recording.source} – report", body, "backchannel.report", ("report.css",), ("report.js",))


def _header(recording: Recording) -> Html:
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


def _section(title: str, name: str, *children: Html) -> Html:
    return tag(
        "section",
        tag("h2", title, id=f"{name}-title"),
        list(children),
        id=name,
        aria_labelledby=f"{name}-title",
    )


def _summary(recording: Recording, figures: Figures) -> Html:
    sentences = overview(recording, figures)
    return _section(
        "Summary",
        "summary",
        tag("div", [tag("p", sentence) for sentence in sentences], class_="summary"),
        tag("p", WHAT_THIS_IS, class_="caution", role="note"),
    )


def _legend() -> Html:
    entries = [(f"signal {level}", f"signal, {HOW_LIKELY[level].lower()}") for level in _LEVELS]
    entries += [("engaged", "engaged"), ("idle", "neutral"), ("disengaged", "disengaged"), ("cue", "cue")]
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


def _signals(recording: Recording) -> Html:
    if not recording.signals:
        return _section("Signals", "signals", tag("p", "No signal was reported."))
    return _section(
        "Signals",
        "signals",
        tag("p", EVIDENCE),
        tag(
            "ol",
            [tag("li", _signal(number, signal)) for number, signal in enumerate(recording.signals, 1)],
            class_="signals",
        ),
    )


def _signal(number: int, signal: SignalEntry) -> Html:
    level = _LEVELS[signal.probability]
    meter = tag(
        "span",
        [tag("i", class_="on" if place < level else "off") for place in range(len(_LEVELS))],
        class_="meter",
        aria_hidden="true",
    )
    sentence, evidence = signal.rationale, Html("")
    if signal.evidence:
        sentence = headline(signal.rationale)
        evidence = tag(
            "details",
            tag("summary", f"Evidence: {counted(len(signal.evidence), 'measurement')}"),
            tag("p", signal.rationale) if sentence != signal.rationale else Html(""),
            evidence_table(number, signal.type, signal.evidence),
            class_="printed",
        )
    return tag(
        "article",
        tag(
            "h3",
            tag("span", meter, class_="probability"),
            " ",
            tag("span", likely(signal.probability, signal.type), class_="type"),
            " ",
            tag("span", times(signal.span), class_="when"),
        ),
        tag("p", sentence, class_="rationale"),
        evidence,
        id=f"signal-{number}",
        class_="signal-card",
    )


def _engagement(recording: Recording, figures: Figures) -> Html:
    if not recording.engagement:
        return _section("Engagement", "engagement", tag("p", "Engagement was not measured."))
    shares = [(state, share) for state, share in figures.engagement.items() if share > 0]
    return _section(
        "Engagement",
        "engagement",
        tag(
            "ul",
            [
                tag(
                    "li",
                    tag("b", f"{percentage(share)} {state}"),
                    " ",
                    tag("span", ENGAGEMENT[state], class_="dim"),
                )
                for state, share in shares
            ],
            class_="shares",
        ),
        tag(
            "details",
            tag("summary", counted(len(recording.engagement), "period")),
            engagement_table(recording),
        ),
    )


def _quality(recording: Recording) -> Html:
    if recording.coverage.policy == "behaviour":
        return _section("Quality", "quality", tag("p", BEHAVIOUR_NOTE))
    if not recording.judged.timeline:
        return _section(
            "Quality",
            "quality",
            tag("p", "Quality was not requested, or the recording has no complete window."),
        )
    return _section(
        "Quality over time",
        "quality",
        tag("p", QUALITY),
        quality_course(recording),
        tag("details", tag("summary", "As a table"), quality_table(recording)),
    )


def _cues(recording: Recording, figures: Figures) -> Html:
    if not recording.cues:
        return _section("Cues", "cues", tag("p", "No cue was detected."))
    return _section(
        "Cues",
        "cues",
        figures_table(recording, figures),
        tag(
            "details",
            tag("summary", "Totals by kind of cue"),
            cue_totals_table(recording, figures),
            class_="printed",
        ),
        tag(
            "details",
            tag("summary", f"All cues with their measurements ({len(recording.cues)})"),
            cue_list_table(recording.cues),
            class_="long",
        ),
    )


def _coverage(recording: Recording) -> Html:
    notes = coverage_notes(recording)
    return _section(
        "Coverage and limits",
        "coverage",
        tag("p", " ".join(notes)) if notes else Html(""),
        coverage_table(recording.coverage),
        tag("p", NOTHING_INVENTED),
    )


def _method(recording: Recording) -> Html:
    return _section(
        "How it was measured",
        "method",
        fragment(tag("p", paragraph) for paragraph in HOW),
        tag(
            "details",
            tag("summary", "How each cue is measured, and its known failures"),
            measures_table([cue.cue for cue in recording.cues]),
        )
        if recording.cues
        else Html(""),
    )
