"""A server with real workers, a browser where there is one, and a person before its camera."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.server.live import Live, running


@pytest.fixture(autouse=True)
def quiet() -> None:
    """Keep the server's own log out of the report."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server as it is."""
    with running(tmp_path_factory.mktemp("console")) as live:
        yield live
