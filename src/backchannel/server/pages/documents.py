"""The documentation at `/docs`, built into this package.

The pages are plain files that `docs/site` generates when the package is built. Without them (in a checkout
that was never set up), there is still a page of errors, because every error links to it.
"""

from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from backchannel.server.pages import plain as pages

SITE: Final = Path(__file__).parent / "site"

_HEADERS: Final = {
    # No scripts, nothing inline, nothing from other origins.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Browsers may cache pages but must revalidate, because an update of the server updates its pages.
    "Cache-Control": "no-cache",
}


def document_routes(site: Path = SITE) -> list[Route]:
    """Return the routes of the pages. Each page is available with and without ``.html``.

    Parameters
    ----------
    site
        Folder of the built pages.
    """
    if not (site / "index.html").is_file():
        return [Route("/docs", pages.not_built), Route("/docs/errors", pages.errors)]
    files = StaticFiles(directory=site)

    async def show(request: Request) -> Response:
        name: str = request.path_params["name"] or "index.html"
        first_page = "../" * name.count("/") + "index"
        if name.endswith("/"):
            return pages.missing(first_page)  # Relative links in the page would break.
        try:
            response = await files.get_response(name if Path(name).suffix else f"{name}.html", request.scope)
        except HTTPException as problem:
            if problem.status_code != HTTPStatus.NOT_FOUND:
                raise
            return pages.missing(first_page)
        response.headers.update(_HEADERS)
        return response

    return [Route("/docs", _to_first_page), Route("/docs/{name:path}", show)]


async def _to_first_page(_request: Request) -> Response:
    # A relative address works behind any proxy.
    return RedirectResponse("docs/")
