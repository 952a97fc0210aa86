"""The tables as they were when Alembic came.

Before, the store kept a version of its own in the table `schema_version`: 1 had only the keys, without their
limits, and 2 had everything below. Upgrading makes what is missing, so it starts from an empty database as
well as from either version, and keeps what is in it. Downgrading leaves version 2, with its data.

The row of `schema_version` stays, at 3: programs that know nothing of Alembic then refuse the store instead
of breaking it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

FOR_ALEMBIC = 3
BEFORE_ALEMBIC = 2

metadata = sa.MetaData()

schema_version = sa.Table("schema_version", metadata, sa.Column("version", sa.Integer, primary_key=True))

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("scopes", sa.String(200), nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("last_used_at", sa.DateTime),
    sa.Column("revoked_at", sa.DateTime),
    sa.Column("requests_per_minute", sa.Float),
    sa.Column("max_concurrent", sa.Integer),
    sa.Column("video_ms_per_month", sa.BigInteger),
)

sa.Table(
    "usage",
    metadata,
    sa.Column("key_id", sa.String(32), primary_key=True),
    sa.Column("month", sa.String(7), primary_key=True),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("video_ms", sa.BigInteger, nullable=False),
)

sa.Table(
    "signing_keys",
    metadata,
    sa.Column("id", sa.String(8), primary_key=True),
    sa.Column("secret", sa.LargeBinary(32), nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("retired_at", sa.DateTime),
)

sa.Table(
    "client_tokens",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("key_id", sa.String(32), nullable=False),
    sa.Column("scopes", sa.String(200), nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("expires_at", sa.DateTime, nullable=False, index=True),
    sa.Column("revoked_at", sa.DateTime),
    sa.Column("max_duration_s", sa.Integer),
    sa.Column("max_bytes", sa.BigInteger),
    sa.Column("max_concurrent", sa.Integer),
    sa.Column("max_video_ms", sa.BigInteger),
    sa.Column("allowed_origins", sa.Text),
    sa.Column("used_bytes", sa.BigInteger, nullable=False),
    sa.Column("used_video_ms", sa.BigInteger, nullable=False),
)

sa.Table(
    "runners",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("alive_until", sa.DateTime, nullable=False),
)

sa.Table(
    "places",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("runner_id", sa.String(32), nullable=False, index=True),
    sa.Column("key_id", sa.String(32), nullable=False, index=True),
    sa.Column("token_id", sa.String(32), index=True),
)

sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("key_id", sa.String(32), nullable=False),
    sa.Column("runner_id", sa.String(32), nullable=False),
    sa.Column("correlation_id", sa.String(36), nullable=False),
    sa.Column("model", sa.String(32), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("expires_at", sa.DateTime, nullable=False, index=True),
    sa.Column("result", sa.LargeBinary),
    sa.Column("error_id", sa.String(8)),
    sa.Column("error_message", sa.Text),
    sa.Index("jobs_of_key", "key_id", "status"),
)


def upgrade() -> None:
    """Make the tables, and the columns of version 1 that are missing."""
    connection = op.get_bind()
    metadata.create_all(connection)
    held = {column["name"] for column in sa.inspect(connection).get_columns("api_keys")}
    for column in api_keys.columns:
        if column.name not in held:
            op.add_column("api_keys", sa.Column(column.name, column.type))
    _set_version(FOR_ALEMBIC)


def downgrade() -> None:
    """Leave the tables to the program before this one."""
    _set_version(BEFORE_ALEMBIC)


def _set_version(version: int) -> None:
    op.execute(sa.delete(schema_version))
    op.execute(sa.insert(schema_version).values(version=version))
