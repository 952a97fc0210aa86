"""Add up the scores of clips, as a table and as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from backchannel.explain.score import CUE_OF_LABEL, ClipScore, CueScore

Row = tuple[str, ...]
"""Cells of one row of a table."""


def total_cues(clips: Sequence[ClipScore]) -> Mapping[str, CueScore]:
    """Each cue over all clips."""
    return {cue: sum((clip.cues[cue].score for clip in clips), CueScore()) for cue in CUE_OF_LABEL.values()}


def speech_accuracy(clips: Sequence[ClipScore]) -> float | None:
    """Share of the time with the right decision between speech and silence; None without sound."""
    compared_s = sum(clip.speech_s for clip in clips)
    return sum(clip.speech_agreement_s for clip in clips) / compared_s if compared_s else None


def implausible_share(clips: Sequence[ClipScore]) -> float | None:
    """Share of the reported signals that a careful person would never report."""
    reported = sum(len(clip.reported) for clip in clips)
    return sum(len(clip.implausible) for clip in clips) / reported if reported else None


def plausible_found(clips: Sequence[ClipScore]) -> float | None:
    """Share of the signals a careful person might report that were reported."""
    plausible = sum(len(clip.plausible) for clip in clips)
    return sum(len(clip.found) for clip in clips) / plausible if plausible else None


def false_per_minute(clips: Sequence[ClipScore], cue: str) -> float:
    """Wrong detections of a cue a minute."""
    minutes = sum(clip.duration_s for clip in clips) / 60.0
    score = total_cues(clips)[cue]
    return (score.detections - score.right) / minutes if minutes else 0.0


def as_json(clips: Sequence[ClipScore]) -> dict[str, Any]:
    """Everything as JSON. Each clip has the same shape as the whole."""
    return _figures(clips) | {
        "clips": {
            clip.name: {"duration_s": round(clip.duration_s, 2)}
            | _figures([clip])
            | {
                "reported": list(clip.reported),
                "implausible": list(clip.implausible),
                "missed": list(clip.missed),
                "engagement_s": {state: round(time_s, 2) for state, time_s in clip.engagement.items()},
            }
            for clip in clips
        }
    }


def _figures(clips: Sequence[ClipScore]) -> dict[str, Any]:
    return {
        "cues": {name: _cue_json(score) for name, score in total_cues(clips).items()},
        "speech": {"frame_accuracy": _rounded(speech_accuracy(clips))},
        "signals": {
            "implausible_share": _rounded(implausible_share(clips)),
            "plausible_found": _rounded(plausible_found(clips)),
        },
    }


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
    heading = ("Cue", "Labels", "Found", "Recall", "Detections", "Right", "Precision", "F1")
    rows: list[Row] = [
        (
            name,
            str(score.labels),
            str(score.found),
            share(score.recall),
            str(score.detections),
            str(score.right),
            share(score.precision),
            share(score.f1),
        )
        for name, score in total_cues(clips).items()
    ]
    return [heading, *rows]


def clip_rows(clips: Sequence[ClipScore]) -> list[Row]:
    """The table of clips as text, its heading first."""
    heading = (
        "Clip",
        "Labels found",
        "Wrong",
        "Speech error",
        "Reported",
        "Implausible",
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
                share(speech_error([clip])),
                ", ".join(clip.reported) or "–",
                ", ".join(clip.implausible) or "–",
                ", ".join(clip.missed) or "–",
            )
        )
    return rows


def speech_error(clips: Sequence[ClipScore]) -> float | None:
    """Share of the time with speech detected as silence, or silence as speech."""
    accuracy = speech_accuracy(clips)
    return None if accuracy is None else 1.0 - accuracy


def summary_lines(clips: Sequence[ClipScore]) -> list[str]:
    """The figures outside the tables, a sentence each."""
    minutes = sum(clip.duration_s for clip in clips) / 60.0
    return [
        f"{len(clips)} clip{'s' if len(clips) != 1 else ''}, {minutes:.1f} minutes",
        f"Voice activity: wrong {share(speech_error(clips))} of the time",
        (
            f"False nods a minute: {false_per_minute(clips, 'nod'):.2f}; "
            f"false shakes a minute: {false_per_minute(clips, 'shake'):.2f}"
        ),
        f"Reported signals labelled implausible: {share(implausible_share(clips))}",
        f"Plausible signals found: {share(plausible_found(clips))}",
    ]


def as_markdown(clips: Sequence[ClipScore]) -> str:
    """The tables as Markdown, readable on a terminal too."""
    summary = "\n".join(f"- {line}" for line in summary_lines(clips))
    return f"{_table(cue_rows(clips))}\n\n{summary}\n\n{_table(clip_rows(clips))}\n"


def _table(rows: Sequence[Row]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def share(value: float | None) -> str:
    """Two digits; a dash if unknown."""
    return "–" if value is None else f"{value:.2f}"
