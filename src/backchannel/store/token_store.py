"""Client tokens, and the keys that sign them. Every call is short and blocking; callers use a thread."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from backchannel.store.connections import Database
from backchannel.store.moments import Clock, aware, naive
from backchannel.store.refusals import TokenExpired, TokenRevoked, TokenUnknown
from backchannel.store.schema import api_keys, client_tokens, signing_keys
from backchannel.store.tokens import MAX_EXPIRES_S, Caps, ClientToken, Spelled, spell, take_apart

KEPT: Final = timedelta(days=1)
"""A session may outlive its token, and is counted on it until it ends."""


class TokenStore:
    """The client tokens of one store.

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

    def mint(self, key_id: str, scopes: Sequence[str], expires_s: int, caps: Caps) -> tuple[ClientToken, str]:
        """Make a token; returns what is stored, and the token itself, which nobody can ask for again."""
        now = self._now()
        expires_at = datetime.fromtimestamp(int(now.timestamp()) + expires_s, UTC)
        token = ClientToken(secrets.token_hex(12), key_id, tuple(scopes), caps, expires_at)
        with self._database.begin() as connection:
            connection.execute(delete(client_tokens).where(client_tokens.c.expires_at < naive(now - KEPT)))
            connection.execute(insert(client_tokens).values(_row_of(token, now)))
            signing_key_id, secret = self._signing_key(connection)
        return token, spell(signing_key_id, secret, token.id, expires_at)

    def verify(self, credential: str) -> ClientToken:
        """Return the live token that this credential is.

        Raises
        ------
        TokenUnknown, TokenExpired, TokenRevoked
            It is unknown, it has expired, or it or the API key that made it is revoked.
        """
        with self._database.connect() as connection:
            spelled = self._verified(connection, credential)
            if spelled.expires_at <= self._now():
                raise TokenExpired
            row = connection.execute(
                select(client_tokens, api_keys.c.revoked_at.label("key_revoked_at"))
                .join(api_keys, api_keys.c.id == client_tokens.c.key_id)
                .where(client_tokens.c.id == spelled.id)
            ).one_or_none()
        if row is None:
            raise TokenUnknown
        if row.revoked_at is not None or row.key_revoked_at is not None:
            raise TokenRevoked
        return _token(row)

    def revoke(self, key_id: str, credential: str) -> None:
        """Refuse a token from now on. Nothing happens when it has expired, or is revoked already.

        Raises
        ------
        TokenUnknown
            It is not a token of this key.
        """
        with self._database.begin() as connection:
            spelled = self._verified(connection, credential)
            found = connection.execute(
                update(client_tokens)
                .where(client_tokens.c.id == spelled.id, client_tokens.c.key_id == key_id)
                .values(revoked_at=func.coalesce(client_tokens.c.revoked_at, naive(self._now())))
            )
        if not found.rowcount and spelled.expires_at > self._now():
            raise TokenUnknown

    def rotate(self, *, at_once: bool = False) -> None:
        """Sign with a new key from now on.

        What the old key signed stays good until it expires; or, `at_once`, becomes invalid now.
        """
        with self._database.begin() as connection:
            if at_once:
                connection.execute(delete(signing_keys))
            now = naive(self._now())
            connection.execute(
                update(signing_keys).where(signing_keys.c.retired_at.is_(None)).values(retired_at=now)
            )
            self._new_signing_key(connection)

    def _verified(self, connection: Connection, credential: str) -> Spelled:
        spelled = take_apart(credential)
        if spelled is None:
            raise TokenUnknown
        longest = timedelta(seconds=MAX_EXPIRES_S)
        secret = connection.scalar(
            select(signing_keys.c.secret).where(
                signing_keys.c.id == spelled.signing_key_id,
                signing_keys.c.retired_at.is_(None)
                | (signing_keys.c.retired_at > naive(self._now() - longest)),
            )
        )
        if secret is None or not spelled.signed_with(secret):
            raise TokenUnknown
        return spelled

    def _signing_key(self, connection: Connection) -> tuple[str, bytes]:
        row = connection.execute(
            select(signing_keys.c.id, signing_keys.c.secret)
            .where(signing_keys.c.retired_at.is_(None))
            .order_by(signing_keys.c.created_at.desc(), signing_keys.c.id)
        ).first()
        return self._new_signing_key(connection) if row is None else (row.id, row.secret)

    def _new_signing_key(self, connection: Connection) -> tuple[str, bytes]:
        key_id, secret = secrets.token_hex(4), secrets.token_bytes(32)
        connection.execute(
            insert(signing_keys).values(id=key_id, secret=secret, created_at=naive(self._now()))
        )
        return key_id, secret


def _row_of(token: ClientToken, now: datetime) -> dict[str, Any]:
    caps = token.caps
    return {
        "id": token.id,
        "key_id": token.key_id,
        "scopes": " ".join(token.scopes),
        "created_at": naive(now),
        "expires_at": naive(token.expires_at),
        "max_duration_s": caps.max_duration_s,
        "max_bytes": caps.max_bytes,
        "max_concurrent": caps.max_concurrent,
        "max_video_ms": None if caps.max_video_s is None else caps.max_video_s * 1000,
        "allowed_origins": " ".join(caps.allowed_origins),
        "used_bytes": 0,
        "used_video_ms": 0,
    }


def _token(row: Any) -> ClientToken:
    return ClientToken(
        id=row.id,
        key_id=row.key_id,
        scopes=tuple(row.scopes.split()),
        caps=Caps(
            max_duration_s=row.max_duration_s,
            max_bytes=row.max_bytes,
            max_concurrent=row.max_concurrent,
            max_video_s=None if row.max_video_ms is None else row.max_video_ms // 1000,
            allowed_origins=tuple((row.allowed_origins or "").split()),
        ),
        expires_at=aware(row.expires_at),
    )
