"""Fixtures that more than one room needs."""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

NEEDS: Final = {
    "render": (
        "docs/test_sample.py",
        "evals/test_truth_bounds.py",
        "evals/test_whose.py",
        "explain/test_replay.py",
        "perception/test_shots.py",
        "synthesis",
        "test_invariances.py",
        "tools/test_rationales.py",
    ),
    "browser": (
        "console/test_client.py",
        "console/test_console.py",
        "console/test_model.py",
        "docs/test_reading.py",
        "report/test_in_browser.py",
    ),
    "server": (
        "cli/test_serve.py",
        "cli/test_stream.py",
        "console/test_page.py",
        "deploy",
        "docs/test_code.py",
        "interop",
        "server",
        "tools/test_demo.py",
        "tools/test_soak.py",
        "tools/test_soak.py",
    ),
    "process": (
        "batch/test_batch.py",
        "cli/test_analyze.py",
        "cli/test_keys.py",
        "engine/test_heap.py",
        "engine/test_sandbox.py",
        "explain/test_calibrate.py",
        "test_build.py",
    ),
}
"""Marker, and the folders and files whose tests get it. `make check` runs the tests without any."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what tests need. Start with what takes longest, so that no worker has it left at the end."""
    places = {marker: [ROOT / "tests" / place for place in named] for marker, named in NEEDS.items()}
    missing = [place for named in places.values() for place in named if not place.exists()]
    assert not missing, f"tests/conftest.py names what is not there: {missing}"
    rank = {}
    for item in items:
        markers = [name for name, named in places.items() if any(map(item.path.is_relative_to, named))]
        for marker in markers:
            item.add_marker(marker)
        rank[item] = min(map(list(NEEDS).index, markers), default=len(NEEDS))
    items.sort(key=rank.__getitem__)


@pytest.fixture(scope="session")
def clips() -> Path:
    """Folder of the labelled real clips."""
    return _shared("clips")


@pytest.fixture(scope="session")
def captures() -> Path:
    """Folder of our own browser recordings, chunk by chunk; see its README."""
    return ROOT / "tests" / "data" / "recorder"


@pytest.fixture(scope="session")
def recordings() -> Path:
    """Folder of browser recordings of real people, under the same names as in `captures`."""
    return _shared("recorder")


@pytest.fixture(params=["captures", "recordings"])
def recorder(request: pytest.FixtureRequest) -> Path:
    """Folder of browser recordings; a test that asks for it runs on our own and on those of real people."""
    folder: Path = request.getfixturevalue(request.param)
    return folder


@pytest.fixture(scope="session")
def folder_of_the_run(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A temporary folder that all workers of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def site(folder_of_the_run: Path) -> Path:
    """Folder of the documentation, built as strictly as it can be, once a run."""
    target = folder_of_the_run / "site"
    with (folder_of_the_run / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            draft = folder_of_the_run / "site-draft"
            command = [sys.executable, "-m", "docs.site.build", "--strict", str(draft)]
            built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            assert built.returncode == 0, built.stderr
            draft.rename(target)
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
        pytest.skip("needs Debian's chromium on the path (package chromium)")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str, playwright: Playwright) -> Iterator[Browser]:
    """A browser that asks for nothing of its own."""
    arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def field() -> Path:
    """Small files that stand for ones that went wrong in the field."""
    return _shared("field")


def _shared(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"needs the folder shared/{name} beside the checkout, which is not there")
    return folder
