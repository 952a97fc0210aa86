"""Brings a database to the schema of this program, and back to that of an older one.

Importing Alembic takes longer than everything else at start-up of the store, and nearly always there is
nothing to do. So the revision is read without it, and Alembic is imported only to change something.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select, text

from backchannel.store.refusals import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

REVISION: Final = "0006"
"""The newest of `migrations/versions`, which `schema.py` describes."""

_FOLDER: Final = Path(__file__).with_name("migrations")
_LOCK_ID: Final = 0x6261636B  # of PostgreSQL's advisory locks; any number that others do not use
_one_at_a_time: Final = threading.Lock()  # Alembic keeps the running migration in a global

_alembic_version: Final = Table(
    "alembic_version", MetaData(), Column("version_num", String(32), primary_key=True)
)


def upgrade(engine: Engine) -> None:
    """Bring a database to this program's revision; an empty one too.

    Several processes may do it at once: one migrates, and the others wait for it.

    Raises
    ------
    StoreError
        A newer program made the database.
    """
    with engine.connect() as connection:
        if _revision(connection) == REVISION:
            return
    from alembic import command  # noqa: PLC0415 -- see above

    with _migrating(engine) as (connection, config):
        held = _revision(connection)
        if held is not None and held not in _revisions(config):
            raise StoreError(
                f"The store has schema revision {held}; this program knows up to {REVISION}. "
                "A newer program made it: use that one, or another data directory."
            )
        command.upgrade(config, REVISION)


def downgrade(engine: Engine, revision: str) -> None:
    """Take a database back to an older revision, for the program that made it; ``base`` is before Alembic.

    Raises
    ------
    StoreError
        The database has never had this revision.
    """
    from alembic import command  # noqa: PLC0415 -- see above

    with _migrating(engine) as (connection, config):
        known = ["base", *_revisions(config)]
        held = _revision(connection) or "base"
        if held not in known or revision not in known[: known.index(held) + 1]:
            raise StoreError(
                f"The store cannot go from schema revision {held} back to {revision}. "
                f"This program knows {', '.join(known)}."
            )
        command.downgrade(config, revision)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_alembic_version.name):
        return None
    return connection.scalar(select(_alembic_version.c.version_num))


def _revisions(config: "Config") -> list[str]:
    """Return the revisions that this program knows, oldest first."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 -- see above

    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]


@contextmanager
def _migrating(engine: Engine) -> Iterator[tuple[Connection, "Config"]]:
    """Hold a transaction in which nobody else changes the database. It is kept whole or not at all."""
    from alembic.config import Config  # noqa: PLC0415 -- see above

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    with _one_at_a_time, engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # Python's driver begins no transaction of its own before CREATE and ALTER.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif engine.dialect.name == "postgresql":
            # However long another process migrates, and this one.
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
        config.attributes["connection"] = connection
        yield connection, config
