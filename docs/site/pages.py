"""The order of the pages, and the parts of pages that are generated.

A comment such as ``<!-- made: settings -->`` in a page is replaced by a generated part. Each part comes from
the code, or from a file that a measurement wrote, so it is always up to date.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from backchannel.config import ENV_PREFIX, MIB, Settings
from backchannel.errors import CATALOGUE, ErrorEntry

ROOT: Final = Path(__file__).resolve().parents[2]

NAVIGATION: Final[Mapping[str, tuple[str, ...]]] = {
    "Start": ("quickstart", "how-it-works", "responsible-use", "faq"),
    "Use": (
        "library",
        "stream-v0",
        "streams",
        "resume",
        "realtime",
        "uploads",
        "words",
        "tokens",
        "reports",
        "migrating",
        "errors",
    ),
    "Evidence": ("accuracy", "calibration", "cues-and-signals", "rationales"),
    "Run": ("production", "performance", "settings", "security", "reliability"),
    "Contribute": ("style", "dependencies"),
}
"""Pages in the order of the menu. Missing pages are left out; pages that are not listed come last."""


SHOWN_AT: Final[Mapping[str, str]] = {
    "../evals/RESULTS.md": "accuracy.md#the-last-evaluation",
    "../evals/TRUTH.md": "accuracy.md#synthetic-truth",
    "../evals/NODS.md": "accuracy.md#nods-and-shakes",
    "../bench/RESULTS.md": "accuracy.md#speed",
}
"""Files outside this folder that pages link to, and the sections that show their content."""


class PageError(ValueError):
    """A page asks for a part that does not exist."""


def fill(name: str, text: str) -> str:
    """Return a page's Markdown with its generated parts; the index also gets the menu.

    Raises
    ------
    PageError
        The page asks for a part that does not exist.
    """
    filled = re.sub(r"<!-- made: ([\w-]+) -->", lambda match: _part(match[1]), text)
    for file, place in SHOWN_AT.items():
        filled = filled.replace(f"]({file})", f"]({place})")
    return filled + _menu() if name == "index" else filled


def _part(name: str) -> str:
    if name not in PARTS:
        raise PageError(f"There is no part {name}. The parts are {', '.join(PARTS)}.")
    return PARTS[name]()


def _menu() -> str:
    there = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
    placed = {page for group in NAVIGATION.values() for page in group}
    groups = {**NAVIGATION, "More": tuple(sorted(there - placed))}
    menus = []
    for caption, group in groups.items():
        listed = "\n".join(page for page in group if page in there)
        if listed:
            menus.append(f"\n\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{listed}\n```\n")
    return "".join(menus)


# --- settings --------------------------------------------------------------------------------------


def settings_table() -> str:
    """Return a table of every setting with its variable, default and meaning, from `Settings`."""
    fields = {field.name: field for field in msgspec.structs.fields(Settings)}
    rows = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for names, meaning in described_settings():
        variables = "<br>".join(f"`{ENV_PREFIX}{name.upper()}`" for name in names)
        defaults = "<br>".join(_default(fields[name]) for name in names)
        rows.append(f"| {variables} | {defaults} | {meaning} |")
    return "\n".join(rows)


def described_settings() -> Iterator[tuple[list[str], str]]:
    """Yield each entry of the docstring of `Settings`: its setting names and its description."""
    _, _, attributes = (Settings.__doc__ or "").partition("Attributes\n    ----------\n")
    for entry in re.split(r"\n(?=    \w)", "\n" + attributes.rstrip()):
        names, _, meaning = entry.strip().partition("\n")
        if names:
            yield names.split(", "), " ".join(meaning.split()).replace("``", "`")


def _default(field: Any) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        return str(field.default_factory.__doc__).rstrip(".").lower()
    value = field.default
    if value == "":
        return "none"
    if field.name.endswith("_bytes"):
        return f"{value // MIB}\N{NO-BREAK SPACE}MiB"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


# --- errors ----------------------------------------------------------------------------------------


def error_entries() -> str:
    """Return every error of the catalogue, each under the heading that its link points to."""
    return "\n\n".join(map(_error, CATALOGUE.values()))


def _error(entry: ErrorEntry) -> str:
    again = "The same request may succeed later." if entry.retryable else "The same request will fail again."
    closing = "" if entry.close_code is None else f", WebSocket close code {entry.close_code}"
    return (
        f"## {entry.error_id} {entry.title}\n\n{entry.advice} {again}\n\n"
        f"HTTP status {entry.http_status}{closing}."
    )


# --- measurements ----------------------------------------------------------------------------------


def accuracy() -> str:
    """Return the results of the last evaluation."""
    text = (ROOT / "evals" / "RESULTS.md").read_text(encoding="utf-8")
    return text[text.index("- Date:") :]


def truth() -> str:
    """Return the results of the last test on synthetic clips, without the list of failed clips."""
    text = (ROOT / "evals" / "TRUTH.md").read_text(encoding="utf-8")
    return text[text.index("- Date:") :].partition(" clips failed:")[0].rpartition("\n")[0]


def nods() -> str:
    """Return the results of the last test of nods and shakes."""
    text = (ROOT / "evals" / "NODS.md").read_text(encoding="utf-8")
    return re.sub(r"^(#+) ", r"#\1 ", text[text.index("- Date:") :], flags=re.MULTILINE)


def speed() -> str:
    """Return the results of the last benchmark and a link to their explanation, if they exist."""
    parts = []
    results = ROOT / "bench" / "RESULTS.md"
    if results.is_file():
        _, _, body = results.read_text(encoding="utf-8").partition("\n")
        parts.append(re.sub(r"^(#+) ", r"#\1 ", body, flags=re.MULTILINE))
    if (ROOT / "docs" / "performance.md").is_file():
        parts.append("[Load and speed](performance.md) explains how we measure this.")
    return "\n\n".join(parts) or "`make bench` measures it on your machine."


PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "settings": settings_table,
    "errors": error_entries,
    "truth": truth,
    "nods": nods,
    "accuracy": accuracy,
    "speed": speed,
}
