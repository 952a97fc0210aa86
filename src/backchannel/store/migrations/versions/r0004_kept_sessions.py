"""Sessions that are kept for a while after their connection is lost, and what they said last."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "kept_sessions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("key_id", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("runner_id", sa.String(32)),
        sa.Column("place_id", sa.String(32)),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_kept_sessions_runner_id", "kept_sessions", ["runner_id"])
    op.create_index("ix_kept_sessions_expires_at", "kept_sessions", ["expires_at"])
    op.create_table(
        "kept_messages",
        sa.Column("session_id", sa.String(64), primary_key=True),
        sa.Column("last_seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Drop them. Sessions whose connection is lost at that moment cannot go on."""
    op.drop_table("kept_messages")
    op.drop_table("kept_sessions")
