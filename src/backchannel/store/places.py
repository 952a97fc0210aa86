"""Who has how many analyses going on, over every process that shares the store.

A process that runs says so now and then (`Places.beat`). What a process left behind that says so no more,
killed or cut off, counts for nothing.
"""

import secrets
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, insert, select, update

from backchannel.store.connections import Database
from backchannel.store.moments import Clock, naive
from backchannel.store.refusals import StoreUnavailableError
from backchannel.store.schema import places, runners

LEASE: Final = timedelta(seconds=30)
BEAT_S: Final = 10.0


class Places:
    """The places that analyses take, as one process sees them.

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
        self.runner_id: Final = secrets.token_hex(16)
        self._left: set[str] = set()  # places that could not be given back; each was taken, so they are few

    def beat(self) -> None:
        """Say that this process lives, and clear up what it could not give back and what the dead left."""
        now = self._now()
        left = tuple(self._left)
        alive_until = naive(now + LEASE)
        mine = runners.c.id == self.runner_id
        with self._database.begin() as connection:
            if not connection.execute(update(runners).where(mine).values(alive_until=alive_until)).rowcount:
                connection.execute(insert(runners).values(id=self.runner_id, alive_until=alive_until))
            connection.execute(delete(runners).where(runners.c.alive_until < naive(now - LEASE)))
            connection.execute(delete(places).where(places.c.runner_id.not_in(select(runners.c.id))))
            if left:
                connection.execute(delete(places).where(places.c.id.in_(left)))
        self._left.difference_update(left)

    def leave(self) -> None:
        """Say that this process ends, and give back what it held."""
        with self._database.begin() as connection:
            connection.execute(delete(places).where(places.c.runner_id == self.runner_id))
            connection.execute(delete(runners).where(runners.c.id == self.runner_id))

    def take(
        self, key_id: str, token_id: str | None, key_limit: int, token_limit: int | None
    ) -> str | tuple[int, int]:
        """Take a place; returns its id, or how many are taken and how many may be."""
        place_id = secrets.token_hex(16)
        try:
            return self._take(place_id, key_id, token_id, key_limit, token_limit)
        except StoreUnavailableError:
            self.give_back_later(place_id)  # it may be there already
            raise

    def give_back(self, place_id: str) -> None:
        """Give a place back. When that cannot be written now, a later `beat` does it."""
        try:
            with self._database.begin() as connection:
                connection.execute(delete(places).where(places.c.id == place_id))
        except StoreUnavailableError:
            self.give_back_later(place_id)
            raise

    def give_back_later(self, place_id: str) -> None:
        """Leave a place to the next `beat`, without asking the database."""
        self._left.add(place_id)

    def _take(
        self, place_id: str, key_id: str, token_id: str | None, key_limit: int, token_limit: int | None
    ) -> str | tuple[int, int]:
        row = {"id": place_id, "runner_id": self.runner_id, "key_id": key_id, "token_id": token_id}
        with self._database.begin() as connection:
            connection.execute(insert(places).values(row))
        # Counted after it is there for all to see: two that come at once may both be refused, but
        # never are both let in.
        limits = [(places.c.key_id == key_id, key_limit)]
        if token_id is not None and token_limit is not None:
            limits.append((places.c.token_id == token_id, token_limit))
        living = select(runners.c.id).where(runners.c.alive_until > naive(self._now()))
        with self._database.begin() as connection:
            for whose, limit in limits:
                taken = (
                    connection.scalar(
                        select(func.count())
                        .select_from(places)
                        .where(whose, (places.c.runner_id == self.runner_id) | places.c.runner_id.in_(living))
                    )
                    or 0
                )
                if taken > limit:
                    connection.execute(delete(places).where(places.c.id == place_id))
                    return taken - 1, limit
        return place_id
