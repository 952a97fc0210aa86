"""Truth as labels, in the format of the real clips' ``<file>.labels.json``.

Beyond what a person could write down, each cue carries its scripted ``value`` and ``unit``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from backchannel.values import Span
from synthesis.degrade import Look
from synthesis.gestures import ScriptedCue
from synthesis.performance import Performance
from synthesis.voice import LONG_PAUSE_S, Voice

FAINT = {
    "nod": 4.0, "shake": 6.0, "gaze_away": 15.0, "head_tilt": 8.0, "smile": 0.5, "brow_raise": 0.5,
    "brow_raise_one_side": 0.5, "brow_furrow": 0.5, "lean_forward": 0.08, "lean_back": 0.08,
}  # fmt: skip
"""Below this value a cue is so small that missing it is no fault: its certainty is ``low``."""


def labels_of(file_name: str, performance: Performance, voice: Voice | None, look: Look) -> dict[str, Any]:
    """Return the labels of a rendered clip, ready for JSON. Cues are sorted by start."""
    hidden = [cover.span for cover in look.covers if cover.part == "lens"]
    cues = [_cue(gesture.cue()) for gesture in performance.gestures]
    cues += [{"cue": "face_absent", **_span(span), "certainty": "high"} for span in hidden]
    cues += [
        {"cue": "hand_to_face", **_span(cover.span), "certainty": "high"}
        for cover in look.covers
        if cover.part == "mouth"
    ]
    speech = voice.speech if voice else ()
    pauses = voice.pauses if voice else ()
    cues += [{"cue": "mouth_open_speech", **_span(span), "certainty": "high"} for span in speech]
    return {
        "file": file_name,
        "annotator": "scripted",
        "faces": 1,
        "cues": sorted(cues, key=lambda cue: (cue["start"], cue["cue"])),
        "speech": [_span(span) for span in speech],
        "pauses": [_span(span) for span in pauses],
        "long_pauses": [_span(span) for span in pauses if span.duration_s >= LONG_PAUSE_S],
        "filled_pauses": [_span(span) for span in voice.fillers] if voice else [],
        "summary": "A rendered portrait that does what its script says.",
        "signals_plausible": [],
        "signals_implausible": [],
        "engagement_plausible": [],
    }


def labels_path(clip: Path) -> Path:
    """Where the labels of a clip are: beside it, as for the real clips."""
    return clip.with_name(clip.name + ".labels.json")


def write_labels(clip: Path, labels: dict[str, Any]) -> None:
    """Write the labels beside the clip."""
    labels_path(clip).write_text(json.dumps(labels, indent=1) + "\n", encoding="utf-8")


def _cue(cue: ScriptedCue) -> dict[str, Any]:
    certainty = "low" if cue.value < FAINT.get(cue.name, 0.0) else "high"
    line: dict[str, Any] = {"cue": cue.name, **_span(cue.span), "certainty": certainty}
    line |= {"value": round(cue.value, 3), "unit": cue.unit}
    return line | ({"direction": cue.direction} if cue.direction else {})


def _span(span: Span) -> dict[str, float]:
    return {"start": round(span.start_s, 3), "end": round(span.end_s, 3)}
