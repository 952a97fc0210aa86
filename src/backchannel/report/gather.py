"""Make a recording from the results of an analysis."""

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
    PhraseEntry,
    QualityCourse,
    Recording,
    SignalEntry,
)
from backchannel.values import Cue, Phrase, SegmentResult

_EVERYTHING = Include(quality_overall=True, quality_timeline=True, evidence=True)


def recording_of(
    results: Sequence[SegmentResult],
    source: str,
    analyzed_at: datetime,
    recorded_at: datetime | None = None,
) -> Recording:
    """Make a recording from the results of one conversation.

    Parameters
    ----------
    results
        The results of its segments, in order. Signals, cues and engagement that continue across a boundary
        are merged.
    source
        The title, for example the file name.
    analyzed_at, recorded_at
        End of the analysis and start of the recording, with a time zone. The latter is often unknown.

    Returns
    -------
    Recording

    See Also
    --------
    backchannel.report.page.render_report : Renders the report.
    backchannel.report.files.file_of : Writes a recording as any kind of file.
    """
    body = msgspec.to_builtins(analysis_body(results, _EVERYTHING))
    frozen = bool(results) and all(result.coverage.frozen for result in results)
    return Recording(
        source=source,
        analyzed_at=analyzed_at,
        recorded_at=recorded_at,
        duration=seconds(results[-1].span.end_s) if results else 0.0,
        signals=msgspec.convert(body["signals"], tuple[SignalEntry, ...]),
        cues=tuple(map(_cue, cue_log(results))),
        transcript=tuple(
            _phrase(phrase)
            for result in results
            for phrase in result.transcript
            if phrase.final and phrase.words
        ),
        engagement=msgspec.convert(body["engagement_state"], tuple[EngagementEntry, ...]),
        quality=msgspec.convert(body.get("conversation_quality", {}), QualityCourse),
        coverage=msgspec.convert({**body["coverage"], "frozen": frozen}, CoverageEntry),
    ).in_order()


def _phrase(phrase: Phrase) -> PhraseEntry:
    words = [
        {"text": word.text, "start": seconds(word.span.start_s), "end": seconds(word.span.end_s)}
        for word in phrase.words
    ]
    span = {"start": seconds(phrase.span.start_s), "end": seconds(phrase.span.end_s)}
    return msgspec.convert({"text": phrase.text, "words": words} | span, PhraseEntry)


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
