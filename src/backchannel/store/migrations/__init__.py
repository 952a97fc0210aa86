"""Alembic's revisions of the store, oldest first in `versions`; see `store/migrate.py`."""
