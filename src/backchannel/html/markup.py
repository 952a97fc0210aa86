"""Build HTML from values, escaped by default, and pages that load nothing and run only their own scripts."""

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
    """Text that is already HTML, so it is not escaped again."""

    __slots__ = ()


Child = Html | str | Iterable["Child"]


def tag(name: str, *children: Child, **attributes: str | float | bool | None) -> Html:
    """Return an element.

    Parameters
    ----------
    name
        Name of the element.
    *children
        Its content. Text is escaped.
    **attributes
        Attributes; values are escaped. A trailing underscore is dropped (``class_``) and other underscores
        become hyphens. None and False omit the attribute, True gives it an empty value.

    Examples
    --------
    >>> tag("p", "1 < 2", class_="lead", hidden=False)
    '<p class="lead">1 &lt; 2</p>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{"" if value is True else html.escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{written}>{fragment(children)}</{name}>")


def fragment(children: Child) -> Html:
    """Join children. Each is escaped unless it is already HTML."""
    if isinstance(children, Html):
        return children
    if isinstance(children, str):
        return Html(html.escape(children, quote=False))
    return Html("".join(fragment(child) for child in children))


def page(
    title: str,
    body: Child,
    room: str,
    styles: Sequence[str],
    scripts: Sequence[str],
    data: Any = None,
    *,
    pictures: bool = False,
) -> str:
    """Return a complete, self-contained page.

    A content security policy in the page forbids loading anything and running any other script.

    Parameters
    ----------
    title
        The page's title.
    body
        The content of its body.
    room
        The package whose folder `assets` contains the styles and scripts.
    styles, scripts
        File names. The common style of all pages comes before them.
    data
        Data for the scripts, written as JSON.
    pictures
        Whether the page contains pictures, as ``data:`` addresses.
    """
    style = "\n".join([_asset(HERE, "page.css"), *(_asset(room, name) for name in styles)])
    code = "\n".join(_asset(room, name) for name in scripts)
    return Template(_asset(HERE, "page.html")).substitute(
        title=html.escape(title),
        policy=(
            f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(code)}'; "
            f"{'img-src data:; ' if pictures else ''}base-uri 'none'; form-action 'none'"
        ),
        style=style,
        body=fragment(body),
        data="" if data is None else _inline(data),
        script=code,
    )


def _inline(data: Any) -> str:
    # "<" is escaped, so no text in the data can end the script element.
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    escaped = text.replace("<", "\\u003c")
    return f'<script type="application/json" id="data">{escaped}</script>'


def _asset(room: str, name: str) -> str:
    return resources.files(room).joinpath("assets", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
