"""Plain pages: the start page without a console, the errors, and missing pages."""

from html import escape
from http import HTTPStatus
from string import Template
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

from backchannel import __version__
from backchannel.errors import CATALOGUE, ErrorEntry

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 0.25rem; scroll-margin-top: 1rem; }
p { margin: 0.25rem 0; }
section:target { outline: 3px solid; outline-offset: 0.5rem; }
code { font-family: ui-monospace, monospace; }
</style>
</head>
<body>
<main>
<h1>$title</h1>
$body
</main>
</body>
</html>
""")


async def index(_request: Request) -> HTMLResponse:
    """Show the start page without a console."""
    body = f"""<p>Backchannel {escape(__version__)} turns live video of a person into social signals.
Connect streams by WebSocket at <code>/v2/stream/analyze</code>, and post files to
<code>/v2/upload/analyze</code>.</p>
<ul>
<li><a href="docs">Documentation</a></li>
<li><a href="docs/errors">Errors</a></li>
<li><a href="openapi.json">OpenAPI: uploads and client tokens</a></li>
<li><a href="asyncapi.json">AsyncAPI: streams</a></li>
<li><a href="healthz">Health</a></li>
<li><a href="readyz">Readiness</a></li>
</ul>"""
    return _page("Backchannel", body)


async def not_built(_request: Request) -> HTMLResponse:
    """Explain how to build the documentation if this installation lacks it."""
    return _page(
        "Backchannel",
        "<p>This installation has no documentation. In a checkout, "
        'build it with <code>make docs</code>. <a href="docs/errors">Errors</a></p>',
    )


def missing(first_page: str) -> HTMLResponse:
    """Return a page for an unknown address, with a relative link to the first page."""
    body = f'<p>There is no such page. Go to the <a href="{escape(first_page)}">documentation</a>.</p>'
    return _page("Backchannel", body, HTTPStatus.NOT_FOUND)


async def errors(_request: Request) -> HTMLResponse:
    """Show every error of the catalogue, each at the anchor that errors link to."""
    intro = "<p>Every error message links to its entry here, and gives the limit and the measured value.</p>"
    return _page("Backchannel errors", intro + "\n".join(map(_entry, CATALOGUE.values())))


def _entry(entry: ErrorEntry) -> str:
    again = "The same request may succeed later." if entry.retryable else "The same request will fail again."
    closing = "" if entry.close_code is None else f", WebSocket close code {entry.close_code}"
    return f"""<section id="{escape(entry.anchor)}">
<h2><code>{escape(entry.error_id)}</code> {escape(entry.title)}</h2>
<p>{_with_code(entry.advice)} {again}</p>
<p>HTTP status {entry.http_status}{closing}.</p>
</section>"""


def _with_code(text: str) -> str:
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def _page(title: str, body: str, status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
    return HTMLResponse(_PAGE.substitute(title=escape(title), body=body), status, headers=_HEADERS)
