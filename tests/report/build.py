"""Hand-made recordings."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

from backchannel.report.recording import Recording, decode_recording

BERLIN_IN_WINTER = timezone(timedelta(hours=1))
ANALYZED_AT = datetime(2026, 11, 22, 21, 18, 2, tzinfo=BERLIN_IN_WINTER)
RECORDED_AT = datetime(2026, 11, 22, 20, 16, 50, tzinfo=UTC)

NOD = {
    "cue": "nod",
    "modality": "visual",
    "start": 4.1,
    "end": 6.0,
    "value": 9.25,
    "unit": "deg",
    "baseline": None,
    "certainty": 0.9,
}
NOD_EVIDENCE = {
    "cue": "nod",
    "measure": "",
    "modality": "visual",
    "start": 4.1,
    "end": 6.0,
    "value": 9.25,
    "unit": "deg",
    "baseline": 1.5,
    "weight": 1.875,
}
AGREEMENT = {
    "type": "agreement",
    "start": 4.1,
    "end": 6.0,
    "probability": "high",
    "rationale": "Nodded 3 times while facing the camera.",
    "evidence": [NOD_EVIDENCE],
}
SCORES = {"quality_index": 55, "clarity": 61, "authority": 52, "energy": 50, "rapport": 62, "learning": 50}


def document(**changes: Any) -> dict[str, Any]:
    """Return what a live console posts after ten seconds, before it becomes JSON."""
    return {
        "source": "Live conversation",
        "recorded_at": RECORDED_AT.isoformat(),
        "analyzed_at": ANALYZED_AT.isoformat(),
        "duration": 10,
        "signals": [AGREEMENT],
        "cues": [NOD],
        "engagement": [
            {"start": 0, "end": 3, "state": "neutral"},
            {"start": 3, "end": 10, "state": "engaged"},
        ],
        "quality": {
            "overall": SCORES,
            "timeline": [
                {"start": 0, "end": 5, "values": SCORES},
                {"start": 5, "end": 10, "values": {**SCORES, "rapport": 40}},
            ],
        },
        "coverage": {"picture": True, "sound": False, "face_share": 0.5, "speech_share": None},
        "engine": "backchannel-1",
    } | changes


def recording(**changes: Any) -> Recording:
    return decode_recording(msgspec.json.encode(document(**changes)))
