"""The cues of a whole conversation, from the answers to its segments."""

from collections.abc import Iterable

from backchannel.model import Cue, SegmentResult


def cue_log(results: Iterable[SegmentResult]) -> tuple[Cue, ...]:
    """Join the cues of consecutive results.

    A cue that goes on over a segment's edge is told in both segments; the later telling knows all of it, so
    it takes the place of an earlier one of the same name that it overlaps.
    """
    log: list[Cue] = []
    for result in results:
        for cue in result.cues:
            log = [told for told in log if told.name != cue.name or not _overlap(told, cue)]
            log.append(cue)
    return tuple(sorted(log, key=lambda cue: (cue.span, cue.name)))


def _overlap(one: Cue, other: Cue) -> bool:
    # Cues of one name with two sides (tilt left, tilt right) never overlap; windows of a rate do, and
    # each of those is a measurement of its own.
    return one.span.overlap_s(other.span) > 0 and (one.name != "blink_rate_high" or one.span == other.span)
