"""The processes that share the store, and which of them still live.

A process that lives says so every `BEAT_S`: its row changes. The others watch the rows, each on its own clock
that never jumps. A process whose row has not changed for `LEASE_S` is dead. So nobody is taken for dead
because a clock was set, here or on another machine.
"""

import math
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from backchannel.store.moments import Clock, naive
from backchannel.store.schema import runners

LEASE_S: Final = 30.0
BEAT_S: Final = 10.0
LONG_AGO: Final = timedelta(minutes=5)
"""A process that was heard last that long ago is dead at first sight; clocks jump less (judgement)."""


class Runners:
    """The processes, as one of them sees them. May be used from any thread.

    Parameters
    ----------
    now
        The clock, only to tell what a store held for long from what its processes hold.
    now_s
        A clock that never jumps, s.

    Attributes
    ----------
    id
        Of this process.
    """

    def __init__(self, now: Clock, now_s: Callable[[], float]) -> None:
        self._now = now
        self._now_s = now_s
        self.id: Final = secrets.token_hex(16)
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[datetime, float]] = {}  # each row, and when it was first seen so

    def beat(self, connection: Connection) -> None:
        """Say that this process lives, and forget the dead."""
        alive_until = naive(self._now() + timedelta(seconds=LEASE_S))
        mine = runners.c.id == self.id
        if not connection.execute(update(runners).where(mine).values(alive_until=alive_until)).rowcount:
            connection.execute(insert(runners).values(id=self.id, alive_until=alive_until))
        # Later than they die: what a process that only stalled still holds then counts again.
        kept = self.living(connection, 2 * LEASE_S)
        connection.execute(delete(runners).where(runners.c.id.not_in(kept)))

    def leave(self, connection: Connection) -> None:
        """Say that this process ends."""
        connection.execute(delete(runners).where(runners.c.id == self.id))

    def living(self, connection: Connection, lease_s: float = LEASE_S) -> list[str]:
        """Return the ids of the processes that live, this one among them."""
        rows = connection.execute(select(runners.c.id, runners.c.alive_until)).all()
        now_s, now = self._now_s(), naive(self._now())
        with self._lock:
            before, self._seen = self._seen, {}
            for row in rows:
                known = before.get(row.id)
                if known is None and row.alive_until < now - LONG_AGO:
                    known = row.alive_until, -math.inf
                elif known is None or known[0] != row.alive_until:
                    known = row.alive_until, now_s
                self._seen[row.id] = known
            dead = {id_ for id_, (_, since_s) in self._seen.items() if now_s - since_s >= lease_s}
        return [self.id, *(row.id for row in rows if row.id != self.id and row.id not in dead)]
