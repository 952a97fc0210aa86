"""What a batch has done so far, as a file beside its output, so that it can go on after a kill.

Each line is one JSON value: first the options, then a line when a file begins and one when it is done. A line
that was cut off by the kill is ignored.
"""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from backchannel.batch.rows import Rows
from backchannel.config import SettingsError

MOST_ATTEMPTS: Final = 2
"""A file during which the batch was killed this often is left out: it may be what kills it (judgement)."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file of a batch, as it was when it was found."""

    path: Path
    size: int
    changed_ns: int

    @property
    def name(self) -> str:
        """What the tables call it."""
        return os.fsencode(self.path).decode("utf-8", "replace")

    @property
    def key(self) -> str:
        """The same for as long as the file does not change."""
        return f"{self.name}|{self.size}|{self.changed_ns}"


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    options: dict[str, Any] | None = None
    begun: str = ""
    done: str = ""
    rows: dict[str, list[dict[str, Any]]] | None = None


class Journal:
    """The journal of one output.

    Parameters
    ----------
    path
        Where it is.
    options
        What decides the results. A journal of other options is refused.

    Raises
    ------
    backchannel.config.SettingsError
        The journal is of a batch with other options.
    """

    def __init__(self, path: Path, options: dict[str, Any]) -> None:
        self._path = path
        self.rows: dict[str, Rows] = {}
        """The rows of each file that is done, by its key."""
        self._begun: Counter[str] = Counter()
        lines = _read(path)
        if lines and lines[0].options != options:
            raise SettingsError(
                f"{path} is from an interrupted batch with other options or of another version. Repeat that "
                "batch, or delete this file."
            )
        for line in lines:
            self._begun[line.begun] += 1
            if line.rows is not None:
                self.rows[line.done] = line.rows  # type: ignore[assignment]
        # Nothing may follow a line that was cut off.
        content = b"".join(msgspec.json.encode(line) + b"\n" for line in lines or [_Line(options=options)])
        path.write_bytes(content)

    def attempts(self, item: Item) -> int:
        """Return how often a file was begun and not finished."""
        return 0 if item.key in self.rows else self._begun[item.key]

    def begin(self, item: Item) -> None:
        """Write down that a file is begun."""
        self._append(_Line(begun=item.key))

    def finish(self, item: Item, rows: Rows) -> None:
        """Write down the rows of a file."""
        kept = {table: list(of_table) for table, of_table in rows.items()}
        self._append(_Line(done=item.key, rows={str(table): of for table, of in kept.items()}))
        self.rows[item.key] = rows

    def remove(self) -> None:
        """Remove the journal: the output is written."""
        self._path.unlink(missing_ok=True)

    def _append(self, line: _Line) -> None:
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _read(path: Path) -> list[_Line]:
    if not path.exists():
        return []
    lines: list[_Line] = []
    for text in path.read_bytes().splitlines():
        try:
            lines.append(msgspec.json.decode(text, type=_Line))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            break
    return lines
