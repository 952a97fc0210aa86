"""Screenshots of pages in `.cache/screenshots`, for people to look at. No test depends on them."""

from pathlib import Path
from typing import Final

from playwright.sync_api import Error, Page

FOLDER: Final = Path(__file__).resolve().parents[1] / ".cache" / "screenshots"
TRIES: Final = 3
"""A busy browser sometimes cannot capture a page at once."""


def keep(page: Page, name: str, *, full_page: bool = True) -> None:
    """Save a screenshot, or leave it out if the browser cannot take one."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for _ in range(TRIES):
        try:
            page.screenshot(path=FOLDER / f"{name}.png", full_page=full_page)
        except Error:
            continue
        return
