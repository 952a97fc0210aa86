"""Who has used how much: counted in the store, so that it holds across processes and restarts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from backchannel.store.moments import Clock
from backchannel.store.refusals import BytesSpent, KeyRevoked, QuotaSpent, TokenRevoked, VideoSpent
from backchannel.store.schema import api_keys, client_tokens, usage


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


class UsageStore:
    """Counts the use of keys and client tokens.

    Parameters
    ----------
    engine
        Database.
    now
        The clock.
    """

    def __init__(self, engine: Engine, now: Clock) -> None:
        self._engine = engine
        self._now = now

    def charge(
        self, key_id: str, token_id: str | None, size_bytes: int, video_s: float, quota_video_s: float | None
    ) -> float | None:
        """Count what is about to be used, if there is enough left for it; else count nothing.

        Parameters
        ----------
        quota_video_s
            The key's quota of video a month, s, or None.

        Returns
        -------
        Video that may be used after this, s; None when nothing limits it.

        Raises
        ------
        KeyRevoked, TokenRevoked
            The key or the token is revoked.
        QuotaSpent, VideoSpent, BytesSpent
            The key's quota or the token's budget does not suffice.
        """
        video_ms = round(video_s * 1000)
        with self._engine.begin() as connection:
            left = [self._charge_key(connection, key_id, size_bytes, video_ms, quota_video_s)]
            if token_id is not None:
                left.append(_charge_token(connection, token_id, size_bytes, video_ms))
        known = [one for one in left if one is not None]
        return min(known) / 1000 if known else None

    def note(self, key_id: str, token_id: str | None, video_s: float) -> None:
        """Count what has been used already, whether or not there was enough."""
        video_ms = round(video_s * 1000)
        with self._engine.begin() as connection:
            self._add(connection, key_id, 0, video_ms)
            if token_id is not None:
                connection.execute(
                    update(client_tokens)
                    .where(client_tokens.c.id == token_id)
                    .values(used_video_ms=client_tokens.c.used_video_ms + video_ms)
                )

    def used(self, key_id: str) -> Used:
        """Return what a key has used this month."""
        with self._engine.connect() as connection:
            row = connection.execute(
                select(usage).where(usage.c.key_id == key_id, usage.c.month == self._month())
            ).one_or_none()
        return Used() if row is None else Used(row.bytes, row.video_ms / 1000)

    def _charge_key(
        self,
        connection: Connection,
        key_id: str,
        size_bytes: int,
        video_ms: int,
        quota_video_s: float | None,
    ) -> float | None:
        # Added first and looked at after: the row is then locked, so no other process comes in between,
        # and raising rolls it back.
        self._add(connection, key_id, size_bytes, video_ms)
        row = connection.execute(
            select(usage.c.video_ms, api_keys.c.revoked_at)
            .join(api_keys, api_keys.c.id == usage.c.key_id)
            .where(usage.c.key_id == key_id, usage.c.month == self._month())
        ).one_or_none()
        if row is None or row.revoked_at is not None:
            raise KeyRevoked
        if quota_video_s is None:
            return None
        left_ms = quota_video_s * 1000 - float(row.video_ms)
        if left_ms < 0 or left_ms + video_ms <= 0:
            used_s = (row.video_ms - video_ms) / 1000
            raise QuotaSpent(quota_video_s, used_s, video_ms / 1000, self._until_next_month_s())
        return left_ms

    def _add(self, connection: Connection, key_id: str, size_bytes: int, video_ms: int) -> None:
        month = self._month()
        more = (
            update(usage)
            .where(usage.c.key_id == key_id, usage.c.month == month)
            .values(bytes=usage.c.bytes + size_bytes, video_ms=usage.c.video_ms + video_ms)
        )
        if connection.execute(more).rowcount:
            return
        try:
            with connection.begin_nested():
                row = {"key_id": key_id, "month": month, "bytes": size_bytes, "video_ms": video_ms}
                connection.execute(insert(usage).values(row))
        except IntegrityError:
            connection.execute(more)  # another process was first

    def _month(self) -> str:
        return f"{self._now():%Y-%m}"

    def _until_next_month_s(self) -> float:
        now = self._now()
        first = datetime(now.year, now.month, 1, tzinfo=now.tzinfo)
        following = (first + timedelta(days=32)).replace(day=1)
        return (following - now).total_seconds()


def _charge_token(connection: Connection, token_id: str, size_bytes: int, video_ms: int) -> float | None:
    table = client_tokens.c
    connection.execute(
        update(client_tokens)
        .where(table.id == token_id)
        .values(
            used_bytes=table.used_bytes + size_bytes,
            used_video_ms=table.used_video_ms + video_ms,
        )
    )
    row = connection.execute(select(client_tokens).where(table.id == token_id)).one_or_none()
    if row is None or row.revoked_at is not None:
        raise TokenRevoked
    if row.max_bytes is not None and row.used_bytes > row.max_bytes:
        raise BytesSpent(row.max_bytes, row.used_bytes - size_bytes, size_bytes)
    if row.max_video_ms is None:
        return None
    left_ms = float(row.max_video_ms - row.used_video_ms)
    if left_ms < 0 or left_ms + video_ms <= 0:
        used_s = (row.used_video_ms - video_ms) / 1000
        raise VideoSpent(row.max_video_ms / 1000, used_s, video_ms / 1000)
    return left_ms
