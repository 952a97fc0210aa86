"""Add up the scores of clips, as tables and as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from backchannel.explain.figures import Figure, f1, precision, ratio, recall
from backchannel.explain.groups import TRAITS, group_rows
from backchannel.explain.score import CUE_OF_LABEL, ClipScore, CueScore

Row = tuple[str, ...]
"""Cells of one row of a table."""


def total_cues(clips: Sequence[ClipScore]) -> Mapping[str, CueScore]:
    """Each cue over all clips."""
    return {cue: sum((clip.cues[cue].score for clip in clips), CueScore()) for cue in CUE_OF_LABEL.values()}


def speech_accuracy(clips: Sequence[ClipScore]) -> Figure:
    """Share of the time with the right decision between speech and silence; unknown without sound."""
    return ratio([(clip.speech_agreement_s, clip.speech_s) for clip in clips])


def speech_error(clips: Sequence[ClipScore]) -> Figure:
    """Share of the time with speech detected as silence, or silence as speech."""
    return ratio([(clip.speech_s - clip.speech_agreement_s, clip.speech_s) for clip in clips])


def implausible_share(clips: Sequence[ClipScore]) -> Figure:
    """Share of the reported signals that a careful person would never report."""
    return ratio([(len(clip.implausible), len(clip.reported)) for clip in clips])


def neither_share(clips: Sequence[ClipScore]) -> Figure:
    """Share of the reported signals that are labelled neither plausible nor implausible."""
    return ratio([(len(clip.neither), len(clip.reported)) for clip in clips])


def plausible_found(clips: Sequence[ClipScore]) -> Figure:
    """Share of the signals a careful person might report that were reported."""
    return ratio([(len(clip.found), len(clip.plausible)) for clip in clips])


def false_per_minute(clips: Sequence[ClipScore], cue: str) -> Figure:
    """Wrong detections of a cue a minute."""
    return ratio([(len(clip.cues[cue].wrong), clip.duration_s / 60.0) for clip in clips])


def as_json(clips: Sequence[ClipScore]) -> dict[str, Any]:
    """Everything as JSON. Each clip has the same shape as the whole, without intervals."""
    return _figures(clips) | {
        "intervals": _intervals(clips),
        "clips": {
            clip.name: {"duration_s": round(clip.duration_s, 2)}
            | _figures([clip])
            | {
                "reported": list(clip.reported),
                "implausible": list(clip.implausible),
                "neither": list(clip.neither),
                "missed": list(clip.missed),
                "engagement_s": {state: round(time_s, 2) for state, time_s in clip.engagement.items()},
            }
            for clip in clips
        },
    }


def _figures(clips: Sequence[ClipScore]) -> dict[str, Any]:
    return {
        "cues": {name: _cue_json(score) for name, score in total_cues(clips).items()},
        "speech": {"frame_accuracy": _rounded(speech_accuracy(clips).value)},
        "signals": {
            "implausible_share": _rounded(implausible_share(clips).value),
            "neither_share": _rounded(neither_share(clips).value),
            "plausible_found": _rounded(plausible_found(clips).value),
        },
        "false_per_minute": {cue: _rounded(false_per_minute(clips, cue).value) for cue in ("nod", "shake")},
    }


def _intervals(clips: Sequence[ClipScore]) -> dict[str, Any]:
    """Low and high end of each figure's interval, in the shape of `_figures`; null where there is none."""
    cues = {cue: [clip.cues[cue].score for clip in clips] for cue in CUE_OF_LABEL.values()}
    return {
        "cues": {
            cue: {
                "precision": _ends(precision(scores)),
                "recall": _ends(recall(scores)),
                "f1": _ends(f1(scores)),
            }
            for cue, scores in cues.items()
        },
        "speech": {"frame_accuracy": _ends(speech_accuracy(clips))},
        "signals": {
            "implausible_share": _ends(implausible_share(clips)),
            "neither_share": _ends(neither_share(clips)),
            "plausible_found": _ends(plausible_found(clips)),
        },
        "false_per_minute": {cue: _ends(false_per_minute(clips, cue)) for cue in ("nod", "shake")},
    }


def _ends(figure: Figure) -> list[float] | None:
    if figure.low is None or figure.high is None:
        return None
    return [round(figure.low, 3), round(figure.high, 3)]


def _cue_json(score: CueScore) -> dict[str, Any]:
    return {
        "precision": _rounded(score.precision),
        "recall": _rounded(score.recall),
        "f1": _rounded(score.f1),
        "labels": score.labels,
        "detections": score.detections,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def cue_rows(clips: Sequence[ClipScore]) -> list[Row]:
    """The table of cues as text, its heading first."""
    rows: list[Row] = [("Cue", "Labels", "Found", "Recall", "Detections", "Right", "Precision", "F1")]
    for name, total in total_cues(clips).items():
        scores = [clip.cues[name].score for clip in clips]
        rows.append(
            (
                name,
                str(total.labels),
                str(total.found),
                str(recall(scores)),
                str(total.detections),
                str(total.right),
                str(precision(scores)),
                str(f1(scores)),
            )
        )
    return rows


def summary_rows(clips: Sequence[ClipScore]) -> list[Row]:
    """The table of the other figures as text, its heading first."""
    reported = sum(len(clip.reported) for clip in clips)
    plausible = sum(len(clip.plausible) for clip in clips)
    heard_s = sum(clip.speech_s for clip in clips)
    length = _length(clips)

    def signals(count: int, total: int) -> str:
        return f"{count} of {total} signals"

    return [
        ("Figure", "Value", "From"),
        (
            "Voice activity, share of the time wrong",
            str(speech_error(clips)),
            f"{heard_s / 60.0:.1f} minutes",
        ),
        ("False nods a minute", str(false_per_minute(clips, "nod")), length),
        ("False shakes a minute", str(false_per_minute(clips, "shake")), length),
        (
            "Reported signals labelled implausible",
            str(implausible_share(clips)),
            signals(sum(len(clip.implausible) for clip in clips), reported),
        ),
        (
            "Reported signals labelled neither plausible nor implausible",
            str(neither_share(clips)),
            signals(sum(len(clip.neither) for clip in clips), reported),
        ),
        (
            "Plausible signals found",
            str(plausible_found(clips)),
            signals(sum(len(clip.found) for clip in clips), plausible),
        ),
    ]


def clip_rows(clips: Sequence[ClipScore]) -> list[Row]:
    """The table of clips as text, its heading first."""
    heading = (
        "Clip",
        "Labels found",
        "Wrong",
        "Speech error",
        "Reported",
        "Implausible",
        "Neither",
        "Plausible, missed",
    )
    rows: list[Row] = [heading]
    for clip in clips:
        score = sum((match.score for match in clip.cues.values()), CueScore())
        rows.append(
            (
                clip.name,
                f"{score.found} of {score.labels}",
                str(score.detections - score.right),
                str(speech_error([clip])),
                ", ".join(clip.reported) or "–",
                ", ".join(clip.implausible) or "–",
                ", ".join(clip.neither) or "–",
                ", ".join(clip.missed) or "–",
            )
        )
    return rows


def length_line(clips: Sequence[ClipScore]) -> str:
    """How much was analysed, and how to read an interval."""
    return (
        f"{len(clips)} clip{'s' if len(clips) != 1 else ''}, {_length(clips)}. In brackets: 95% confidence "
        "interval, from a bootstrap over clips. Figures from fewer than five clips have none."
    )


def _length(clips: Sequence[ClipScore]) -> str:
    return f"{sum(clip.duration_s for clip in clips) / 60.0:.1f} minutes"


def as_markdown(clips: Sequence[ClipScore]) -> str:
    """The tables as Markdown, readable on a terminal too."""
    parts = [
        length_line(clips),
        markdown_table(cue_rows(clips)),
        markdown_table(summary_rows(clips)),
        *_group_tables(clips),
        markdown_table(clip_rows(clips)),
    ]
    return "\n\n".join(parts) + "\n"


def _group_tables(clips: Sequence[ClipScore]) -> list[str]:
    tables = {trait: group_rows(clips, trait) for trait in TRAITS}
    unsaid = [f"`{trait}`" for trait, rows in tables.items() if not rows]
    shown = [markdown_table(rows) for rows in tables.values() if rows]
    if unsaid:
        shown.append(f"No figures by {', '.join(unsaid)}: the labels do not say.")
    return shown


def markdown_table(rows: Sequence[Row]) -> str:
    """Write rows as a Markdown table, with columns of one width."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])
