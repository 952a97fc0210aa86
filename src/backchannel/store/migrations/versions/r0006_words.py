"""Keys whose media nobody listens to for words. Null is as the server's settings say."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column. Keys made so far follow the server's settings, as before."""
    op.add_column("api_keys", sa.Column("words", sa.Boolean))


def downgrade() -> None:
    """Drop the column. Revoke the keys in whose media the older program would listen for words."""
    keys = sa.table("api_keys", sa.column("words", sa.Boolean), sa.column("revoked_at", sa.DateTime))
    restricted = keys.c.words.is_(False), keys.c.revoked_at.is_(None)
    now = datetime.now(UTC).replace(tzinfo=None)
    op.execute(sa.update(keys).where(*restricted).values(revoked_at=now))
    op.drop_column("api_keys", "words")
