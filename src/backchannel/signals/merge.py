"""Join the signals of a conversation's results: what continues across windows is one signal."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from backchannel.signals.rationale import compose
from backchannel.signals.score import SAME_OCCASION_S, in_order
from backchannel.values import Coverage, Evidence, SegmentResult, Signal, Span

MOST_CUES: Final = 32
"""Most cues behind one signal. A minute of steady speech has more; its strongest are enough (judgement)."""

Measured = tuple[Evidence, ...]
"""All entries of one cue, its own value first."""


def merge_signals(results: Sequence[SegmentResult]) -> list[Signal]:
    """Merge signals of one type that continue from result to result.

    As inside a window, evidence within `SAME_OCCASION_S` of the last belongs to the same signal. A merged
    signal has the evidence of all its parts, strongest first, and a rationale that is composed from it.

    Parameters
    ----------
    results
        The results of consecutive segments, in order.

    See Also
    --------
    backchannel.cues.merge.cue_log : The same for cues.
    """
    merged: list[tuple[Signal, Coverage]] = []
    for result in results:
        for signal in result.signals:
            place = next((at for at, (one, _) in enumerate(merged) if _continues(one, signal)), None)
            if place is None:
                merged.append((signal, result.coverage))
            else:
                before, coverage = merged[place]
                coverage = _both(coverage, result.coverage)
                merged[place] = _joined(before, signal, coverage), coverage
    return [signal for signal, _ in merged]


def _continues(before: Signal, after: Signal) -> bool:
    return before.type == after.type and after.span.start_s - before.span.end_s <= SAME_OCCASION_S


def _joined(before: Signal, after: Signal, coverage: Coverage) -> Signal:
    evidence = _evidence(before.evidence, after.evidence)
    likelier = max(before, after, key=lambda signal: signal.score)
    return Signal(
        type=after.type,
        span=Span(before.span.start_s, max(before.span.end_s, after.span.end_s)),
        probability=likelier.probability,
        rationale=compose(evidence, coverage) if evidence else after.rationale,
        modalities=in_order((*before.modalities, *after.modalities)),
        score=likelier.score,
        evidence=evidence,
    )


def _evidence(earlier: Sequence[Evidence], later: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Evidence of both, strongest first. The later part has seen more of a cue that both know."""
    known = list(_cues(later))
    known += [
        cue
        for cue in _cues(earlier)
        if not any(one[0].cue == cue[0].cue and one[0].span.overlap_s(cue[0].span) > 0 for one in known)
    ]
    known.sort(key=lambda cue: (-cue[0].weight, cue[0].span, cue[0].cue))
    return tuple(entry for cue in known[:MOST_CUES] for entry in cue)


def _cues(evidence: Sequence[Evidence]) -> Iterator[Measured]:
    """Take evidence apart again, cue by cue."""
    for entry in evidence:
        if not entry.measure:
            same = (
                one for one in evidence if one.measure and one.cue == entry.cue and one.span == entry.span
            )
            yield (entry, *same)


def _both(one: Coverage, other: Coverage) -> Coverage:
    """Coverage of two parts, for what a rationale says was missing: only what was missing in both."""
    return replace(
        one,
        picture=one.picture or other.picture,
        sound=one.sound or other.sound,
        face_share=_larger(one.face_share, other.face_share),
        speech_share=_larger(one.speech_share, other.speech_share),
    )


def _larger(one: float | None, other: float | None) -> float | None:
    known = [share for share in (one, other) if share is not None]
    return max(known) if known else None
