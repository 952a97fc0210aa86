"""API keys, kept in the store. Every call is short and blocking; callers use a thread."""

import hmac
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func, insert, select, update

from backchannel.store.connections import Database
from backchannel.store.keys import SCOPES, ApiKey, KeyLimits, digest, generate, looks_valid
from backchannel.store.moments import Clock, aware, maybe_aware, naive
from backchannel.store.refusals import InvalidNameError, InvalidScopesError, StoreError
from backchannel.store.schema import api_keys
from backchannel.values import Policy

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
    api_keys.c.policy,
    api_keys.c.words,
)


class KeyStore:
    """The API keys of one store.

    Parameters
    ----------
    database
        Where they are kept.
    now
        The clock.
    """

    def __init__(self, database: Database, now: Clock) -> None:
        self._database = database
        self._now = now

    def create(
        self,
        name: str,
        scopes: Sequence[str] = SCOPES,
        limits: KeyLimits | None = None,
        policy: Policy | None = None,
        words: bool | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key; returns what is stored, and the key itself, which nobody can ask for again.

        Raises
        ------
        InvalidScopesError
            There is none, or one does not exist.
        InvalidNameError
            It is empty or longer than 200 characters.
        """
        unknown = tuple(scope for scope in scopes if scope not in SCOPES)
        if unknown or not scopes:
            raise InvalidScopesError(unknown)
        if not 1 <= len(name.strip()) <= MAX_NAME_LENGTH:
            raise InvalidNameError(len(name.strip()), MAX_NAME_LENGTH)
        secret = generate()
        limits = limits or KeyLimits()
        key = ApiKey(
            secrets.token_hex(6),
            name.strip(),
            tuple(dict.fromkeys(scopes)),
            self._now(),
            limits=limits,
            policy=policy,
            words=words,
        )
        with self._database.begin() as connection:
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
                    policy=policy,
                    words=words,
                )
            )
        return key, secret

    def find(self, key_id: str) -> ApiKey | None:
        """Return the live key with this id, or None."""
        with self._database.connect() as connection:
            row = connection.execute(
                select(*_VISIBLE).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
            ).one_or_none()
        return None if row is None else _key(row)

    def verify(self, credential: str) -> ApiKey | None:
        """Return the live key that this credential is, or None; notes the use, to the minute.

        Raises
        ------
        StoreUnavailableError
            The database cannot be read.
        """
        if not looks_valid(credential):
            return None
        offered = digest(credential)
        with self._database.connect() as connection:
            row = connection.execute(
                select(*_VISIBLE, api_keys.c.digest).where(api_keys.c.digest == offered)
            ).one_or_none()
        # The index has found it already; comparing again in constant time keeps the answer independent of
        # how a database compares (PostgreSQL and SQLite stop at the first difference).
        if row is None or not hmac.compare_digest(row.digest, offered) or row.revoked_at is not None:
            return None
        key = _key(row)
        self._note_use(key)
        return key

    def list(self) -> list[ApiKey]:
        """Return every key, the revoked ones too, oldest first."""
        with self._database.connect() as connection:
            rows = connection.execute(select(*_VISIBLE).order_by(api_keys.c.created_at, api_keys.c.id))
            return [_key(row) for row in rows]

    def revoke(self, key_id: str) -> bool:
        """Refuse this key from now on; False when there is no such key. Revoking twice changes nothing."""
        with self._database.begin() as connection:
            found = connection.execute(
                update(api_keys)
                .where(api_keys.c.id == key_id)
                .values(revoked_at=func.coalesce(api_keys.c.revoked_at, naive(self._now())))
            )
            return found.rowcount > 0

    def is_empty(self) -> bool:
        """Whether no key was ever made."""
        with self._database.connect() as connection:
            return connection.scalar(select(func.count()).select_from(api_keys)) == 0

    def _note_use(self, key: ApiKey) -> None:
        now = self._now()
        if key.last_used_at is not None and now - key.last_used_at < LAST_USED_STEP:
            return
        # A full disk or a long writer elsewhere is no reason to turn a good key away.
        with suppress(StoreError), self._database.begin() as connection:
            connection.execute(
                update(api_keys).where(api_keys.c.id == key.id).values(last_used_at=naive(now))
            )


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
        policy=row.policy,
        words=row.words,
    )
