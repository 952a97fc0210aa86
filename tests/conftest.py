"""Fixtures that more than one room needs."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def clips() -> Path:
    """Folder of the labelled real clips."""
    return _shared("clips")


@pytest.fixture(scope="session")
def recordings() -> Path:
    """Folder of the real browser recordings, chunk by chunk."""
    return _shared("recorder")


def _shared(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"needs the folder shared/{name} beside the checkout, which is not there")
    return folder
