"""The live console: its page and files, a token for the page, and the report that it saves.

The page may stream without an API key only in a browser on this machine. This is hard to establish: another
website may send the request (its `Origin` shows that), a foreign host name may point here (DNS rebinding;
`Host` shows that), and a reverse proxy on this machine also connects from a loopback address. So every sign
must agree. Otherwise the server requires a key.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from backchannel.config import Settings
from backchannel.errors import Problem
from backchannel.protocol.tokens import TokenBody
from backchannel.report.page import render_report
from backchannel.report.recording import MAX_DOCUMENT_BYTES, decode_recording
from backchannel.server.access.admission import admit
from backchannel.server.access.auth import Principal
from backchannel.server.body import read_whole
from backchannel.server.pages import plain as pages
from backchannel.server.responses import json_response
from backchannel.server.services import Services
from backchannel.store import STREAM_SCOPE, UPLOAD_SCOPE, ApiKey, Caps, Store

KEY_NAME: Final = "console"
"""The key behind pages without a key. The server creates it when first needed and never shows it. Listing,
limits and revocation work as for any other key."""
SCOPES: Final = (STREAM_SCOPE, UPLOAD_SCOPE)
"""The page streams cameras and uploads files."""
SAMPLE_NAME: Final = "sample.mp4"
"""The sample in the data directory, where `make run` puts it. Without it, the page does not offer one."""
TOKEN_EXPIRES_S: Final = 300
SESSIONS_PER_PAGE: Final = 2
"""A new session may start before the server notices that the old one is gone."""

_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS: Final[Mapping[str, str]] = {
    # Nothing inline, nothing from other origins, no framing. `blob:` is for the file being played.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Browsers may cache files but must revalidate, so that a page never mixes two versions of the server.
    "Cache-Control": "no-cache",
}
_FORWARDED: Final = ("forwarded", "via", "x-real-ip")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page, ready to send."""

    content: bytes
    media_type: str
    etag: str


def console_routes(settings: Settings) -> list[Route]:
    """Return the routes of the console. If it is switched off, only the plain start page."""
    if settings.console == "off":
        return [Route("/", pages.index)]
    page_files = read_files()
    words = ("data-words",) if settings.words == "on" else ()
    without_sample, with_sample = (
        _marked(page_files["index.html"], *marks) for marks in (words, ("data-sample", *words))
    )

    async def index(request: Request) -> Response:
        # Browsers ask for HTML by name. Other clients get the plain start page.
        if "text/html" in request.headers.get("accept", ""):
            answer = _send(request, with_sample if await _sample_of(settings) else without_sample)
        else:
            answer = await pages.index(request)
        answer.headers["Vary"] = "Accept"
        return answer

    async def file(request: Request) -> Response:
        found = page_files.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return _send(request, found)

    return [
        Route("/", index),
        Route("/console/token", make_token, methods=["POST"]),
        Route("/console/report", make_report, methods=["POST"]),
        Route("/console/sample", send_sample),
        Route("/console/{name}", file),
    ]


def read_files() -> Mapping[str, PageFile]:
    """Return the files of the page by name."""
    found = {}
    for entry in files("backchannel").joinpath("console").iterdir():
        media_type = _TYPES.get(PurePosixPath(entry.name).suffix)
        if media_type is not None:
            found[entry.name] = _page_file(entry.read_bytes(), media_type)
    return found


def _marked(page: PageFile, *marks: str) -> PageFile:
    """Tell the page what this server has, with attributes of its body."""
    body = " ".join(["<body", *marks]) + ">"
    return _page_file(page.content.replace(b"<body>", body.encode()), _TYPES[".html"])


def _page_file(content: bytes, media_type: str) -> PageFile:
    return PageFile(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _send(request: Request, file: PageFile) -> Response:
    headers = {**_HEADERS, "ETag": file.etag}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if file.etag in known:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


async def send_sample(request: Request) -> Response:
    """Send the sample, if there is one. It is public: it shows a rendered portrait."""
    sample = await _sample_of(request.app.state.services.settings)
    if sample is None:
        raise HTTPException(404)
    return FileResponse(sample, media_type="video/mp4", headers={"X-Content-Type-Options": "nosniff"})


async def _sample_of(settings: Settings) -> Path | None:
    sample = settings.data_dir / SAMPLE_NAME
    return sample if await asyncio.to_thread(sample.is_file) else None


# --- the page's token ------------------------------------------------------------------------------


async def make_token(request: Request) -> Response:
    """Create a client token for the console's page on this machine, without an API key."""
    services: Services = request.app.state.services
    origin = own_origin(request)
    if services.settings.console == "key" or not from_this_machine(request, services.settings):
        raise Problem("ih2002", "The console requires an API key here. Enter one on the page.")
    key = await asyncio.to_thread(_console_key, services.store)
    services.limits.admit(Principal(key))
    caps = Caps(max_concurrent=SESSIONS_PER_PAGE, allowed_origins=(origin,))
    token, credential = await asyncio.to_thread(
        services.store.tokens.mint, key.id, SCOPES, TOKEN_EXPIRES_S, caps
    )
    log.info("console token created", key=key.id, token=token.id)
    return json_response(
        TokenBody(
            access_token=credential,
            expires_in=TOKEN_EXPIRES_S,
            scope=" ".join(SCOPES),
            max_concurrent=SESSIONS_PER_PAGE,
            allowed_origins=caps.allowed_origins,
        )
    )


async def make_report(request: Request) -> Response:
    """Render a report from the recording that the console posts. The server keeps nothing of it."""
    await admit(request, STREAM_SCOPE)
    document = await read_whole(request, MAX_DOCUMENT_BYTES)
    page = await asyncio.to_thread(lambda: render_report(decode_recording(document)))
    # The page supplied the content, so the report must be downloaded and never open on this origin.
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="backchannel-report.html"',
        "Content-Security-Policy": "sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(page, headers=headers)


def own_origin(request: Request) -> str:
    """Return the origin of a request from our own page.

    Raises
    ------
    Problem
        ``ih2003`` if the request comes from another page, or the browser sent no origin.
    """
    origin = request.headers.get("origin", "").lower()
    ours = f"{request.url.scheme}://{request.headers.get('host', '')}".lower()
    if origin != ours or request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise Problem("ih2003", "Only the console's own page may use this address. Open the console.")
    return origin


def from_this_machine(request: Request, settings: Settings) -> bool:
    """Whether a request surely comes from a browser on this machine."""
    forwarded = any(name in _FORWARDED or name.startswith("x-forwarded") for name in request.headers)
    return (
        not forwarded
        # Browsers use HTTP/1.1 without TLS. Many proxies still use HTTP/1.0 for the server behind them.
        and request.scope["http_version"] == "1.1"
        and request.client is not None
        and _is_loopback(request.client.host)
        and _names_loopback(f"//{request.headers.get('host', '')}")
        # A server with a public address is behind a proxy, whatever its requests look like.
        and (not settings.public_url or _names_loopback(settings.public_url))
    )


def _names_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host == "localhost" or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False


def _console_key(store: Store) -> ApiKey:
    living = (key for key in store.keys.list() if key.name == KEY_NAME and key.revoked_at is None)
    # A key of an earlier version allows streams only.
    able = (key for key in living if set(SCOPES) <= set(key.scopes))
    return next(able, None) or store.keys.create(KEY_NAME, SCOPES)[0]
