"""A recording as a table for people who analyse further: CSV, a row for each thing that was told.

Columns, in this order (docs/reports.md says the same); what does not apply is empty:

``source``, ``kind`` (signal, cue, engagement, quality), ``name``, ``start_s``, ``end_s``, ``duration_s``,
``probability`` (of a signal), ``state`` (of engagement), ``value``, ``unit``, ``baseline``, ``certainty``,
``modality`` (of a signal: those of its evidence, joined by +), ``direction``, ``measures`` (of a cue:
``rate=2.1 Hz; count=3``), ``rationale``.
"""

import csv
import io
from collections.abc import Iterator
from typing import Final

from backchannel.report.recording import CueEntry, QualityEntry, Recording, SignalEntry, Stretch
from backchannel.report.summary import DIMENSIONS

COLUMNS: Final = (
    "source", "kind", "name", "start_s", "end_s", "duration_s", "probability", "state", "value", "unit",
    "baseline", "certainty", "modality", "direction", "measures", "rationale",
)  # fmt: skip

Cell = str | float | None


def csv_of(recording: Recording) -> str:
    """Return the table, with a heading, in UTF-8 to be and with plain line ends."""
    written = io.StringIO()
    table = csv.DictWriter(written, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    for row in _rows(recording):
        table.writerow({"source": recording.source} | row)
    return written.getvalue()


def _rows(recording: Recording) -> Iterator[dict[str, Cell]]:
    for signal in recording.signals:
        yield _row("signal", signal.type, signal) | _of_signal(signal)
    for cue in recording.cues:
        yield _row("cue", cue.cue, cue) | _of_cue(cue)
    for part in recording.engagement:
        yield _row("engagement", "engagement", part) | {"state": part.state}
    for entry in recording.quality.timeline:
        yield from _of_quality(entry)


def _row(kind: str, name: str, stretch: Stretch) -> dict[str, Cell]:
    return {
        "kind": kind,
        "name": name,
        "start_s": stretch.start,
        "end_s": stretch.end,
        "duration_s": round(stretch.end - stretch.start, 3),
    }


def _of_signal(signal: SignalEntry) -> dict[str, Cell]:
    modalities = sorted({entry.modality for entry in signal.evidence})
    return {
        "probability": signal.probability,
        "modality": "+".join(modalities),
        "rationale": signal.rationale,
    }


def _of_cue(cue: CueEntry) -> dict[str, Cell]:
    return {
        "value": cue.value,
        "unit": cue.unit,
        "baseline": cue.baseline,
        "certainty": cue.certainty,
        "modality": cue.modality,
        "direction": cue.direction,
        "measures": "; ".join(f"{name}={value:g} {unit}".rstrip() for name, value, unit in cue.measures),
    }


def _of_quality(entry: QualityEntry) -> Iterator[dict[str, Cell]]:
    for name in ("quality_index", *DIMENSIONS):
        yield _row("quality", name, entry) | {"value": getattr(entry.values, name)}
