"""The confusion page: every label beside every detection, clip by clip, to show each miss."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from backchannel.explain.labels import LabelledCue
from backchannel.explain.run import EvaluatedClip
from backchannel.explain.score import ClipScore, CueMatch
from backchannel.explain.totals import clip_rows, cue_rows, length_line, speech_error, summary_rows
from backchannel.html.markup import Html, page, tag
from backchannel.html.table import table
from backchannel.html.timeline import Mark, axis, lane
from backchannel.html.words import describe_signal, numbers_of, plain, times
from backchannel.values import EngagementSpan, Span

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
LEGEND: tuple[tuple[Kind, str], ...] = (
    ("found", "label, found"),
    ("missed", "label, missed"),
    ("unasked", "label of low certainty, not required"),
    ("right", "detection, right"),
    ("wrong", "detection, wrong"),
    ("ignored", "detection, not counted"),
)
_LABEL_KINDS = ("found", "missed", "unasked")
_SIGN = {"missed": "○", "wrong": "✗"}
_COUNTED = {"right": "right", "wrong": "wrong", "ignored": "not counted"}
MIN_SPEECH_ERROR_S = 0.15
"""Shorter disagreements about speech are edges of words. They count, but are not drawn."""


def confusion_page(clips: Sequence[EvaluatedClip], window_s: float) -> str:
    """Return the whole page."""
    scores = [clip.score for clip in clips]
    body = [
        _patterns(),
        tag(
            "header",
            tag("h1", "Labels against detections"),
            tag("p", length_line(scores), class_="lead"),
            tag(
                "p",
                (
                    f"Analysed in windows of {window_s:g} s, as a live session would. The upper half of "
                    "each lane has a person's labels, the lower half the detections. A detection and a "
                    "label match when they share at least half of the shorter one, or 0.5 s; labels of low "
                    "certainty are not required. Point at a mark, or use Tab and the arrow keys, for its "
                    "numbers; N and P go to the next and the previous miss."
                ),
            ),
            _legend(),
        ),
        tag(
            "main",
            tag("section", tag("h2", "Cues, all clips"), _cue_table(scores), class_="totals"),
            tag("section", tag("h2", "Speech and signals"), _summary_table(scores), class_="totals"),
            tag("section", tag("h2", "Clips"), _clip_table(scores), class_="totals"),
            [_clip(clip, number) for number, clip in enumerate(clips)],
        ),
        tag("div", id="hint", role="status", hidden=True),
    ]
    return page(
        "Labels against detections", body, "backchannel.explain", ("confusion.css",), ("confusion.js",)
    )


def _patterns() -> Html:
    stripes = tag("path", d="M-1 7 7 -1 M3 9 9 3 M-3 3 3 -3", class_="stripe")
    pattern = tag("pattern", stripes, id="stripes", width=6, height=6, patternUnits="userSpaceOnUse")
    return tag("svg", tag("defs", pattern), width=0, height=0, aria_hidden="true", class_="patterns")


def _legend() -> Html:
    def sample(kind: Kind) -> Html:
        mark = _mark(Span(0.0, 1.0), kind, "top" if kind in _LABEL_KINDS else "bottom", "")
        return lane("", "", [mark], Span(0.0, 1.0))

    return tag(
        "ul",
        [tag("li", tag("span", sample(kind), aria_hidden="true"), meaning) for kind, meaning in LEGEND],
        class_="legend",
    )


def _cue_table(scores: Sequence[ClipScore]) -> Html:
    heading, *rows = cue_rows(scores)
    return table(heading, [(plain(name), *cells) for name, *cells in rows], numbers=True)


def _summary_table(scores: Sequence[ClipScore]) -> Html:
    heading, *rows = summary_rows(scores)
    return table(heading, rows)


def _clip_table(scores: Sequence[ClipScore]) -> Html:
    """Draw a row for each clip, with a link to its place on the page."""
    heading, *rows = clip_rows(scores)
    linked = [(tag("a", name, href=f"#clip-{number}"), *cells) for number, (name, *cells) in enumerate(rows)]
    return table(heading, linked)


def _clip(clip: EvaluatedClip, number: int) -> Html:
    score = clip.score
    shown = {name: match for name, match in score.cues.items() if match.labels or match.detections}
    return tag(
        "section",
        tag("h2", score.name, id=f"clip-{number}"),
        tag("p", f"{score.duration_s:.1f} s", class_="lead"),
        tag(
            "div",
            [_cue_lane(name, match, clip) for name, match in shown.items()],
            _speech_lane(clip),
            list(_signal_lanes(clip)),
            _engagement_lane(clip),
            axis(clip.whole),
            class_="lanes",
            role="group",
            aria_label=f"Timeline of {score.name}",
        ),
        _misses(clip),
        class_="clip",
    )


def _mark(
    span: Span, kind: Kind, row: Literal["top", "bottom", "whole"], text: str, caption: str | None = None
) -> Mark:
    return Mark(span, kind, row, text, caption, SIGNS.get(kind, ""), kind in ("ignored", "unasked"))


def _cue_lane(name: str, match: CueMatch, clip: EvaluatedClip) -> Html:
    marks = [_label_mark(name, label, found, clip) for label, found in match.labels]
    marks += [
        _mark(
            cue.span,
            verdict,
            "bottom",
            f"Detected {plain(name)} {times(cue.span, 2)}, {_COUNTED[verdict]}: {numbers_of(cue)}",
        )
        for cue, verdict in match.detections
    ]
    score = match.score
    note = f"{score.found} of {score.labels} found, {score.detections - score.right} wrong"
    return lane(plain(name), note, marks, clip.whole)


def _label_mark(name: str, label: LabelledCue, found: bool, clip: EvaluatedClip) -> Mark:
    kind: Kind = "unasked" if not label.asked else "found" if found else "missed"
    said = {"unasked": "not asked for", "found": "found", "missed": "missed"}[kind]
    why = clip.missed.get((name, label.span), "")
    text = f"Labelled {plain(label.cue)} {times(label.span, 2)}, {label.certainty} certainty: {said}. {why}"
    return _mark(label.span, kind, "top", text.strip())


def _speech_lane(clip: EvaluatedClip) -> Html:
    told = [label.span for label in clip.labels.speech]
    heard = [cue.span for cue in clip.cues if cue.name == "speaking"]
    if not told and not heard:
        return Html("")
    marks = [_mark(span, "found", "top", f"Labelled speech {times(span, 2)}", "") for span in told]
    marks += [_mark(span, "right", "bottom", f"Detected speech {times(span, 2)}", "") for span in heard]
    marks += [
        _mark(span, "missed", "top", f"Missed speech {times(span, 2)}", "")
        for span in _less(told, heard)
        if span.duration_s >= MIN_SPEECH_ERROR_S
    ]
    marks += [
        _mark(span, "wrong", "bottom", f"Silence detected as speech {times(span, 2)}", "")
        for span in _less(heard, told)
        if span.duration_s >= MIN_SPEECH_ERROR_S
    ]
    error = speech_error([clip.score])
    note = "no sound" if error.value is None else f"wrong {error} of the time"
    return lane("speech", note, marks, clip.whole)


def _less(spans: Iterable[Span], others: Sequence[Span]) -> list[Span]:
    """The parts of some spans that none of the others covers."""
    left = list(spans)
    for other in others:
        left = [
            piece
            for span in left
            for piece in (
                Span(span.start_s, min(span.end_s, other.start_s)),
                Span(max(span.start_s, other.end_s), span.end_s),
            )
            if piece.duration_s > 0
        ]
    return left


def _signal_lanes(clip: EvaluatedClip) -> Iterator[Html]:
    score = clip.score
    for name in sorted({*score.reported, *score.plausible}):
        signals = [signal for result in clip.results for signal in result.signals if signal.type == name]
        plausible, implausible = name in score.plausible, name in score.implausible
        kind: Kind = "right" if plausible else "wrong" if implausible else "neutral"
        labelled = "plausible" if plausible else "implausible" if implausible else "not labelled"
        marks = [
            _mark(signal.span, kind, "bottom", f"Reported {describe_signal(signal)}", f"{signal.probability}")
            for signal in signals
        ]
        if plausible:
            found: Kind = "found" if signals else "missed"
            said = "reported" if signals else "not reported"
            text = f"{name} is plausible in this clip: {said}"
            marks.append(_mark(clip.whole, found, "top", text))
        yield lane(f"signal: {name}", labelled, marks, clip.whole)


def _engagement_lane(clip: EvaluatedClip) -> Html:
    plausible = clip.labels.engagement_plausible
    kinds: dict[str, Kind] = {"engaged": "engaged", "neutral": "idle", "disengaged": "disengaged"}
    marks = []
    for part in joined_engagement(part for result in clip.results for part in result.engagement):
        fits = "" if not plausible else ", plausible" if part.state in plausible else ", not plausible"
        text = f"Engagement {part.state} {times(part.span, 2)}{fits}"
        caption = part.state if not fits.startswith(", not") else f"✗ {part.state}"
        marks.append(_mark(part.span, kinds[part.state], "whole", text, caption))
    note = f"plausible: {', '.join(plausible)}" if plausible else "not labelled"
    return lane("engagement", note, marks, clip.whole)


def joined_engagement(parts: Iterable[EngagementSpan]) -> list[EngagementSpan]:
    """Join spans across the edges of windows."""
    joined: list[EngagementSpan] = []
    for part in parts:
        if joined and joined[-1].state == part.state:
            joined[-1] = EngagementSpan(Span(joined[-1].span.start_s, part.span.end_s), part.state)
        else:
            joined.append(part)
    return joined


def _misses(clip: EvaluatedClip) -> Html:
    score = clip.score
    timed = [
        (label.span, "missed", name, clip.missed.get((name, label.span), ""))
        for name, match in score.cues.items()
        for label in match.missed
    ]
    timed += [
        (cue.span, "wrong", name, f"Detected without a label: {numbers_of(cue)}")
        for name, match in score.cues.items()
        for cue in match.wrong
    ]
    timed += [
        (signal.span, "wrong", f"signal {signal.type}", describe_signal(signal))
        for result in clip.results
        for signal in result.signals
        if signal.type in score.implausible
    ]
    rows = [
        (f"{_SIGN[kind]} {kind}: {plain(name)}", times(span, 2), why)
        for span, kind, name, why in sorted(timed)
    ]
    rows += [
        (f"{_SIGN['missed']} missed: signal {name}", "", "plausible, not reported") for name in score.missed
    ]
    if not rows:
        return tag("p", "No misses.")
    return tag(
        "details",
        tag("summary", f"Every miss in words ({len(rows)})"),
        table(("What", "When", "Why"), [(plain(what), *cells) for what, *cells in rows]),
    )
