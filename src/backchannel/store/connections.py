"""Connections to the database. What its driver raises when it fails becomes an exception of the store."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    TimeoutError,  # noqa: A004 -- of the pool, and only here
)

from backchannel.store.refusals import StoreError, StoreUnavailableError

OnUsed = Callable[[float], object]
"""Called with the time of one use of the database, s."""
_OURS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""Faults of this program. Every other error of a driver is the database's."""


class Database:
    """Lends connections.

    Parameters
    ----------
    engine
        Database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._on_used: OnUsed | None = None

    def watch(self, on_used: OnUsed) -> None:
        """Tell how long each use takes from now on. It may be called from any thread."""
        self._on_used = on_used

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Lend a connection to read.

        Raises
        ------
        StoreUnavailableError
            The database fails.
        """
        with self._timed(), _failing_plainly(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Lend a connection in a transaction. It is kept whole, or not at all when this raises.

        Raises
        ------
        StoreUnavailableError
            The database fails.
        """
        with self._timed(), _failing_plainly(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _timed(self) -> Iterator[None]:
        began_s = time.perf_counter()
        try:
            yield
        finally:
            if self._on_used is not None:
                self._on_used(time.perf_counter() - began_s)


@contextmanager
def _failing_plainly() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, TimeoutError) as error:
        cause = getattr(error, "orig", None) or error
        name = getattr(cause, "sqlite_errorname", type(cause).__name__)
        if isinstance(error, _OURS):
            raise StoreError(f"The database rejected a statement ({name}).") from None
        raise StoreUnavailableError(name) from None
