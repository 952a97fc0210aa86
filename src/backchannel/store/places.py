"""Who has how many analyses going on, over every process that shares the store.

A process that runs says so now and then (`Places.beat`). What a process left behind that says so no more,
killed or cut off, counts for nothing; see `runners`.
"""

import secrets

from sqlalchemy import delete, func, insert, select

from backchannel.store.connections import Database
from backchannel.store.locks import lock_key
from backchannel.store.refusals import StoreUnavailableError
from backchannel.store.runners import Runners
from backchannel.store.schema import places, runners


class Places:
    """The places that analyses take, as one process sees them.

    Parameters
    ----------
    database
        Where they are kept.
    processes
        The processes that share it.
    """

    def __init__(self, database: Database, processes: Runners) -> None:
        self._database = database
        self._runners = processes
        self._left: set[str] = set()  # places that could not be given back; each was taken, so they are few

    def beat(self) -> None:
        """Say that this process lives, and clear up what it could not give back and what the dead left."""
        left = tuple(self._left)
        with self._database.begin() as connection:
            self._runners.beat(connection)
            connection.execute(delete(places).where(places.c.runner_id.not_in(select(runners.c.id))))
            if left:
                connection.execute(delete(places).where(places.c.id.in_(left)))
        self._left.difference_update(left)

    def leave(self) -> None:
        """Say that this process ends, and give back what it held."""
        with self._database.begin() as connection:
            connection.execute(delete(places).where(places.c.runner_id == self._runners.id))
            self._runners.leave(connection)

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
        row = {"id": place_id, "runner_id": self._runners.id, "key_id": key_id, "token_id": token_id}
        limits = [(places.c.key_id == key_id, key_limit)]
        if token_id is not None and token_limit is not None:
            limits.append((places.c.token_id == token_id, token_limit))
        with self._database.begin() as connection:
            lock_key(connection, key_id)
            connection.execute(insert(places).values(row))
            living = places.c.runner_id.in_(self._runners.living(connection))
            for whose, limit in limits:
                taken = connection.scalar(select(func.count()).select_from(places).where(whose, living)) or 0
                if taken > limit:
                    connection.execute(delete(places).where(places.c.id == place_id))
                    return taken - 1, limit
        return place_id
