"""The tables of the store, as this program uses them. `migrations` makes them, revision by revision."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

# Not used, only kept: programs before Alembic refuse a store whose version here is above 2.
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
    # Null: as the server's settings say.
    Column("requests_per_minute", Float),
    Column("max_concurrent", Integer),
    Column("video_ms_per_month", BigInteger),
    Column("policy", String(16)),
    Column("words", Boolean),
)

# What a key used in a month is the sum of its rows here. Transactions that count at the same time write
# different rows.
usage = Table(
    "usage",
    metadata,
    Column("key_id", String(32), primary_key=True),
    Column("month", String(7), primary_key=True),  # 2026-01
    Column("part", BigInteger, primary_key=True, autoincrement=False),  # any number
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

# What was charged for media whose analysis has not ended; `usage` counts it already.
open_charges = Table(
    "open_charges",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("runner_id", String(32), nullable=False, index=True),
    Column("key_id", String(32), nullable=False),
    Column("token_id", String(32)),
    Column("month", String(7), nullable=False),
    Column("video_ms", BigInteger, nullable=False),
)

# What a session needs to go on after its connection is lost. `state` and `body` are encrypted.
kept_sessions = Table(
    "kept_sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key_id", String(32), nullable=False),
    Column("holder", String(32), nullable=False),  # the connection that may write it
    Column("runner_id", String(32), index=True),  # none while there is no connection
    Column("place_id", String(32)),
    Column("expires_at", DateTime, nullable=False, index=True),
    Column("state", LargeBinary, nullable=False),
)

kept_messages = Table(
    "kept_messages",
    metadata,
    Column("session_id", String(64), primary_key=True),
    Column("last_seq", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
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
