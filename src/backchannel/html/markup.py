"""HTML from values, escaped unless it already is HTML; and pages that load nothing and run only their own."""

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Sequence
from importlib import resources
from string import Template
from typing import Any, Final

HERE: Final = "backchannel.html"


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = Html | str | Iterable["Child"]


def tag(name: str, *children: Child, **attributes: str | float | bool | None) -> Html:
    """Return one element.

    Attributes are escaped; a trailing underscore is dropped (``class_``), other underscores become hyphens,
    None and False leave one out, and True stands for an empty value.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{"" if value is True else html.escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{written}>{fragment(children)}</{name}>")


def fragment(children: Child) -> Html:
    """Children one after another, each escaped unless it is HTML."""
    if isinstance(children, Html):
        return children
    if isinstance(children, str):
        return Html(html.escape(children, quote=False))
    return Html("".join(fragment(child) for child in children))


def page(
    title: str, body: Child, room: str, styles: Sequence[str], scripts: Sequence[str], data: Any = None
) -> str:
    """Return a whole page with everything it needs in it.

    Parameters
    ----------
    room
        The package in whose folder `assets` the styles and scripts are.
    styles, scripts
        Names of files; what all pages look like comes before them.
    data
        Something for the scripts to read, as JSON.

    A policy in the page forbids it to load anything or to run any script but these.
    """
    style = "\n".join([_asset(HERE, "page.css"), *(_asset(room, name) for name in styles)])
    code = "\n".join(_asset(room, name) for name in scripts)
    return Template(_asset(HERE, "page.html")).substitute(
        title=html.escape(title),
        policy=(
            f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(code)}'; "
            "base-uri 'none'; form-action 'none'"
        ),
        style=style,
        body=fragment(body),
        data="" if data is None else _inline(data),
        script=code,
    )


def _inline(data: Any) -> str:
    # "<" is escaped so that no text in the data can end its element.
    told = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    escaped = told.replace("<", "\\u003c")
    return f'<script type="application/json" id="data">{escaped}</script>'


def _asset(room: str, name: str) -> str:
    return resources.files(room).joinpath("assets", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
