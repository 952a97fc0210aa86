"""A policy for each key: what may be reported to it. Null is as the server's settings say."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column. Keys made so far follow the server's settings, as before."""
    op.add_column("api_keys", sa.Column("policy", sa.String(16)))


def downgrade() -> None:
    """Drop the column. Revoke the keys that the older program would report too much to."""
    keys = sa.table("api_keys", sa.column("policy", sa.String), sa.column("revoked_at", sa.DateTime))
    restricted = keys.c.policy == "behaviour", keys.c.revoked_at.is_(None)
    now = datetime.now(UTC).replace(tzinfo=None)
    op.execute(sa.update(keys).where(*restricted).values(revoked_at=now))
    op.drop_column("api_keys", "policy")
