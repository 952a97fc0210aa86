"""The documentation as a browser sees it."""

import asyncio
import re
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from starlette.applications import Starlette

from backchannel.errors import CATALOGUE
from backchannel.server.pages.documents import document_routes


class Reader:
    """Requests pages."""

    def __init__(self, site: Path) -> None:
        self._app = Starlette(routes=document_routes(site))

    def get(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(request())


@pytest.fixture(scope="module")
def reader(site: Path) -> Reader:
    return Reader(site)


def test_docs_redirects_to_the_first_page(reader: Reader) -> None:
    answer = reader.get("/docs")
    assert answer.status_code == 307
    assert answer.headers["location"] == "docs/", "relative, so it works behind any proxy"
    front = reader.get("/docs/")
    assert front.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Backchannel" in front.text


def test_every_page_is_available_with_and_without_its_suffix(reader: Reader, site: Path) -> None:
    pages = sorted(site.glob("*.html"))
    assert len(pages) > 15
    for page in pages:
        for name in (page.name, page.stem):
            answer = reader.get(f"/docs/{name}")
            assert answer.status_code == 200
            assert answer.content == page.read_bytes()


def test_pages_run_no_scripts_and_load_nothing_from_other_origins(reader: Reader) -> None:
    for path in ("/docs/", "/docs/quickstart.html", "/docs/_static/site.css", "/docs/_images/pipeline.svg"):
        answer = reader.get(path)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self' data:;")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_unchanged_page_is_not_sent_again(reader: Reader) -> None:
    first = reader.get("/docs/security")
    assert first.headers["cache-control"] == "no-cache"
    again = reader.get("/docs/security", **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_every_error_has_its_anchor(reader: Reader) -> None:
    page = reader.get("/docs/errors").text
    for entry in CATALOGUE.values():
        assert page.count(f'id="{entry.anchor}"') == 1
        assert entry.title in page


@pytest.mark.parametrize(
    "path",
    [
        "/docs/nothing",
        "/docs/nothing.html",
        "/docs/errors/",
        "/docs/_static",
        "/docs/..%2fapp.py",
        "/docs/%2e%2e/app.py",
        "/docs//etc/passwd",
        "/docs/%00",
    ],
)
def test_other_paths_are_not_served(reader: Reader, path: str) -> None:
    assert reader.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/docs/nothing", "/docs/errors/", "/docs/a/b"])
def test_a_missing_page_links_to_the_first_page(reader: Reader, path: str) -> None:
    answer = reader.get(path)
    assert answer.headers["content-type"].startswith("text/html")
    link = re.search(r'href="([^"]+)"', answer.text)
    assert link is not None
    assert reader.get(urljoin(path, link[1])).status_code == 200


def test_pages_allow_only_reading(reader: Reader) -> None:
    assert reader.get("/docs/errors", "POST").status_code == 405


def test_without_built_pages_there_is_still_a_page_of_errors(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    assert "make docs" in reader.get("/docs").text
    page = reader.get("/docs/errors").text
    assert all(f'id="{entry.anchor}"' in page for entry in CATALOGUE.values())
