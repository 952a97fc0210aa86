"""A recording as a story, from which the summary is made."""

from dataclasses import replace

from backchannel.report.overview import coverage_of
from backchannel.report.recording import CueEntry, EvidenceEntry, Recording, SignalEntry
from backchannel.summary.story import Story
from backchannel.values import Coverage, Cue, Evidence, Signal


def story_of(recording: Recording) -> Story:
    """Return a recording as a story."""
    return Story(
        duration_s=recording.duration,
        cues=tuple(map(_cue, recording.cues)),
        signals=tuple(map(_signal, recording.signals)),
        coverage=_coverage(recording),
        dropped=tuple(period.span for period in recording.coverage.dropped),
    )


def _coverage(recording: Recording) -> Coverage:
    """Return the coverage. If it is unknown, cues show whether there was picture or sound."""
    known = recording.coverage
    found = {cue.modality for cue in recording.cues}
    return replace(
        coverage_of(recording),
        picture="visual" in found if known.picture is None else known.picture,
        sound=bool(found & {"audio", "text"}) if known.sound is None else known.sound,
    )


def _cue(entry: CueEntry) -> Cue:
    return Cue(
        name=entry.cue,
        modality=entry.modality,
        span=entry.span,
        value=entry.value,
        unit=entry.unit,
        baseline=entry.baseline,
        certainty=entry.certainty,
        measures=entry.measures,
        direction=entry.direction,
    )


def _signal(entry: SignalEntry) -> Signal:
    evidence = tuple(map(_evidence, entry.evidence))
    return Signal(
        type=entry.type,
        span=entry.span,
        probability=entry.probability,
        rationale=entry.rationale,
        modalities=tuple(dict.fromkeys(one.modality for one in evidence)),
        score=0.0,  # a recording has none
        evidence=evidence,
    )


def _evidence(entry: EvidenceEntry) -> Evidence:
    return Evidence(
        cue=entry.cue,
        measure=entry.measure,
        modality=entry.modality,
        span=entry.span,
        value=entry.value,
        unit=entry.unit,
        baseline=entry.baseline,
        weight=entry.weight,
        direction=entry.direction,
    )
