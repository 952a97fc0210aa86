"""Runs the modules of the page on an empty page in a real browser."""

from typing import Any

from playwright.sync_api import Page, Route

from backchannel.server.pages.console import read_files

ADDRESS = "http://127.0.0.1:1/modules/"
"""No server listens here. Every request is answered from the package."""


def give_file(route: Route) -> None:
    """Answer a request that Playwright intercepted."""
    body, media_type = page_file(route.request.url)
    route.fulfill(body=body, content_type=media_type)


def page_file(path: str) -> tuple[bytes, str]:
    """Return an empty page or a file of the console, with its media type."""
    file = read_files().get(path.rpartition("/")[2])
    if file is None:
        return b"<!doctype html><title>Modules</title>", "text/html"
    return file.content, file.media_type


def run(page: Page, code: str, argument: object = None) -> Any:
    """Run the body of a function with the arguments (model, client, words, health, given) on the page."""
    return page.evaluate(
        """async ([code, given]) => {
          const names = ["model", "client", "words", "health"];
          const fileOf = (name) => `/modules/${name === "client" ? "backchannel" : name}.js`;
          const modules = await Promise.all(names.map((name) => import(fileOf(name))));
          const AsyncFunction = (async () => {}).constructor;
          return await new AsyncFunction(...names, "given", code)(...modules, given);
        }""",
        [code, argument],
    )
