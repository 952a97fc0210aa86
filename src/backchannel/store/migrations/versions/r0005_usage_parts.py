"""Several rows for the use of a key in a month, so that its streams do not wait for each other."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Move each row into a table that has room for more of its kind."""
    _make("usage_parts", sa.Column("part", sa.BigInteger, primary_key=True, autoincrement=False))
    op.execute(
        "INSERT INTO usage_parts (key_id, month, part, bytes, video_ms) "
        "SELECT key_id, month, 0, bytes, video_ms FROM usage"
    )
    op.drop_table("usage")
    op.rename_table("usage_parts", "usage")


def downgrade() -> None:
    """Add up the rows of each key and month."""
    _make("usage_sums")
    op.execute(
        "INSERT INTO usage_sums (key_id, month, bytes, video_ms) "
        "SELECT key_id, month, SUM(bytes), SUM(video_ms) FROM usage GROUP BY key_id, month"
    )
    op.drop_table("usage")
    op.rename_table("usage_sums", "usage")


def _make(name: str, *part: sa.Column[int]) -> None:
    op.create_table(
        name,
        sa.Column("key_id", sa.String(32), primary_key=True),
        sa.Column("month", sa.String(7), primary_key=True),
        *part,
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("video_ms", sa.BigInteger, nullable=False),
    )
