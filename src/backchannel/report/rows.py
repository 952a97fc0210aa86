"""Export a recording as CSV for further analysis, one row for each signal, cue, period and quality score.

Columns, in this order (as in docs/reports.md); a cell that does not apply is empty:

``source``, ``kind`` (signal, cue, engagement, quality), ``name``, ``start_s``, ``end_s``, ``duration_s``,
``probability`` (of a signal), ``state`` (of engagement), ``value``, ``unit``, ``baseline``, ``certainty``,
``modality`` (of a signal: those of its evidence, joined by +), ``direction``, ``measures`` (of a cue:
``rate=2.1 Hz; count=3``), ``rationale``. Times are rounded to hundredths, measurements to three digits.
"""

import csv
import io
from collections.abc import Iterator
from typing import Final

from backchannel.report.recording import CueEntry, Period, QualityEntry, Recording, SignalEntry
from backchannel.values import SCORES

COLUMNS: Final = (
    "source", "kind", "name", "start_s", "end_s", "duration_s", "probability", "state", "value", "unit",
    "baseline", "certainty", "modality", "direction", "measures", "rationale",
)  # fmt: skip

Cell = str | float | None


def csv_of(recording: Recording) -> str:
    r"""Return the table as CSV, with a heading and ``\n`` line ends.

    See Also
    --------
    backchannel.report.files.file_of : Writes a recording as any kind of file.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> signal = SignalEntry(type="interest", start=1.0, end=2.5, probability="low", rationale="Smiled.")
    >>> recording = Recording(
    ...     source="talk.mp4",
    ...     analyzed_at=datetime(2026, 1, 1, tzinfo=UTC),
    ...     duration=10.0,
    ...     signals=(signal,),
    ...     engagement=(),
    ... )
    >>> csv_of(recording).splitlines()[1]
    'talk.mp4,signal,interest,1.0,2.5,1.5,low,,,,,,,,,Smiled.'
    """
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
    for entry in recording.judged.timeline:
        yield from _of_quality(entry)


def _row(kind: str, name: str, period: Period) -> dict[str, Cell]:
    return {
        "kind": kind,
        "name": name,
        "start_s": round(period.start, 2),
        "end_s": round(period.end, 2),
        "duration_s": round(period.end - period.start, 2),
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
        "value": round(cue.value, 3),
        "unit": cue.unit,
        "baseline": None if cue.baseline is None else round(cue.baseline, 3),
        "certainty": round(cue.certainty, 2),
        "modality": cue.modality,
        "direction": cue.direction,
        "measures": "; ".join(f"{name}={value:g} {unit}".rstrip() for name, value, unit in cue.measures),
    }


def _of_quality(entry: QualityEntry) -> Iterator[dict[str, Cell]]:
    for name in SCORES:
        yield _row("quality", name, entry) | {"value": getattr(entry.values, name)}
