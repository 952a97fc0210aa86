"""The overview of a report: a few paragraphs that only restate numbers of the recording."""

from collections import Counter
from collections.abc import Iterator

from backchannel.html.words import counted, headline, length, likely, listed, percentage, times
from backchannel.report.figures import Figures
from backchannel.report.recording import Recording, SignalEntry
from backchannel.values import DIMENSIONS, Coverage

NO_EVIDENCE = 50
"""The score of a quality dimension without evidence."""
_RANKS = {"low": 0, "medium": 1, "high": 2}


def overview(recording: Recording, figures: Figures) -> list[str]:
    """Return paragraphs about the signals, the overall course, and what is missing."""
    if not recording.signals and all(cue.cue == "face_absent" for cue in recording.cues):
        # Engagement and quality have defaults here, which would read like findings.
        paragraphs = [[f"Nothing was detected in {length(recording.duration)}."]]
    else:
        course = [*_engagement(recording, figures), *_looking_and_speaking(recording, figures)]
        paragraphs = [[*_signals(recording)], [*course, *_quality(recording)]]
    return [" ".join(sentences) for sentences in (*paragraphs, coverage_notes(recording)) if sentences]


def coverage_of(recording: Recording) -> Coverage:
    """Return the coverage as a value. What is unknown counts as present."""
    coverage = recording.coverage
    return Coverage(
        picture=coverage.picture is not False,
        sound=coverage.sound is not False,
        face_share=coverage.face_share,
        speech_share=coverage.speech_share,
        frozen=coverage.frozen,
        analysis_rate_hz=coverage.analysis_rate_hz,
        policy=coverage.policy,
        company=coverage.company,
        sound_tracks=coverage.sound_tracks,
        truncated=coverage.truncated,
    )


def coverage_notes(recording: Recording) -> list[str]:
    """Return sentences about missing media. Unknown coverage gets no sentence."""
    coverage = recording.coverage
    notes = list(coverage_of(recording).notes)
    for periods, text in (
        (coverage.dropped, "was not analysed"),
        (coverage.degraded, "was analysed without a picture"),
    ):
        if periods:
            lost_s = sum(period.end - period.start for period in periods)
            notes.append(f"{length(lost_s)} of the recording {text}.")
    return notes


def strongest(signals: tuple[SignalEntry, ...]) -> SignalEntry | None:
    """Return the signal with the highest probability, and of several the one with the most evidence."""
    return max(
        signals,
        key=lambda one: (_RANKS[one.probability], sum(entry.weight for entry in one.evidence), -one.start),
        default=None,
    )


def _signals(recording: Recording) -> Iterator[str]:
    first = strongest(recording.signals)
    if first is None:
        yield f"No signal was reported in {length(recording.duration)}."
        return
    kinds = Counter(signal.type for signal in recording.signals).most_common()
    types = listed([f"{name} ({count} times)" if count > 1 else name for name, count in kinds])
    number = counted(len(recording.signals), "signal")
    were = "was" if len(recording.signals) == 1 else "were"
    yield f"{number} {were} reported in {length(recording.duration)}: {types}."
    which = "It says" if len(recording.signals) == 1 else "The strongest says"
    said = likely(first.probability, first.type)
    yield f"{which} “{said}” ({times(first.span)}): {headline(first.rationale)}"


def _engagement(recording: Recording, figures: Figures) -> Iterator[str]:
    shares = [(share, state) for state, share in figures.engagement.items() if share > 0]
    if not recording.engagement or not shares:
        return
    parts = [f"{state} {percentage(share)} of the time" for share, state in sorted(shares, reverse=True)[:1]]
    parts += [f"{state} {percentage(share)}" for share, state in sorted(shares, reverse=True)[1:]]
    yield f"The person appeared {listed(parts)}."


def _looking_and_speaking(recording: Recording, figures: Figures) -> Iterator[str]:
    parts = []
    if figures.facing_share and recording.coverage.face_share != 0:
        parts.append(f"looking in the baseline direction {percentage(figures.facing_share)} of the time")
    if recording.coverage.speech_share:
        parts.append(f"speaking {percentage(recording.coverage.speech_share)} of the time")
    elif speaking := figures.tallies.get("speaking"):
        parts.append(f"speaking {percentage(speaking.share)} of the time")
    if parts:
        yield f"The person was {listed(parts)}."


def _quality(recording: Recording) -> Iterator[str]:
    overall = recording.judged.overall
    if overall is None:
        return
    scores = {name: getattr(overall, name) for name in DIMENSIONS}
    moved = {name: score for name, score in scores.items() if score != NO_EVIDENCE}
    if not moved:
        yield "There is no evidence about conversation quality, so every score is 50."
        return
    high, low = max(scores, key=scores.__getitem__), min(scores, key=scores.__getitem__)
    extremes = [f"{high} is highest ({scores[high]})", f"{low} lowest ({scores[low]})"]
    if scores[high] == scores[low]:
        extremes = [f"every dimension is at {scores[high]}"]
    yield (
        f"The quality index is {overall.quality_index} of 100, where 50 means no evidence either way; "
        f"{listed(extremes)}."
    )
