"""Adds clips up, and shows the result as text and as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from backchannel.evaluation.score import CUE_OF_LABEL, ClipScore, CueScore


def total_cues(clips: Sequence[ClipScore]) -> Mapping[str, CueScore]:
    """Each cue over all clips."""
    return {cue: sum((clip.cues[cue] for clip in clips), CueScore()) for cue in CUE_OF_LABEL.values()}


def speech_accuracy(clips: Sequence[ClipScore]) -> float | None:
    """Share of the time in which speech was rightly told from silence; None without sound."""
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
    """Everything, for machines."""
    return {
        "cues": {name: _cue_json(score) for name, score in total_cues(clips).items()},
        "speech": {"frame_accuracy": _rounded(speech_accuracy(clips))},
        "signals": {
            "implausible_share": _rounded(implausible_share(clips)),
            "plausible_found": _rounded(plausible_found(clips)),
        },
        "false_per_minute": {name: _rounded(false_per_minute(clips, name)) for name in ("nod", "shake")},
        "clips": {clip.name: _clip_json(clip) for clip in clips},
    }


def _cue_json(score: CueScore) -> dict[str, Any]:
    return {
        "precision": _rounded(score.precision),
        "recall": _rounded(score.recall),
        "f1": _rounded(score.f1),
        "labels": score.labels,
        "detections": score.detections,
    }


def _clip_json(clip: ClipScore) -> dict[str, Any]:
    return {
        "duration_s": round(clip.duration_s, 2),
        "cues": {
            name: _cue_json(score) for name, score in clip.cues.items() if score.labels or score.detections
        },
        "speech": {
            "frame_accuracy": _rounded(clip.speech_agreement_s / clip.speech_s if clip.speech_s else None)
        },
        "signals": {
            "reported": list(clip.reported),
            "implausible": list(clip.implausible),
            "missed": [signal for signal in clip.plausible if signal not in clip.found],
        },
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def as_markdown(clips: Sequence[ClipScore]) -> str:
    """The table, for people."""
    lines = ["| Cue | Labels | Recall | Detections | Precision | F1 |", "|---|---|---|---|---|---|"]
    for name, score in total_cues(clips).items():
        lines.append(
            f"| {name} | {score.labels} | {_share(score.recall)} | {score.detections} "
            f"| {_share(score.precision)} | {_share(score.f1)} |"
        )
    minutes = sum(clip.duration_s for clip in clips) / 60.0
    lines += [
        "",
        f"- {len(clips)} clips, {minutes:.1f} minutes",
        f"- Speech told from silence: {_share(speech_accuracy(clips))} of the time",
        (
            f"- False nods a minute: {false_per_minute(clips, 'nod'):.2f}; "
            f"false shakes a minute: {false_per_minute(clips, 'shake'):.2f}"
        ),
        f"- Reported signals labelled implausible: {_share(implausible_share(clips))}",
        f"- Plausible signals found: {_share(plausible_found(clips))}",
        "",
        "| Clip | Signals reported | Implausible | Plausible, not reported |",
        "|---|---|---|---|",
    ]
    for clip in clips:
        missed = [signal for signal in clip.plausible if signal not in clip.found]
        lines.append(
            f"| {clip.name} | {', '.join(clip.reported) or '–'} | {', '.join(clip.implausible) or '–'} "
            f"| {', '.join(missed) or '–'} |"
        )
    return "\n".join(lines) + "\n"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
