"""The rows that a file adds to the tables of a batch."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from backchannel.api import Report
from backchannel.values import SCORES, SegmentResult

Table = Literal["signals", "windows", "cues"]
TABLES: Final[tuple[Table, ...]] = get_args(Table)
Row = dict[str, Any]
Rows = Mapping[Table, Sequence[Row]]

COLUMNS: Final[Mapping[Table, Mapping[str, type]]] = MappingProxyType(
    {
        "signals": {
            "source": str, "type": str, "start_s": float, "end_s": float, "duration_s": float,
            "probability": str, "score": float, "modality": str, "rationale": str, "error": str,
        },
        "windows": {
            "source": str, "start_s": float, "end_s": float, "engaged_share": float, "neutral_share": float,
            "disengaged_share": float, **dict.fromkeys(SCORES, float),
            "picture": bool, "sound": bool, "face_share": float, "speech_share": float,
        },
        "cues": {
            "source": str, "name": str, "modality": str, "start_s": float, "end_s": float,
            "duration_s": float, "value": float, "unit": str, "baseline": float, "certainty": float,
            "direction": str, "measures": str, "quote": str,
        },
    }
)  # fmt: skip
"""Columns of each table, with their types. A cell that does not apply is empty."""


def rows_of(source: str, report: Report) -> Rows:
    """Return the rows of a file that was analysed. Without signals, it has none in their table."""
    return {
        "signals": [{"source": source} | row for row in _records(report.columns("signals"))],
        "windows": [{"source": source} | _window(window) for window in report.windows],
        "cues": [{"source": source} | row for row in _records(report.columns("cues"))],
    }


def rows_of_error(source: str, error: str) -> Rows:
    """Return the row of a file that could not be analysed."""
    return {"signals": [{"source": source, "error": error}], "windows": [], "cues": []}


def _records(columns: Mapping[str, Sequence[Any]]) -> Iterator[Row]:
    for cells in zip(*columns.values(), strict=True):
        yield dict(zip(columns, cells, strict=True))


def _window(window: SegmentResult) -> Row:
    length_s = window.span.duration_s
    shares = {
        f"{state}_share": sum(part.span.duration_s for part in window.engagement if part.state == state)
        / length_s
        for state in ("engaged", "neutral", "disengaged")
    }
    coverage = window.coverage
    return {
        "start_s": window.span.start_s,
        "end_s": window.span.end_s,
        **shares,
        **{name: getattr(window.quality, name) for name in SCORES},
        "picture": coverage.picture,
        "sound": coverage.sound,
        "face_share": coverage.face_share,
        "speech_share": coverage.speech_share,
    }
