"""The store: one database, opened, and what is kept in it."""

import os
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Final, Self

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from backchannel.store.jobs import JobStore
from backchannel.store.key_store import KeyStore
from backchannel.store.moments import Clock, utc_now
from backchannel.store.places import Places
from backchannel.store.schema import StoreError, prepare
from backchannel.store.token_store import TokenStore
from backchannel.store.usage import UsageStore

FILE_NAME: Final = "backchannel.sqlite3"


class Store:
    """Everything that is kept in one database.

    Safe to use from several threads and several processes at once: the server reads while `keys revoke`
    writes from another terminal, and the server sees the change at its next look-up.

    Parameters
    ----------
    engine
        Database; `open_store` makes one for a data directory.
    now
        The clock.

    Attributes
    ----------
    keys, tokens, usage, places, jobs
        API keys, client tokens, what they used, analyses in progress, and jobs.
    """

    def __init__(self, engine: Engine, now: Clock = utc_now) -> None:
        self._engine = engine
        self.keys: Final = KeyStore(engine, now)
        self.tokens: Final = TokenStore(engine, now)
        self.usage: Final = UsageStore(engine, now)
        self.places: Final = Places(engine, now)
        self.jobs: Final = JobStore(engine, now)
        with engine.begin() as connection:
            prepare(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def open_store(data_dir: Path, now: Clock = utc_now, url: str = "") -> Store:
    """Open the store of a data directory; both are made when missing, for their owner alone.

    Parameters
    ----------
    url
        Another database instead, for example ``postgresql+psycopg://host/name``; the data directory is
        then not used. Its driver is to be installed beside this program.

    Raises
    ------
    StoreError
        The store cannot be made or used, or a newer program made it.
    """
    if url:
        return _open_url(url, now)
    path = data_dir / FILE_NAME
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite would make the file as the umask has it; its WAL and SHM files take over this mode.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        engine = create_engine(f"sqlite:///{path}")
        event.listen(engine, "connect", _on_connect)
        return Store(engine, now)
    except OSError as error:
        raise StoreError(f"The data directory {data_dir} cannot be used: {error.strerror}.") from None
    except SQLAlchemyError:
        raise StoreError(f"{path} is not a key store, or it is damaged.") from None


def _open_url(url: str, now: Clock) -> Store:
    # What goes wrong here often has the address in its text, and the address may hold a password.
    try:
        engine = create_engine(url, pool_pre_ping=True)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _on_connect)
        return Store(engine, now)
    except ImportError as error:
        raise StoreError(f"The database needs the package {error.name}, which is not installed.") from None
    except SQLAlchemyError as error:
        raise StoreError(f"The database cannot be used ({type(error).__name__}).") from None


def _on_connect(connection: SqliteConnection, _record: object) -> None:
    with closing(connection.cursor()) as cursor:
        # Readers and a writer at once; and a second process that writes is waited for.
        cursor.execute("PRAGMA busy_timeout = 5000")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
