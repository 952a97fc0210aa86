"""What transactions lock, so that a limit holds although they do not see what others have not committed."""

from sqlalchemy import Connection, select

from backchannel.store.schema import api_keys


def lock_key(connection: Connection, key_id: str) -> None:
    """Keep other transactions that lock this key waiting until this one ends. It sees what they committed.

    SQLite has no such lock. There, a transaction that has written something is the only one that writes.
    """
    connection.execute(select(api_keys.c.id).where(api_keys.c.id == key_id).with_for_update(key_share=True))
