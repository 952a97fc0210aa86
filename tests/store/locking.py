"""A store that another program locks, as a backup or an administrator's shell would."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from backchannel.store.schema import metadata


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


@contextmanager
def locked_by_url(url: str) -> Iterator[None]:
    """Hold a lock of PostgreSQL on every table for as long as the block lasts: they can be read only."""
    engine = create_engine(url)
    with engine.connect() as other:
        other.execute(text(f"LOCK TABLE {', '.join(metadata.tables)} IN EXCLUSIVE MODE"))
        yield
    engine.dispose()
