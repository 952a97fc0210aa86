"""Tables of the store, which version of them a database holds, and the steps from one to the next.

The version is a row, not SQLite's ``user_version``, so that it means the same in any database. Each step
only adds, and adds only what is missing, so it may be cut short, or taken by two processes at once.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
    text,
    update,
)

SCHEMA_VERSION: Final = 2

metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

# Every moment is naive UTC, see `moments`; every length of video is in whole ms, so that sums stay exact.

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("scopes", String(200), nullable=False),  # separated by spaces, as OAuth spells a scope list
    Column("created_at", DateTime, nullable=False),
    Column("last_used_at", DateTime),
    Column("revoked_at", DateTime),
    # Since version 2. Null: as the server's settings say.
    Column("requests_per_minute", Float),
    Column("max_concurrent", Integer),
    Column("video_ms_per_month", BigInteger),
)

usage = Table(
    "usage",
    metadata,
    Column("key_id", String(32), primary_key=True),
    Column("month", String(7), primary_key=True),  # 2026-01
    Column("bytes", BigInteger, nullable=False),
    Column("video_ms", BigInteger, nullable=False),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", String(8), primary_key=True),
    Column("secret", LargeBinary(32), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("retired_at", DateTime),
)

client_tokens = Table(
    "client_tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("key_id", String(32), nullable=False),
    Column("scopes", String(200), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False, index=True),
    Column("revoked_at", DateTime),
    Column("max_duration_s", Integer),
    Column("max_bytes", BigInteger),
    Column("max_concurrent", Integer),
    Column("max_video_ms", BigInteger),
    Column("allowed_origins", Text),  # separated by spaces, which no origin holds
    Column("used_bytes", BigInteger, nullable=False),
    Column("used_video_ms", BigInteger, nullable=False),
)

runners = Table(
    "runners",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("alive_until", DateTime, nullable=False),
)

places = Table(
    "places",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("runner_id", String(32), nullable=False, index=True),
    Column("key_id", String(32), nullable=False, index=True),
    Column("token_id", String(32), index=True),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("key_id", String(32), nullable=False),
    Column("runner_id", String(32), nullable=False),
    Column("correlation_id", String(36), nullable=False),
    Column("model", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False, index=True),
    Column("result", LargeBinary),  # JSON, as it is answered
    Column("error_id", String(8)),
    Column("error_message", Text),
    Index("jobs_of_key", "key_id", "status"),
)


class StoreError(Exception):
    """The store cannot be used. The message is one plain sentence for the operator."""


def prepare(connection: Connection) -> None:
    """Make the tables in an empty database; bring any other up to this version.

    Raises
    ------
    StoreError
        The database was made by a newer version of this program.
    """
    held = inspect(connection).has_table(schema_version.name)
    version = connection.scalar(select(schema_version.c.version)) if held else None
    if version is not None and version > SCHEMA_VERSION:
        raise StoreError(
            f"The store has schema version {version}, this program knows up to {SCHEMA_VERSION}. "
            "Use the newer program, or another data directory."
        )
    metadata.create_all(connection)
    if version is None:
        connection.execute(insert(schema_version).values(version=SCHEMA_VERSION))
    elif version < SCHEMA_VERSION:
        _add_missing_columns(connection, api_keys)
        connection.execute(update(schema_version).values(version=SCHEMA_VERSION))


def _add_missing_columns(connection: Connection, table: Table) -> None:
    held = {column["name"] for column in inspect(connection).get_columns(table.name)}
    for column in table.columns:
        if column.name not in held:
            kind = column.type.compile(connection.dialect)
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}"))
