"""A server with real workers, a browser if installed, and a person on its camera."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
import structlog
from playwright.sync_api import Browser, Page, Playwright

from synthesis import Blink, Nod, Performance, Shot, write_clip
from tests.console.modules import ADDRESS, give_file
from tests.screenshots import FOLDER
from tests.server.live import Live, running
from tools.fake_camera import FakeCamera, fake_camera

ROOT: Final = Path(__file__).resolve().parents[2]
ARGUMENTS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
)
ALLOWED: Final = "--use-fake-ui-for-media-stream"
"""Grants access to the camera."""
NOD: Final = Nod(2.5, cycles=3, peak_to_peak_deg=10.0, rate_hz=2.0)

Open = Callable[..., Page]


@pytest.fixture(autouse=True)
def quiet() -> None:
    """Keep the log of the server out of the test report."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """An ordinary server."""
    with running(tmp_path_factory.mktemp("console")) as live:
        yield live


@pytest.fixture(scope="module")
def launch(chromium: str, playwright: Playwright) -> Iterator[Callable[[Sequence[str]], Browser]]:
    """Start browsers, one for each set of arguments."""
    begun: dict[tuple[str, ...], Browser] = {}

    def launch(arguments: Sequence[str]) -> Browser:
        key = tuple(arguments)
        if key not in begun:
            begun[key] = playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS, *key])
        return begun[key]

    yield launch
    for browser in begun.values():
        browser.close()


@pytest.fixture
def browse(launch: Callable[[Sequence[str]], Browser]) -> Iterator[Open]:
    """Open pages. Any error in a page fails its test.

    ``browse(camera)`` has a person on camera, ``browse()`` has nobody, and ``browse(allowed=False)`` has no
    access to the camera. Further options are those of a browser context.
    """
    with ExitStack() as stack:

        def browse(
            camera: FakeCamera | None = None,
            *,
            allowed: bool = True,
            expected: Sequence[str] = (),
            **options: Any,
        ) -> Page:
            arguments = [ALLOWED] * allowed + (camera.arguments if camera else [])
            context = launch(arguments).new_context(
                **({"viewport": {"width": 1280, "height": 900}} | options)
            )
            page = context.new_page()
            faults: list[str] = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on(
                "console", lambda message: faults.append(message.text) if message.type == "error" else None
            )

            def finish() -> None:
                context.close()
                assert not [fault for fault in faults if not any(known in fault for known in expected)]

            stack.callback(finish)
            return page

        yield browse


@pytest.fixture(scope="session")
def nodding(tmp_path_factory: pytest.TempPathFactory) -> FakeCamera:
    """A person who listens and nods every six seconds."""
    folder = tmp_path_factory.mktemp("nodding")
    write_clip(folder / "nod.mp4", Shot(Performance(6.0, (Blink(1.0), NOD, Blink(5.0)), seed=5)))
    return fake_camera(folder / "nod.mp4", folder)


@pytest.fixture(scope="session")
def speaking(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> FakeCamera:
    """A real person who makes a statement."""
    return fake_camera(clips / "woman-frowning-firm-statement.mp4", tmp_path_factory.mktemp("speaking"))


@pytest.fixture
def blank_page(browse: Open) -> Page:
    """An empty page that can import the modules, without a content security policy."""
    page = browse(expected=["WebSocket connection", "Failed to load resource"])
    page.route(f"{ADDRESS}**", give_file)
    page.goto(ADDRESS)
    return page


def keep_figures(**figures: float) -> None:
    """Save measured figures next to the screenshots."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, value in figures.items():
        # A file each, since tests in other processes keep theirs at the same time.
        (FOLDER / f"{name}.txt").write_text(f"{value:.2f}\n")
