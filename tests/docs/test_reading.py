"""The pages in a browser: their policy holds, nothing is too wide, and axe-core finds no serious fault."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from starlette.applications import Starlette

from backchannel.server.pages.documents import document_routes
from tests.screenshots import keep

PHONE, DESK = (360, 780), (1600, 1000)
PAGES = ("index", "quickstart", "streams", "errors", "accuracy", "cues-and-signals", "settings")


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Where the pages are served."""
    taken = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=document_routes(site))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
    thread.start()
    yield f"http://127.0.0.1:{taken.getsockname()[1]}/docs"
    server.should_exit = True
    thread.join(10)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_pages_can_be_read(browser: Browser, address: str, scheme: str, size: tuple[int, int]) -> None:
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(f"{page.url}: {said.text}"))
    page.on("requestfailed", lambda request: faults.append(f"{page.url}: {request.url} failed"))
    for name in PAGES:
        page.goto(f"{address}/{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is too wide"
        keep(page, f"docs-{name}-{width}-{scheme}", full_page=False)
        # Playwright's evaluation is not bound by the page's policy; the page itself runs nothing.
        found = Axe().run(page)
        serious = [v for v in found.response["violations"] if v["impact"] in {"serious", "critical"}]
        assert not serious, f"{name}: {[(v['id'], v['nodes'][0]['html']) for v in serious]}"
    context.close()
    assert not faults


@pytest.mark.slow
def test_the_menu_opens_on_a_phone(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
    page = context.new_page()
    page.goto(f"{address}/")
    menu = page.locator("details.menu")
    assert not menu.get_by_role("link", name="Security").is_visible()
    menu.locator("summary").click()
    menu.get_by_role("link", name="Security").click()
    page.wait_for_url("**/security.html")
    assert page.get_by_role("heading", level=1).inner_text().startswith("Security")
    context.close()
