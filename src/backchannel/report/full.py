"""The full report: every signal with its evidence, every figure, and how it was measured."""

from backchannel.html.markup import Html, fragment, tag
from backchannel.html.words import counted, headline, likely, percentage, times
from backchannel.report.course import quality_course, timeline
from backchannel.report.figures import Figures, figures_of
from backchannel.report.overview import coverage_notes, overview
from backchannel.report.parts import LEVELS, legend, section
from backchannel.report.prose import (
    ENGAGEMENT,
    EVIDENCE,
    HOW,
    NOT_TRANSCRIBED,
    NOTHING_INVENTED,
    QUALITY,
    WHAT_THIS_IS,
)
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
from backchannel.report.transcript import whole_transcript
from backchannel.values import BEHAVIOUR_NOTE


def full_sections(recording: Recording) -> Html:
    """Draw every section of the full report."""
    figures = figures_of(recording)
    return fragment(
        [
            _summary(recording, figures),
            section("Timeline", "timeline", legend(cues=True), timeline(recording)),
            _signals(recording),
            _engagement(recording, figures),
            _quality(recording),
            _cues(recording, figures),
            whole_transcript(recording),
            _coverage(recording),
            _method(recording),
        ]
    )


def _summary(recording: Recording, figures: Figures) -> Html:
    sentences = overview(recording, figures)
    return section(
        "Summary",
        "summary",
        tag("div", [tag("p", sentence) for sentence in sentences], class_="summary"),
        tag("p", WHAT_THIS_IS, class_="caution", role="note"),
    )


def _signals(recording: Recording) -> Html:
    if not recording.signals:
        return section("Signals", "signals", tag("p", "No signal was reported."))
    return section(
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
    level = LEVELS[signal.probability]
    meter = tag(
        "span",
        [tag("i", class_="on" if place < level else "off") for place in range(len(LEVELS))],
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
        return section("Engagement", "engagement", tag("p", "Engagement was not measured."))
    shares = [(state, share) for state, share in figures.engagement.items() if share > 0]
    return section(
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
        return section("Quality", "quality", tag("p", BEHAVIOUR_NOTE))
    if not recording.judged.timeline:
        return section(
            "Quality",
            "quality",
            tag("p", "Quality was not requested, or the recording has no complete window."),
        )
    return section(
        "Quality over time",
        "quality",
        tag("p", QUALITY),
        quality_course(recording),
        tag("details", tag("summary", "As a table"), quality_table(recording)),
    )


def _cues(recording: Recording, figures: Figures) -> Html:
    if not recording.cues:
        return section("Cues", "cues", tag("p", "No cue was detected."))
    return section(
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
    return section(
        "Coverage and limits",
        "coverage",
        tag("p", " ".join(notes)) if notes else Html(""),
        coverage_table(recording.coverage),
        tag("p", NOTHING_INVENTED),
        Html("") if recording.transcript else tag("p", NOT_TRANSCRIBED),
    )


def _method(recording: Recording) -> Html:
    return section(
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
