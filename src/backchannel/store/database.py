"""The store: one database, opened, and what is kept in it."""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final, Self

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError

from backchannel.store.connections import Database, OnUsed
from backchannel.store.jobs import JobStore
from backchannel.store.kept_sessions import KeptSessions
from backchannel.store.key_store import KeyStore
from backchannel.store.migrate import downgrade, upgrade
from backchannel.store.moments import Clock, utc_now
from backchannel.store.places import Places
from backchannel.store.refusals import StoreError
from backchannel.store.runners import Runners
from backchannel.store.token_store import TokenStore
from backchannel.store.usage import UsageStore

FILE_NAME: Final = "backchannel.sqlite3"
BUSY_TIMEOUT_MS: Final = 5000
"""A second process that writes is waited for: it takes milliseconds (judgement)."""
CONNECT_TIMEOUT_S: Final = 5
"""The same for a server that is asked to connect (judgement)."""
SILENCE_S: Final = 20
"""How long PostgreSQL's machine may be out of reach before its connections are given up (judgement)."""
STATEMENT_TIMEOUT_MS: Final = 30_000
"""No statement of the store takes a second. A server that hangs must not hold threads (judgement)."""


class Store:
    """Everything that is kept in one database.

    Safe to use from several threads and several processes at once: the server reads while `keys revoke`
    writes from another terminal, and the server sees the change at its next look-up.

    Parameters
    ----------
    engine
        Database, up to date; `open_store` sees to it.
    now
        The clock.
    now_s
        A clock that never jumps, s.

    Attributes
    ----------
    keys, tokens, usage, places, jobs, kept
        API keys, client tokens, what they used, analyses in progress, jobs, and sessions that can be resumed.
    """

    def __init__(
        self, engine: Engine, now: Clock = utc_now, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._database = database = Database(engine)
        runners = Runners(now, now_s)
        self.keys: Final = KeyStore(database, now)
        self.tokens: Final = TokenStore(database, now)
        self.usage: Final = UsageStore(database, now, runners)
        self.places: Final = Places(database, runners)
        self.jobs: Final = JobStore(database, now, runners)
        self.kept: Final = KeptSessions(database, now, runners)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def watch(self, on_used: OnUsed) -> None:
        """Tell how long each use of the database takes, s, from now on and from any thread."""
        self._database.watch(on_used)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def open_store(
    data_dir: Path, now: Clock = utc_now, url: str = "", now_s: Callable[[], float] = time.monotonic
) -> Store:
    """Open the store of a data directory, and bring it up to date.

    Both are made when they are missing, readable by their owner only.

    Parameters
    ----------
    url
        Another database instead, for example ``postgresql+psycopg://host/name``. The data directory is then
        not used. Install the database's driver beside this program.

    Raises
    ------
    StoreError
        The store cannot be made or used, or a newer program made it.
    """
    return Store(_prepared(data_dir, url, upgrade), now, now_s)


def downgrade_store(data_dir: Path, revision: str, url: str = "") -> None:
    """Take a store back to an older schema, before an older program opens it. Nothing may use it meanwhile.

    Parameters
    ----------
    revision
        The older program names it when it refuses the store; ``base`` is before there were any.
    url
        As for `open_store`.

    Raises
    ------
    StoreError
        The store cannot be used, or has never had this revision.
    """
    _prepared(data_dir, url, lambda engine: downgrade(engine, revision)).dispose()


def _prepared(data_dir: Path, url: str, prepare: Callable[[Engine], None]) -> Engine:
    """Connect to a database and prepare it; what goes wrong becomes one sentence."""
    if url:
        return _by_url(url, prepare)
    path = data_dir / FILE_NAME
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite would make the file as the umask has it; its WAL and SHM files take over this mode.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        return _connected(f"sqlite:///{path}", prepare)
    except OSError as error:
        raise StoreError(f"The data directory {data_dir} cannot be used: {error.strerror}.") from None
    except SQLAlchemyError as error:
        if _is_busy(error):
            raise StoreError(f"{path} is locked by another program. Try again in a moment.") from None
        raise StoreError(f"{path} is not a Backchannel store, or it is damaged.") from None


def _by_url(url: str, prepare: Callable[[Engine], None]) -> Engine:
    # What goes wrong here often has the address in its text, and the address may hold a password.
    try:
        return _connected(url, prepare)
    except ImportError as error:
        raise StoreError(f"The database needs the package {error.name}, which is not installed.") from None
    except SQLAlchemyError as error:
        raise StoreError(f"The database cannot be used ({type(error).__name__}).") from None


def _connected(url: str, prepare: Callable[[Engine], None]) -> Engine:
    engine = create_engine(_impatient(make_url(url)), pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
    elif engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _set_up_postgresql)
    try:
        prepare(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _impatient(url: URL) -> URL:
    """Let PostgreSQL's own library notice a server that does not answer; by itself it waits for minutes."""
    if url.get_driver_name() not in {"psycopg", "psycopg2"}:
        return url
    limits = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "tcp_user_timeout": 1000 * SILENCE_S,
        "keepalives_idle": SILENCE_S // 2,
        "keepalives_interval": SILENCE_S // 4,
        "keepalives_count": 2,
    }
    return url.update_query_dict({name: str(limit) for name, limit in limits.items()} | dict(url.query))


def _is_busy(error: SQLAlchemyError) -> bool:
    cause = getattr(error, "orig", None)
    return isinstance(cause, sqlite3.OperationalError) and cause.sqlite_errorcode == sqlite3.SQLITE_BUSY


def _set_up_postgresql(connection: DBAPIConnection, _record: object) -> None:
    # As SQLite does: wait for others for so long, and not for ever. The store's limits need this isolation.
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"SET lock_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
        cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED")
    connection.commit()


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    with closing(connection.cursor()) as cursor:
        # Readers and a writer at once.
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
