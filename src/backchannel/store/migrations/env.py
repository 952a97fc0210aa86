"""Alembic runs this file for each migration. The transaction and its lock are `store/migrate.py`'s."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
