"""Write the tables of a batch as Parquet, CSV or JSON lines."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from backchannel.batch.rows import COLUMNS, TABLES, Row, Table
from backchannel.config import SettingsError


def places_of(out: Path) -> Mapping[Table, Path]:
    """Return where each table goes: signals to the output itself, the others beside it.

    Raises
    ------
    backchannel.config.SettingsError
        The format is unknown, its library is missing, or there is no such folder.

    Examples
    --------
    >>> [str(place) for place in places_of(Path("results.csv")).values()]
    ['results.csv', 'results.windows.csv', 'results.cues.csv']
    """
    if out.suffix not in _WRITERS:
        raise SettingsError(f"--out {out} must end with {', '.join(_WRITERS)}.")
    if out.suffix == ".parquet" and find_spec("pyarrow") is None:
        raise SettingsError(
            "A .parquet file needs pyarrow, which is not installed. Run `pip install pyarrow`, or choose a "
            "name that ends with .csv or .jsonl."
        )
    if not out.parent.is_dir():
        raise SettingsError(f"--out {out}: there is no folder {out.parent}. Create it first.")
    others = {table: out.with_suffix(f".{table}{out.suffix}") for table in TABLES[1:]}
    return MappingProxyType({TABLES[0]: out} | others)


def write_table(table: Table, rows: Sequence[Row], place: Path) -> None:
    """Write a table. It is complete, or not there at all."""
    draft = place.with_name(f".{place.name}.draft")
    draft.write_bytes(_WRITERS[place.suffix](COLUMNS[table], rows))
    draft.replace(place)


def _csv(columns: Mapping[str, type], rows: Sequence[Row]) -> bytes:
    written = io.StringIO()
    table = csv.DictWriter(written, list(columns), restval="", lineterminator="\n")
    table.writeheader()
    table.writerows({name: _rounded(cell) for name, cell in row.items()} for row in rows)
    return written.getvalue().encode()


def _jsonl(columns: Mapping[str, type], rows: Sequence[Row]) -> bytes:
    lines = ({name: _rounded(row.get(name)) for name in columns} for row in rows)
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def _parquet(columns: Mapping[str, type], rows: Sequence[Row]) -> bytes:
    pa, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    types = {str: pa.string(), float: pa.float64(), bool: pa.bool_()}
    table = pa.table(
        {name: pa.array([row.get(name) for row in rows], types[kind]) for name, kind in columns.items()}
    )
    written = io.BytesIO()
    parquet.write_table(table, written)
    return written.getvalue()


def _rounded(cell: Any) -> Any:
    return round(cell, 3) if isinstance(cell, float) else cell


_WRITERS: Final[Mapping[str, Callable[[Mapping[str, type], Sequence[Row]], bytes]]] = MappingProxyType(
    {".parquet": _parquet, ".csv": _csv, ".jsonl": _jsonl}
)
