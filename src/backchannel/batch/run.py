"""Analyse files one after the other. A broken file is a row, and never the end."""

import glob
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from backchannel.api import Report
from backchannel.batch.journal import MOST_ATTEMPTS, Item, Journal
from backchannel.batch.rows import Rows, rows_of, rows_of_error
from backchannel.batch.tables import places_of, write_table
from backchannel.errors import Problem

Analyse = Callable[[Path], Report]


@dataclass(frozen=True, slots=True)
class Step:
    """A file is done.

    Attributes
    ----------
    item
        Which one.
    place, total
        Its number from 1, and how many there are.
    error
        Why it could not be analysed; empty if it was.
    signals
        How many signals it has.
    before
        It was done in an earlier run that was interrupted.
    """

    item: Item
    place: int
    total: int
    error: str
    signals: int
    before: bool


def found(patterns: Sequence[str]) -> list[Item]:
    """Return the files that some patterns name, each once, in order of name.

    Parameters
    ----------
    patterns
        Paths, or patterns such as ``talks/*.mp4`` and ``talks/**/*.mov``.
    """
    paths = {Path(name) for pattern in patterns for name in _matches(pattern)}
    files = sorted(path for path in paths if path.is_file())
    stats = ((path, path.stat()) for path in files)
    return [Item(path, stat.st_size, stat.st_mtime_ns) for path, stat in stats]


def _matches(pattern: str) -> list[str]:
    # A shell may have expanded the pattern, and a name may contain brackets.
    return [pattern] if Path(pattern).exists() else glob.glob(pattern, recursive=True)  # noqa: PTH207


def analyse_all(items: Sequence[Item], out: Path, journal: Journal, analyse: Analyse) -> Iterator[Step]:
    """Analyse every file that is not done, then write the tables and remove the journal.

    Parameters
    ----------
    items
        The files.
    out
        Where the table of signals goes.
    journal
        What is done.
    analyse
        Analyses a file.

    Yields
    ------
    Step
        For each file, when it is done.
    """
    for place, item in enumerate(items, 1):
        before = item.key in journal.rows
        if not before:
            rows = _attempt(item, journal, analyse)
            journal.finish(item, rows)
        signals = journal.rows[item.key]["signals"]
        error = next((row["error"] for row in signals if row.get("error")), "")
        yield Step(item, place, len(items), error, 0 if error else len(signals), before)
    for table, at in places_of(out).items():
        write_table(table, [row for item in items for row in journal.rows[item.key][table]], at)
    journal.remove()


def _attempt(item: Item, journal: Journal, analyse: Analyse) -> Rows:
    if journal.attempts(item) >= MOST_ATTEMPTS:
        return rows_of_error(item.name, "The batch was killed during this file, twice.")
    journal.begin(item)
    try:
        return rows_of(item.name, analyse(item.path))
    except Problem as problem:
        return rows_of_error(item.name, f"{problem.message} ({problem.error_id})")
    except OSError as error:
        return rows_of_error(item.name, f"The file cannot be read: {error.strerror}.")
    except Exception as error:
        # Its text may hold media. One file must not end the work of a night.
        return rows_of_error(item.name, f"Internal error ({type(error).__name__}). Please report it.")
