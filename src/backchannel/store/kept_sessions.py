"""Sessions that can be resumed: their encrypted state, and what they said last.

A session is written by its holder, a connection. The one that resumes it becomes the holder, and from then on
nothing that the old one writes counts, in whichever process it is. Every call is short and blocking; callers
use a thread.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from backchannel.store.connections import Database
from backchannel.store.moments import Clock, naive
from backchannel.store.runners import BEAT_S, Runners
from backchannel.store.schema import kept_messages, kept_sessions

Body = tuple[int, bytes]
"""Messages that were said together, encrypted, and the number of the last one."""


@dataclass(frozen=True, slots=True)
class KeptSession:
    """A session that goes on.

    Attributes
    ----------
    holder
        Names the connection that holds it from now on.
    place_id
        The place of the connection that held it before, if it had one.
    state
        As it was written last.
    bodies
        What it said last, in order.
    """

    holder: str
    place_id: str | None
    state: bytes
    bodies: tuple[Body, ...]


class KeptSessions:
    """The sessions of one store that can be resumed.

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

    def begin(self, session_id: str, key_id: str, place_id: str, state: bytes, kept_s: float) -> str:
        """Keep a new session; returns its holder.

        Parameters
        ----------
        kept_s
            How long it is kept without a connection, s.
        """
        holder = secrets.token_hex(16)
        with self._database.begin() as connection:
            connection.execute(
                insert(kept_sessions).values(
                    id=session_id,
                    key_id=key_id,
                    holder=holder,
                    runner_id=self._runners.id,
                    place_id=place_id,
                    expires_at=self._expiry(kept_s + 2 * BEAT_S),
                    state=state,
                )
            )
        return holder

    def write(
        self, session_id: str, holder: str, state: bytes, bodies: Sequence[Body], forget_seq: int = 0
    ) -> bool:
        """Replace the state and add what was said, both or nothing.

        Parameters
        ----------
        forget_seq
            What was said up to this number is deleted.

        Returns
        -------
        bool
            False if somebody else holds the session, or nobody keeps it any more.
        """
        with self._database.begin() as connection:
            mine = (kept_sessions.c.id == session_id) & (kept_sessions.c.holder == holder)
            if not connection.execute(update(kept_sessions).where(mine).values(state=state)).rowcount:
                return False
            if bodies:
                rows = [{"session_id": session_id, "last_seq": seq, "body": body} for seq, body in bodies]
                connection.execute(insert(kept_messages), rows)
            if forget_seq:
                old = (kept_messages.c.session_id == session_id) & (kept_messages.c.last_seq <= forget_seq)
                connection.execute(delete(kept_messages).where(old))
        return True

    def has(self, session_id: str, key_id: str) -> bool:
        """Return whether a session of this key is kept, without becoming its holder."""
        live = (kept_sessions.c.id == session_id) & (kept_sessions.c.key_id == key_id)
        live &= kept_sessions.c.expires_at > naive(self._now())
        with self._database.connect() as connection:
            return connection.scalar(select(kept_sessions.c.id).where(live)) is not None

    def claim(self, session_id: str, key_id: str, kept_s: float) -> KeptSession | None:
        """Become the holder of a session of this key; None if none is kept."""
        holder = secrets.token_hex(16)
        mine = (kept_sessions.c.id == session_id) & (kept_sessions.c.key_id == key_id)
        live = mine & (kept_sessions.c.expires_at > naive(self._now()))
        values = {"holder": holder, "runner_id": None, "expires_at": self._expiry(kept_s)}
        with self._database.begin() as connection:
            # Written first and read after: whoever held it has then written all that counts.
            if not connection.execute(update(kept_sessions).where(live).values(values)).rowcount:
                return None
            row = connection.execute(select(kept_sessions).where(mine)).one()
            bodies = connection.execute(
                select(kept_messages.c.last_seq, kept_messages.c.body)
                .where(kept_messages.c.session_id == session_id)
                .order_by(kept_messages.c.last_seq)
            ).all()
        return KeptSession(
            holder, row.place_id, row.state, tuple((body.last_seq, body.body) for body in bodies)
        )

    def connect(self, session_id: str, holder: str, place_id: str) -> bool:
        """Note that a session has a connection, and its place; False if somebody else holds it."""
        return self._change(session_id, holder, {"runner_id": self._runners.id, "place_id": place_id})

    def disconnect(self, session_id: str, holder: str, kept_s: float) -> None:
        """Note that a session has no connection any more."""
        self._change(session_id, holder, {"runner_id": None, "expires_at": self._expiry(kept_s)})

    def forget(self, session_id: str, holder: str) -> None:
        """Delete a session that has ended."""
        mine = (kept_sessions.c.id == session_id) & (kept_sessions.c.holder == holder)
        with self._database.begin() as connection:
            if connection.execute(delete(kept_sessions).where(mine)).rowcount:
                connection.execute(delete(kept_messages).where(kept_messages.c.session_id == session_id))

    def refresh(self, kept_s: float) -> int:
        """Keep the connected sessions of this process for longer, and delete those whose time is over.

        Returns how many were deleted.
        """
        with self._database.begin() as connection:
            connection.execute(
                update(kept_sessions)
                .where(kept_sessions.c.runner_id == self._runners.id)
                .values(expires_at=self._expiry(kept_s + 2 * BEAT_S))
            )
            return self._delete_expired(connection)

    def _delete_expired(self, connection: Connection) -> int:
        # Not those of a process that lives and could not write for a while.
        unheld = kept_sessions.c.runner_id.is_(None) | kept_sessions.c.runner_id.not_in(
            self._runners.living(connection)
        )
        expired = (kept_sessions.c.expires_at <= naive(self._now())) & unheld
        ids = select(kept_sessions.c.id).where(expired)
        connection.execute(delete(kept_messages).where(kept_messages.c.session_id.in_(ids)))
        return connection.execute(delete(kept_sessions).where(expired)).rowcount

    def _change(self, session_id: str, holder: str, values: dict[str, object]) -> bool:
        mine = (kept_sessions.c.id == session_id) & (kept_sessions.c.holder == holder)
        with self._database.begin() as connection:
            return bool(connection.execute(update(kept_sessions).where(mine).values(values)).rowcount)

    def _expiry(self, after_s: float) -> datetime:
        return naive(self._now() + timedelta(seconds=after_s))
