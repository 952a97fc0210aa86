"""Charges for media that is being analysed, so that what a killed process was paid for is paid back."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "open_charges",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("runner_id", sa.String(32), nullable=False),
        sa.Column("key_id", sa.String(32), nullable=False),
        sa.Column("token_id", sa.String(32)),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("video_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_open_charges_runner_id", "open_charges", ["runner_id"])


def downgrade() -> None:
    """Drop it. What is being analysed stays charged."""
    op.drop_table("open_charges")
