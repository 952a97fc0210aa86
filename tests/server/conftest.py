"""Servers that several tests share, since a warm one takes a moment."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.server.live import Live, running


@pytest.fixture(autouse=True)
def quiet() -> None:
    """Keep the servers' own log out of the report; they speak in between the tests."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def faulty_live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server whose analysis does what the test's segments tell it to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        with running(tmp_path_factory.mktemp("faulty"), "tests.engine.faulty") as live:
            yield live


@pytest.fixture
def workers_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers import the analysis that a test puts in place."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server as it is."""
    with running(tmp_path_factory.mktemp("live")) as live:
        yield live
