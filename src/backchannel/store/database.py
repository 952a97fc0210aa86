"""Keys and their use, kept in a database. Every call is short and blocking; callers use a thread."""

import hmac
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any, Final, Self

from sqlalchemy import Engine, create_engine, event, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from backchannel.store.jobs import JobStore
from backchannel.store.keys import SCOPES, ApiKey, KeyLimits, digest, generate, looks_valid
from backchannel.store.moments import aware, maybe_aware, naive, utc_now
from backchannel.store.places import Places
from backchannel.store.schema import StoreError, api_keys, prepare
from backchannel.store.token_store import TokenStore
from backchannel.store.usage import UsageStore

FILE_NAME: Final = "backchannel.sqlite3"
LAST_USED_STEP: Final = timedelta(minutes=1)
"""A key in steady use would otherwise cost a write for each connection."""

MAX_NAME_LENGTH: Final = 200

_VISIBLE = (
    api_keys.c.id,
    api_keys.c.name,
    api_keys.c.scopes,
    api_keys.c.created_at,
    api_keys.c.last_used_at,
    api_keys.c.revoked_at,
    api_keys.c.requests_per_minute,
    api_keys.c.max_concurrent,
    api_keys.c.video_ms_per_month,
)


class Store:
    """The keys of one store; and, as its attributes, what else is kept there.

    Safe to use from several threads and several processes at once: the server reads while `keys revoke`
    writes from another terminal, and sees it at the next look-up.

    Parameters
    ----------
    engine
        Database; `open_store` makes one for a data directory.
    now
        The clock.

    Attributes
    ----------
    tokens, usage, places, jobs
        Client tokens, use, analyses in progress, and jobs.
    """

    def __init__(self, engine: Engine, now: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._now = now
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

    def create(
        self, name: str, scopes: Sequence[str] = SCOPES, limits: KeyLimits | None = None
    ) -> tuple[ApiKey, str]:
        """Make a key; returns what is stored, and the key itself, which nobody can ask for again.

        Raises
        ------
        ValueError
            A scope does not exist, or the name is empty or longer than 200 characters.
        """
        unknown = [scope for scope in scopes if scope not in SCOPES]
        if unknown or not scopes:
            raise ValueError(f"Scopes are {' and '.join(SCOPES)}.")
        if not name.strip() or len(name) > MAX_NAME_LENGTH:
            raise ValueError(f"A name has 1 to {MAX_NAME_LENGTH} characters.")
        secret = generate()
        limits = limits or KeyLimits()
        key = ApiKey(
            secrets.token_hex(6),
            name.strip(),
            tuple(dict.fromkeys(scopes)),
            self._now(),
            limits=limits,
        )
        with self._engine.begin() as connection:
            connection.execute(
                insert(api_keys).values(
                    id=key.id,
                    digest=digest(secret),
                    name=key.name,
                    scopes=" ".join(key.scopes),
                    created_at=naive(key.created_at),
                    requests_per_minute=limits.requests_per_minute,
                    max_concurrent=limits.max_concurrent,
                    video_ms_per_month=limits.video_s_per_month and round(limits.video_s_per_month * 1000),
                )
            )
        return key, secret

    def find(self, key_id: str) -> ApiKey | None:
        """Return the live key with this id, or None."""
        with self._engine.connect() as connection:
            row = connection.execute(
                select(*_VISIBLE).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
            ).one_or_none()
        return None if row is None else _key(row)

    def verify(self, credential: str) -> ApiKey | None:
        """Return the live key that this credential is, or None; notes the use, to the minute.

        Raises
        ------
        StoreError
            The database cannot be read.
        """
        if not looks_valid(credential):
            return None
        offered = digest(credential)
        try:
            with self._engine.connect() as connection:
                row = connection.execute(
                    select(*_VISIBLE, api_keys.c.digest).where(api_keys.c.digest == offered)
                ).one_or_none()
        except SQLAlchemyError:
            raise StoreError("The key store cannot be read.") from None
        # The index has found it already; comparing again in constant time keeps the answer independent of
        # how a database compares (PostgreSQL and SQLite stop at the first difference).
        if row is None or not hmac.compare_digest(row.digest, offered) or row.revoked_at is not None:
            return None
        key = _key(row)
        self._note_use(key)
        return key

    def list(self) -> list[ApiKey]:
        """Return every key, the revoked ones too, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(*_VISIBLE).order_by(api_keys.c.created_at, api_keys.c.id))
            return [_key(row) for row in rows]

    def revoke(self, key_id: str) -> bool:
        """Refuse this key from now on; False when there is no such key. Revoking twice changes nothing."""
        with self._engine.begin() as connection:
            found = connection.execute(
                update(api_keys)
                .where(api_keys.c.id == key_id)
                .values(revoked_at=func.coalesce(api_keys.c.revoked_at, naive(self._now())))
            )
            return found.rowcount > 0

    def is_empty(self) -> bool:
        """Whether no key was ever made."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(api_keys)) == 0

    def _note_use(self, key: ApiKey) -> None:
        now = self._now()
        if key.last_used_at is not None and now - key.last_used_at < LAST_USED_STEP:
            return
        # A full disk or a long writer elsewhere is no reason to turn a good key away.
        with suppress(SQLAlchemyError), self._engine.begin() as connection:
            connection.execute(
                update(api_keys).where(api_keys.c.id == key.id).values(last_used_at=naive(now))
            )


def open_store(data_dir: Path, now: Callable[[], datetime] = utc_now, url: str = "") -> Store:
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


def _open_url(url: str, now: Callable[[], datetime]) -> Store:
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


def _key(row: Any) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        scopes=tuple(row.scopes.split()),
        created_at=aware(row.created_at),
        last_used_at=maybe_aware(row.last_used_at),
        revoked_at=maybe_aware(row.revoked_at),
        limits=KeyLimits(
            requests_per_minute=row.requests_per_minute,
            max_concurrent=row.max_concurrent,
            video_s_per_month=None if row.video_ms_per_month is None else row.video_ms_per_month / 1000,
        ),
    )
