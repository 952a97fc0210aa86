"""Configuration of Sphinx; run it with `python -m docs.site.build`."""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from backchannel import __version__
from docs.site import pages

project = "Backchannel"
release = __version__
extensions = ["myst_parser"]
exclude_patterns = ["site"]
nitpicky = True

# Use GitHub's anchors for headings, so that links work on both.
myst_heading_anchors = 3

html_theme = "backchannel"
# The pages use the console's colours.
html_static_path = [f"../../src/backchannel/console/{name}" for name in ("tokens.css", "icon.svg")]
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_domain_indices = False
html_permalinks_icon = "#"


def _fill(_app: Sphinx, name: str, source: list[str]) -> None:
    source[0] = pages.fill(name, source[0])


def _let_keys_scroll(
    _app: Sphinx, _name: str, _template: str, context: dict[str, Any], _tree: object
) -> None:
    """Make wide tables, pictures and code focusable, so that the keyboard can scroll them."""
    if "body" not in context:
        return
    body = context["body"].replace("<pre>", '<pre tabindex="0">')
    for kind, wide in (("Table", r"<table\b.*?</table>"), ("Picture", r"<img\b[^>]*>")):
        region = f'<div class="wide" role="region" aria-label="{kind}" tabindex="0">'
        body = re.sub(rf"(?:<p>)?({wide})(?:</p>)?", rf"{region}\1</div>", body, flags=re.DOTALL)
    context["body"] = body


def setup(app: Sphinx) -> None:
    """Connect the steps above to Sphinx."""
    app.add_html_theme("backchannel", str(Path(__file__).parent / "theme"))
    app.connect("source-read", _fill)
    app.connect("html-page-context", _let_keys_scroll)
