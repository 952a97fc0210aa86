"""Join the cues of a conversation's results."""

from collections.abc import Iterable
from dataclasses import replace

from backchannel.constants import CONTEXT_S
from backchannel.values import Cue, SegmentResult, Span

EDGE_S = 0.5
"""A cue that begins this close to the end of the look-back may have begun before it."""


def cue_log(results: Iterable[SegmentResult]) -> tuple[Cue, ...]:
    """Join the cues of consecutive results, sorted by time."""
    log: tuple[Cue, ...] = ()
    for result in results:
        log = with_cues_of(result, log)
    return tuple(sorted(log, key=lambda cue: (cue.span, cue.name)))


def with_cues_of(result: SegmentResult, before: Iterable[Cue]) -> tuple[Cue, ...]:
    """Add the cues of the next result to those before it, in no special order.

    A cue that crosses the edge of a segment is in both results. The later one knows all of it and replaces
    an earlier one of the same name that it overlaps.
    """
    log = list(before)
    known_from_s = result.span.start_s - CONTEXT_S + EDGE_S
    for cue in result.cues:
        replaced = [told for told in log if told.name == cue.name and _overlap(told, cue)]
        log = [told for told in log if told not in replaced] if replaced else log
        log.append(_with_beginning(cue, replaced) if cue.span.start_s <= known_from_s else cue)
    return tuple(log)


def _with_beginning(cue: Cue, replaced: Iterable[Cue]) -> Cue:
    """Restore the beginning of a cue that began before the later result could look back."""
    start_s = min((told.span.start_s for told in replaced), default=cue.span.start_s)
    return replace(cue, span=Span(min(start_s, cue.span.start_s), cue.span.end_s))


def _overlap(one: Cue, other: Cue) -> bool:
    # Cues of one name with two sides (tilt left, tilt right) never overlap; windows of a rate do, and
    # each is its own measurement.
    return one.span.overlap_s(other.span) > 0 and (one.name != "blink_rate_high" or one.span == other.span)
