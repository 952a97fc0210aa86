"""Servers that several tests share, because starting one takes a while."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.server.live import Live, running


@pytest.fixture(autouse=True)
def quiet() -> None:
    """Keep the log of the servers out of the test report."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def faulty_live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server whose analysis follows instructions in the segments."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        with running(tmp_path_factory.mktemp("faulty"), "tests.engine.faulty") as live:
            yield live


@pytest.fixture
def workers_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers import the analysis of a test."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """An ordinary server."""
    with running(tmp_path_factory.mktemp("live")) as live:
        yield live
