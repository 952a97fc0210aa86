"""A warm server, for what the pages tell readers to run."""

from collections.abc import Iterator

import pytest

from tests.server.live import Live, running


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server as it is."""
    with running(tmp_path_factory.mktemp("docs-live"), log_level="error") as live:
        yield live
