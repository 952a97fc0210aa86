"""Combine readings into signals: evidence adds up in log-odds (naive Bayes, one table of weights)."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from backchannel.signals.contexts import Reading, read
from backchannel.signals.policy import scored_signals
from backchannel.signals.rationale import compose, evidence_of
from backchannel.signals.weights import SignalWeights, calibrated, signal_table
from backchannel.values import (
    Bands,
    Coverage,
    Cue,
    Evidence,
    Modality,
    Probability,
    Rules,
    Signal,
    SignalType,
    Span,
)

SAME_OCCASION_S = 2.5
"""Primary evidence closer than this belongs to one signal (judgement)."""
REACH_S = 1.0
"""Supporting evidence counts this long before and after the primary. What contradicts must happen during it
(judgement: a shake one second after a smile says nothing about the smile)."""
REPEAT_SHARE = 0.3
"""Share that a second, third… cue of the same name adds (judgement: they are not independent)."""
MIN_SPAN_S = 0.1


def score_signals(
    cues: Sequence[Cue],
    news: Collection[Cue],
    segment: Span,
    coverage: Coverage,
    rules: Rules = Rules(),  # noqa: B008 -- a frozen value
) -> tuple[Signal, ...]:
    """Find the signals of one segment.

    Parameters
    ----------
    cues
        The cues of the segment and the recent past before it.
    news
        The cues that are new in this segment. A signal needs a primary cue among them; supporting and
        contradicting cues may be older.
    segment
        Session time of the segment; signals are clipped to it.
    coverage
        What could be measured, so that a rationale can say what is missing.
    rules
        The policy, which decides what is scored at all, and calibrated priors and bands.
    """
    # Sorted, because of two equally strong cues the first is reported.
    readings = read(sorted(cues, key=lambda cue: (cue.span, cue.name, cue.direction)))
    new = {id(cue) for cue in news}
    fresh = [reading for reading in readings if id(reading.cues[0]) in new]
    priors = dict(rules.priors)
    signals = [
        signal
        for name in scored_signals(rules.policy)
        for weights in (calibrated(signal_table()[name], priors.get(name)),)
        for occasion in _occasions(fresh, weights)
        for signal in _signal(name, weights, occasion, readings, segment, coverage, rules.bands)
    ]
    return tuple(sorted(signals, key=lambda signal: (signal.span, signal.type)))


def _occasions(readings: Sequence[Reading], weights: SignalWeights) -> list[list[Reading]]:
    """Group primary readings that are close in time."""
    occasions: list[list[Reading]] = []
    for reading in sorted(readings, key=lambda reading: reading.span):
        if reading.name not in weights.primary:
            continue
        if occasions and reading.span.start_s - max(r.span.end_s for r in occasions[-1]) <= SAME_OCCASION_S:
            occasions[-1].append(reading)
        else:
            occasions.append([reading])
    return occasions


def _signal(
    name: SignalType,
    weights: SignalWeights,
    occasion: Sequence[Reading],
    readings: Sequence[Reading],
    segment: Span,
    coverage: Coverage,
    bands: Bands,
) -> Iterator[Signal]:
    reach = Span(
        min(reading.span.start_s for reading in occasion) - REACH_S,
        max(reading.span.end_s for reading in occasion) + REACH_S,
    )
    span = Span(reach.start_s + REACH_S, reach.end_s - REACH_S)
    nearby = [reading for reading in readings if reading.span.overlap_s(reach) > 0]
    during = [reading for reading in nearby if reading.span.overlap_s(span) > 0]
    shares = [
        *_primary_shares(occasion, weights.primary),
        *_shares(nearby, weights.supporting, 1.0),
        *_shares(during, weights.against, -1.0),
    ]
    score = 1.0 / (1.0 + math.exp(-(weights.prior + sum(weight for _, weight in shares))))
    used = [(reading, weight) for reading, weight in shares if weight > 0]
    modalities = in_order(cue.modality for reading, _ in used for cue in reading.cues)
    if len(modalities) == 1 and not _is_definitive(occasion, weights):
        score = min(score, bands.high - 1e-3)
    if score < bands.report:
        return
    evidence = _evidence(used)
    if _spoken_during(evidence, readings):
        coverage = replace(coverage, speech_share=None)  # the segment is silent, but the evidence is not
    yield Signal(
        type=name,
        span=_inside(span, segment),
        probability=probability_of(score, bands),
        rationale=compose(evidence, coverage),
        modalities=modalities,
        score=score,
        evidence=evidence,
    )


def _spoken_during(evidence: Sequence[Evidence], readings: Sequence[Reading]) -> bool:
    """Whether somebody spoke during any of the evidence, which may have begun before the segment."""
    spoken = [reading.span for reading in readings if reading.name == "speaking"]
    return any(entry.span.overlap_s(span) > 0 for entry in evidence for span in spoken)


def probability_of(score: float, bands: Bands = Bands()) -> Probability:  # noqa: B008 -- a frozen value
    """Word for a probability."""
    return "high" if score >= bands.high else "medium" if score >= bands.medium else "low"


def _primary_shares(readings: Sequence[Reading], weights: Mapping[str, float]) -> list[tuple[Reading, float]]:
    """Shares of the primary readings: the strongest counts fully, each further one half of the one before.

    Primary cues of one signal come together (a smile with a turned face and raised brows), so adding them
    up as if they were independent would turn three hints into certainty.
    """
    shares = [(reading, weights[reading.name] * reading.force) for reading in readings]
    shares.sort(key=lambda pair: (-pair[1], pair[0].span, pair[0].name))
    return [(reading, share * 0.5**rank) for rank, (reading, share) in enumerate(shares)]


def _shares(
    readings: Sequence[Reading], weights: Mapping[str, float], sign: float
) -> list[tuple[Reading, float]]:
    """Each reading's share of the log-odds; of several with one name the strongest counts most."""
    shares: list[tuple[Reading, float]] = []
    for name, weight in weights.items():
        named = sorted((r for r in readings if r.name == name), key=lambda r: (-r.force, r.span))
        for rank, reading in enumerate(named):
            shares.append(
                (reading, sign * weight * reading.force * (1.0 if rank == 0 else REPEAT_SHARE / rank))
            )
    return shares


def _is_definitive(occasion: Sequence[Reading], weights: SignalWeights) -> bool:
    return any(reading.name in weights.definitive and reading.force >= 0.9 for reading in occasion)


def in_order(modalities: Iterable[Modality]) -> tuple[Modality, ...]:
    """Return each modality once, in the order in which signals list them."""
    present = frozenset(modalities)
    order: tuple[Modality, ...] = ("visual", "audio", "text")
    return tuple(modality for modality in order if modality in present)


def _evidence(used: Sequence[tuple[Reading, float]]) -> tuple[Evidence, ...]:
    """Evidence of the cues behind a signal, strongest first, each cue once."""
    entries: list[Evidence] = []
    told: set[tuple[str, Span]] = set()
    for reading, weight in sorted(used, key=lambda pair: (-pair[1], pair[0].span, pair[0].name)):
        for cue in reading.cues:
            if (cue.name, cue.span) not in told:
                told.add((cue.name, cue.span))
                entries += evidence_of(cue, weight / len(reading.cues))
    return tuple(entries)


def _inside(span: Span, segment: Span) -> Span:
    """Clip to the segment; a cue that ended just before it, but is only known now, goes to its start."""
    clipped = span.clip(segment)
    if clipped.duration_s >= MIN_SPAN_S or segment.duration_s < MIN_SPAN_S:
        return clipped
    start_s = min(clipped.start_s, segment.end_s - MIN_SPAN_S)
    return Span(start_s, start_s + MIN_SPAN_S)
