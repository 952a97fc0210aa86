"""The cues of a whole file as JSON, joined across its windows.

They are joined as in `backchannel.cues.merge`, which needs numpy, and the server has none. A test compares
them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from backchannel.values import Cue, Modality, SegmentResult, Span

KNOWN_BACK_S: Final = 11.5
"""A window knows the beginning of cues that began at most this long before it: the look-back of 12 s, less
half a second at its edge."""


class CueBody(msgspec.Struct, frozen=True):
    """A cue with its measurements, s from the start of the file. `measures` are (name, value, unit).

    Without a baseline the field is omitted, as jobs have no null.
    """

    cue: str
    modality: Modality
    start: float
    end: float
    value: float
    unit: str
    certainty: float
    direction: str
    measures: tuple[tuple[str, float, str], ...]
    baseline: float | UnsetType = UNSET


def file_cues(results: Sequence[SegmentResult]) -> tuple[CueBody, ...]:
    """Return the cues of a file.

    Parameters
    ----------
    results
        The results of the file's windows, in order.
    """
    return tuple(map(_body, joined(results)))


def joined(results: Iterable[SegmentResult]) -> list[Cue]:
    """Join the cues of consecutive results. A later one replaces cues that it overlaps."""
    log: list[Cue] = []
    for result in results:
        for cue in result.cues:
            replaced = [earlier for earlier in log if _same(earlier, cue)]
            log = [earlier for earlier in log if not _same(earlier, cue)]
            start_s = cue.span.start_s
            if start_s <= result.span.start_s - KNOWN_BACK_S:
                start_s = min([start_s, *(earlier.span.start_s for earlier in replaced)])
            log.append(replace(cue, span=Span(start_s, cue.span.end_s)))
    return sorted(log, key=lambda cue: (cue.span, cue.name))


def _same(earlier: Cue, cue: Cue) -> bool:
    # Windows of the blink rate overlap, and each is its own measurement.
    if earlier.name != cue.name or earlier.span.overlap_s(cue.span) <= 0:
        return False
    return cue.name != "blink_rate_high" or earlier.span == cue.span


def _body(cue: Cue) -> CueBody:
    return CueBody(
        cue=cue.name,
        modality=cue.modality,
        start=round(cue.span.start_s, 2),
        end=round(cue.span.end_s, 2),
        value=float(cue.value),
        unit=cue.unit,
        baseline=UNSET if cue.baseline is None else float(cue.baseline),
        certainty=float(cue.certainty),
        direction=cue.direction,
        measures=tuple((name, float(value), unit) for name, value, unit in cue.measures),
    )
