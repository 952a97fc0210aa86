"""Fixtures that more than one room needs."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def clips() -> Path:
    """Folder of the labelled real clips."""
    return _shared("clips")


@pytest.fixture(scope="session")
def recordings() -> Path:
    """Folder of the real browser recordings, chunk by chunk."""
    return _shared("recorder")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the documentation, built as strictly as it can be."""
    target = tmp_path_factory.mktemp("docs") / "site"
    command = [sys.executable, "-m", "docs.site.build", "--strict", str(target)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return target


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright, without its own browsers.

    There can be only one in a process, and while it is there this thread has a running event loop: no test
    that stands in the same module, or comes before its end, can use `asyncio.run`.
    """
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def chromium() -> str:
    """Where Debian's Chromium is."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("needs Debian's chromium on the path (package chromium), which is not there")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str, playwright: Playwright) -> Iterator[Browser]:
    """A browser that asks for nothing of its own."""
    arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
    yield browser
    browser.close()


def _shared(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"needs the folder shared/{name} beside the checkout, which is not there")
    return folder
