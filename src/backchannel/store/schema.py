"""Tables of the store, and which version of them a database holds.

The version is a row, not SQLite's ``user_version``, so that it means the same in any database. A later
migration finds there what it starts from.
"""

from typing import Final

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    insert,
    select,
)

SCHEMA_VERSION: Final = 1

metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("scopes", String(200), nullable=False),  # separated by spaces, as OAuth spells a scope list
    # Naive UTC: SQLite keeps no time zone, and `keys` adds it again on the way out.
    Column("created_at", DateTime, nullable=False),
    Column("last_used_at", DateTime),
    Column("revoked_at", DateTime),
)


class StoreError(Exception):
    """The store cannot be used. The message is one plain sentence for the operator."""


def prepare(connection: Connection) -> None:
    """Make the tables in an empty database; check the version of any other.

    Raises
    ------
    StoreError
        The database was made by a newer version of this program.
    """
    metadata.create_all(connection)
    version = connection.scalar(select(schema_version.c.version))
    if version is None:
        connection.execute(insert(schema_version).values(version=SCHEMA_VERSION))
    elif version > SCHEMA_VERSION:
        raise StoreError(
            f"The store has schema version {version}, this program knows up to {SCHEMA_VERSION}. "
            "Use the newer program, or another data directory."
        )
