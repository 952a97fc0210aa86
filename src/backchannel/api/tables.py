"""The tables of a report: a column of equal length for each name."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from backchannel.values import SCORES, Span

if TYPE_CHECKING:
    from backchannel.api.report import Report

TableName = Literal["signals", "evidence", "cues", "engagement", "quality", "words", "picture", "voice"]
TABLES: Final[tuple[TableName, ...]] = get_args(TableName)
_COLUMNS: Final[Mapping[TableName, tuple[str, ...]]] = {
    "signals": ("type", "start_s", "end_s", "duration_s", "probability", "score", "modality", "rationale"),
    "evidence": (
        "signal", "cue", "measure", "modality", "start_s", "end_s", "duration_s", "value", "unit", "baseline",
        "weight", "direction", "text",
    ),
    "cues": (
        "name", "modality", "start_s", "end_s", "duration_s", "value", "unit", "baseline", "certainty",
        "direction", "measures", "quote",
    ),
    "engagement": ("state", "start_s", "end_s", "duration_s"),
    "quality": ("start_s", "end_s", "duration_s", *SCORES),
    "words": ("text", "start_s", "end_s", "duration_s", "confidence", "phrase", "language"),
}  # fmt: skip


def columns_of(report: "Report", table: TableName) -> Mapping[str, Sequence[Any]]:
    """Return a table of a report.

    Raises
    ------
    ValueError
        There is no such table.
    """
    if table in ("picture", "voice"):
        return _tracks(report, table)
    names = _COLUMNS.get(table)
    if names is None:
        raise ValueError(f"There is no table {table!r}. Tables: {', '.join(TABLES)}.")
    rows = list(_ROWS[table](report))
    return {name: [row[name] for row in rows] for name in names}


def _tracks(report: "Report", table: TableName) -> Mapping[str, Sequence[Any]]:
    """Return tracks; the box of the face becomes a column for each side."""
    columns: dict[str, Any] = {}
    for name, column in report.tracks.part(table).items():
        if column.ndim == 1:
            columns[name] = column
        else:
            sides = ("left", "top", "width", "height")
            columns |= {f"box_{side}_px": column[:, place] for place, side in enumerate(sides)}
    return columns


def _times(span: Span) -> dict[str, float]:
    return {"start_s": span.start_s, "end_s": span.end_s, "duration_s": span.duration_s}


def _signals(report: "Report") -> Iterable[dict[str, Any]]:
    for signal in report.signals:
        yield _times(signal.span) | {
            "type": signal.type,
            "probability": signal.probability,
            "score": signal.score,
            "modality": "+".join(signal.modalities),
            "rationale": signal.rationale,
        }


def _evidence(report: "Report") -> Iterable[dict[str, Any]]:
    """Return a row for each measurement. `signal` is the place of its signal, from 0."""
    for number, signal in enumerate(report.signals):
        for entry in signal.evidence:
            yield _times(entry.span) | {
                "signal": number,
                "cue": entry.cue,
                "measure": entry.measure,
                "modality": entry.modality,
                "value": float(entry.value),
                "unit": entry.unit,
                "baseline": None if entry.baseline is None else float(entry.baseline),
                "weight": float(entry.weight),
                "direction": entry.direction,
                "text": entry.text,
            }


def _cues(report: "Report") -> Iterable[dict[str, Any]]:
    for cue in report.cues:
        yield _times(cue.span) | {
            "name": cue.name,
            "modality": cue.modality,
            "value": float(cue.value),
            "unit": cue.unit,
            "baseline": None if cue.baseline is None else float(cue.baseline),
            "certainty": float(cue.certainty),
            "direction": cue.direction,
            "measures": "; ".join(f"{name}={value:g} {unit}".rstrip() for name, value, unit in cue.measures),
            "quote": cue.quote,
        }


def _engagement(report: "Report") -> Iterable[dict[str, Any]]:
    for part in report.engagement:
        yield _times(part.span) | {"state": part.state}


def _quality(report: "Report") -> Iterable[dict[str, Any]]:
    for window in report.windows:
        yield _times(window.span) | {name: getattr(window.quality, name) for name in SCORES}


def _words(report: "Report") -> Iterable[dict[str, Any]]:
    for number, phrase in enumerate(report.transcript):
        for word in phrase.words:
            yield _times(word.span) | {
                "text": word.text,
                "confidence": word.confidence,
                "phrase": number,
                "language": phrase.language,
            }


_ROWS: Final = {
    "signals": _signals,
    "evidence": _evidence,
    "cues": _cues,
    "engagement": _engagement,
    "quality": _quality,
    "words": _words,
}
