"""A recording from the results of an analysis."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from backchannel.cues.merge import cue_log
from backchannel.protocol.include import Include
from backchannel.protocol.results import analysis_body, seconds
from backchannel.report.recording import (
    CoverageEntry,
    CueEntry,
    EngagementEntry,
    QualityCourse,
    Recording,
    SignalEntry,
)
from backchannel.values import Cue, SegmentResult

_EVERYTHING = Include(quality_overall=True, quality_timeline=True, evidence=True)


def recording_of(
    results: Sequence[SegmentResult],
    source: str,
    analyzed_at: datetime,
    recorded_at: datetime | None = None,
) -> Recording:
    """Gather what the segments of one conversation told.

    Parameters
    ----------
    results
        In order; what only a seam between two has kept apart is joined.
    source
        What the recording is called, for example the file's name.
    analyzed_at, recorded_at
        With a time zone. When it was recorded is often not known.
    """
    body = analysis_body(results, _EVERYTHING)
    told = msgspec.to_builtins(body)
    frozen = bool(results) and all(result.coverage.frozen for result in results)
    return Recording(
        source=source,
        analyzed_at=analyzed_at,
        recorded_at=recorded_at,
        duration=seconds(results[-1].span.end_s) if results else 0.0,
        signals=msgspec.convert(told["signals"], tuple[SignalEntry, ...]),
        cues=tuple(map(_cue, cue_log(results))),
        engagement=msgspec.convert(told["engagement_state"], tuple[EngagementEntry, ...]),
        quality=msgspec.convert(told.get("conversation_quality", {}), QualityCourse),
        coverage=msgspec.convert({**told["coverage"], "frozen": frozen}, CoverageEntry),
    ).in_order()


def _cue(cue: Cue) -> CueEntry:
    return msgspec.convert(
        {
            "cue": cue.name,
            "modality": cue.modality,
            "start": seconds(cue.span.start_s),
            "end": seconds(cue.span.end_s),
            "value": cue.value,
            "unit": cue.unit,
            "baseline": cue.baseline,
            "certainty": cue.certainty,
            "direction": cue.direction,
            "measures": cue.measures,
        },
        CueEntry,
    )
