"""A store that another program locks, as a backup or an administrator's shell would."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Hold the lock for writing for as long as the block lasts."""
    other = sqlite3.connect(data_dir / "backchannel.sqlite3", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()
