"""The cues of a whole file as JSON, joined across its windows."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from backchannel.cues.merge import cue_log
from backchannel.values import Cue, Modality, SegmentResult


class CueBody(msgspec.Struct, frozen=True):
    """A cue with its measurements, s from the start of the file. `measures` are (name, value, unit).

    Without a baseline the field is omitted, as jobs have no null. `text` has the words of a cue in words.
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
    text: str | UnsetType = UNSET


def file_cues(results: Sequence[SegmentResult]) -> tuple[CueBody, ...]:
    """Return the cues of a file.

    Parameters
    ----------
    results
        The results of the file's windows, in order.
    """
    return tuple(map(_body, cue_log(results)))


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
        text=cue.quote or UNSET,
    )
