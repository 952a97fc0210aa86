"""What each key and client token has used: counted in the store, over every process and restart.

What a key used is the sum of several rows. A transaction adds to a row that no other one holds, and makes
another row when all are held. So streams of one key do not wait for each other, and there are never more rows
than transactions at the same time.

A transaction does not see what others have not committed. So a quota holds in two ways. Media that is charged
before its analysis (an upload) locks its key until the charge is decided: no second one is decided meanwhile.
Live streams do not: they are counted piece by piece, after each piece, and may exceed a quota by one piece
each.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from backchannel.store.connections import Database
from backchannel.store.locks import lock_key
from backchannel.store.moments import Clock
from backchannel.store.refusals import (
    BytesSpent,
    KeyRevoked,
    QuotaSpent,
    Refusal,
    TokenRevoked,
    VideoSpent,
)
from backchannel.store.runners import Runners
from backchannel.store.schema import api_keys, client_tokens, open_charges, usage

_VIDEO_MS: Final = func.sum(usage.c.video_ms).label("video_ms")


@dataclass(frozen=True, slots=True)
class Used:
    """What a key has used in a month.

    Attributes
    ----------
    size_bytes, video_s
        Media accepted, and analysed.
    """

    size_bytes: int = 0
    video_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge that was counted.

    Attributes
    ----------
    id
        Of the charge while it is open, which it is when it has video; otherwise empty.
    key_id, token_id
        Who pays.
    month
        When, for example ``2026-01``.
    video_s
        Video charged for before its analysis, s. `UsageStore.settle` and `UsageStore.refund` close the
        charge.
    left_s
        Video that may be used after this, s; None when nothing limits it.
    """

    id: str
    key_id: str
    token_id: str | None
    month: str
    video_s: float
    left_s: float | None


@dataclass(frozen=True, slots=True)
class _Ask:
    """A charge that may be refused."""

    size_bytes: int
    video_ms: int


class UsageStore:
    """Counts the use of keys and client tokens.

    Parameters
    ----------
    database
        Where they are kept.
    now
        The clock.
    runners
        The processes that share it.
    """

    def __init__(self, database: Database, now: Clock, runners: Runners) -> None:
        self._database = database
        self._now = now
        self._runners = runners

    def charge(
        self,
        key_id: str,
        token_id: str | None,
        *,
        size_bytes: int = 0,
        video_s: float = 0.0,
        sent_bytes: int = 0,
        analysed_s: float = 0.0,
        quota_s: float | None = None,
    ) -> Charge:
        """Charge for media, all of it or none. Takes one transaction, which writes only if it has to.

        Parameters
        ----------
        size_bytes, video_s
            Media that is about to be used.
        sent_bytes, analysed_s
            Media that was accepted earlier, and video that was analysed. They count even when the rest is
            refused.
        quota_s
            The key's quota of video a month, s, or None.

        Raises
        ------
        KeyRevoked, TokenRevoked
            The key or the token is revoked.
        QuotaSpent, VideoSpent, BytesSpent
            The key's quota or the token's budget does not suffice.
        """
        ask = _Ask(size_bytes, round(video_s * 1000))
        charge_id = secrets.token_hex(16) if ask.video_ms else ""
        charged = Charge(charge_id, key_id, token_id, self.month(), ask.video_ms / 1000, None)
        with self._database.begin() as connection:
            if charge_id and quota_s is not None:
                lock_key(connection, key_id)
            # Written first and read after: SQLite then lets no other process write in between, and a token's
            # row is locked.
            _add(connection, charged, size_bytes + sent_bytes, ask.video_ms + round(analysed_s * 1000))
            limits = [self._key_limit(connection, charged, ask, quota_s)]
            if token_id is not None:
                limits.append(_token_limit(connection, token_id, ask))
            refusal = next((limit for limit in limits if isinstance(limit, Refusal)), None)
            if refusal is not None:
                _add(connection, charged, -size_bytes, -ask.video_ms)
            elif charge_id:
                self._open(connection, charged, ask.video_ms)
        if refusal is not None:
            raise refusal
        left_ms = [limit for limit in limits if isinstance(limit, float)]
        return replace(charged, left_s=min(left_ms) / 1000 if left_ms else None)

    def note(
        self,
        key_id: str,
        token_id: str | None,
        video_s: float,
        *,
        size_bytes: int = 0,
        month: str | None = None,
    ) -> None:
        """Count what has been used already, even if there is not enough left for it.

        Parameters
        ----------
        video_s, size_bytes
            Media analysed and accepted. Negative numbers take it back.
        month
            When it was used; now by default.
        """
        charged = Charge("", key_id, token_id, month or self.month(), video_s, None)
        with self._database.begin() as connection:
            _add(connection, charged, size_bytes, round(video_s * 1000))

    def settle(self, charge: Charge) -> None:
        """Close a charge: its analysis has ended, and is paid."""
        with self._database.begin() as connection:
            connection.execute(delete(open_charges).where(open_charges.c.id == charge.id))

    def refund(self, charge: Charge) -> None:
        """Close a charge and take back its video, in the month in which it was made; only the first time."""
        with self._database.begin() as connection:
            _refund(connection, charge)

    def refund_orphans(self) -> float:
        """Refund the charges that processes left open which have ended; returns how much video, s."""
        with self._database.connect() as connection:
            living = self._runners.living(connection)
            rows = connection.execute(
                select(open_charges).where(open_charges.c.runner_id.not_in(living))
            ).all()
        refunded_s = 0.0
        for row in rows:
            charge = Charge(row.id, row.key_id, row.token_id, row.month, row.video_ms / 1000, None)
            with self._database.begin() as connection:
                refunded_s += charge.video_s if _refund(connection, charge) else 0.0
        return refunded_s

    def month(self) -> str:
        """Return the month that use counts for now, for example ``2026-01``."""
        return f"{self._now():%Y-%m}"

    def used(self, key_id: str) -> Used:
        """Return what a key has used this month."""
        mine = usage.c.key_id == key_id, usage.c.month == self.month()
        with self._database.connect() as connection:
            row = connection.execute(
                select(func.sum(usage.c.bytes).label("bytes"), _VIDEO_MS).where(*mine)
            ).one()
        return Used(int(row.bytes or 0), int(row.video_ms or 0) / 1000)

    def _open(self, connection: Connection, charged: Charge, video_ms: int) -> None:
        row = {"id": charged.id, "runner_id": self._runners.id, "month": charged.month, "video_ms": video_ms}
        row |= {"key_id": charged.key_id, "token_id": charged.token_id}
        connection.execute(insert(open_charges).values(row))

    def _key_limit(
        self, connection: Connection, charged: Charge, ask: _Ask, quota_s: float | None
    ) -> float | Refusal | None:
        """Return the video that a key has left, ms; None when nothing limits it; or why it has too little."""
        used = (
            select(_VIDEO_MS)
            .where(usage.c.key_id == charged.key_id, usage.c.month == charged.month)
            .scalar_subquery()
        )
        row = connection.execute(
            select(api_keys.c.revoked_at, used.label("video_ms")).where(api_keys.c.id == charged.key_id)
        ).one_or_none()
        if row is None or row.revoked_at is not None:
            return KeyRevoked()
        if quota_s is None:
            return None
        used_ms = int(row.video_ms or 0)
        left_ms = quota_s * 1000 - used_ms
        if _suffices(left_ms, ask):
            return float(left_ms)
        used_s = (used_ms - ask.video_ms) / 1000
        return QuotaSpent(quota_s, used_s, ask.video_ms / 1000, self._until_next_month_s())

    def _until_next_month_s(self) -> float:
        now = self._now()
        first = datetime(now.year, now.month, 1, tzinfo=now.tzinfo)
        following = (first + timedelta(days=32)).replace(day=1)
        return (following - now).total_seconds()


def _token_limit(connection: Connection, token_id: str, ask: _Ask) -> float | Refusal | None:
    """Return the video that a token has left, ms; None when nothing limits it; or why it has too little."""
    row = connection.execute(select(client_tokens).where(client_tokens.c.id == token_id)).one_or_none()
    if row is None or row.revoked_at is not None:
        return TokenRevoked()
    if row.max_bytes is not None and row.used_bytes > row.max_bytes:
        return BytesSpent(row.max_bytes, row.used_bytes - ask.size_bytes, ask.size_bytes)
    if row.max_video_ms is None:
        return None
    left_ms = row.max_video_ms - row.used_video_ms
    if _suffices(left_ms, ask):
        return float(left_ms)
    used_s = (row.used_video_ms - ask.video_ms) / 1000
    return VideoSpent(row.max_video_ms / 1000, used_s, ask.video_ms / 1000)


def _refund(connection: Connection, charge: Charge) -> bool:
    """Take back a charge that is still open; returns whether it was."""
    open_ = connection.execute(delete(open_charges).where(open_charges.c.id == charge.id)).rowcount
    if open_:
        _add(connection, charge, 0, -round(charge.video_s * 1000))
    return bool(open_)


def _suffices(left_ms: float, ask: _Ask) -> bool:
    # Where nothing was left before, not even nothing is let in, or a session would go on for ever.
    return left_ms >= 0 and left_ms + ask.video_ms > 0


def _add(connection: Connection, charged: Charge, size_bytes: int, video_ms: int) -> None:
    """Add to what a key and its token have used."""
    if not size_bytes and not video_ms:
        return
    _add_to_key(connection, charged, size_bytes, video_ms)
    if charged.token_id is not None:
        table = client_tokens.c
        connection.execute(
            update(client_tokens)
            .where(table.id == charged.token_id)
            .values(
                used_bytes=table.used_bytes + size_bytes,
                used_video_ms=table.used_video_ms + video_ms,
            )
        )


def _add_to_key(connection: Connection, charged: Charge, size_bytes: int, video_ms: int) -> None:
    mine = usage.c.key_id == charged.key_id, usage.c.month == charged.month
    # Where several can write at once (PostgreSQL, not SQLite), this takes a row that nobody holds.
    free = select(usage.c.part).where(*mine).limit(1).with_for_update(skip_locked=True).scalar_subquery()
    more = {"bytes": usage.c.bytes + size_bytes, "video_ms": usage.c.video_ms + video_ms}
    if connection.execute(update(usage).where(*mine, usage.c.part == free).values(more)).rowcount:
        return
    another = {"key_id": charged.key_id, "month": charged.month, "part": secrets.randbits(63)}
    connection.execute(insert(usage).values(another | {"bytes": size_bytes, "video_ms": video_ms}))
