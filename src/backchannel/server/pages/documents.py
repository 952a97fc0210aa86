"""The documentation at `/docs`, as it was built into this package.

The pages are plain files, made by `docs/site` when the package is built. Where they are missing (a checkout
that was never set up) the errors still have their page, since every error links to it.
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
    # No scripts at all, nothing inline, nothing from elsewhere.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Kept, but asked about each time: an update of the server is an update of its pages.
    "Cache-Control": "no-cache",
}


def document_routes(site: Path = SITE) -> list[Route]:
    """Return where the pages are, each with and without ``.html``: ``/docs/errors`` is one of them.

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
            return pages.missing(first_page)  # the links of a page would lead astray from there
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
    # Relative, so that it holds behind a proxy, whatever that calls this server.
    return RedirectResponse("docs/")
