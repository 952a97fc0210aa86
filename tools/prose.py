"""Finds the prose in the repository: pages, docstrings, messages, and the texts of the console and reports.

It leaves out code (fenced blocks, code spans, doctests) and the targets of links. It keeps line breaks, so
that a position in a passage gives its line in the file.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

ROOT: Final = Path(__file__).resolve().parents[1]

GLOBS: Final = (
    "*.md",
    "docs/**/*.md",
    "docs/**/*.py",
    "docs/**/*.html",
    "evals/*.md",
    "bench/*.md",
    "src/backchannel/**/*.py",
    "src/backchannel/**/*.toml",
    "src/backchannel/**/*.js",
    "src/backchannel/**/*.html",
)
"""Files whose prose users and contributors read."""
GENERATED: Final = ("src/backchannel/server/pages/site/",)
"""Built from other files in the list."""

Kind = Literal["page", "docstring", "message"]


@dataclass(frozen=True, slots=True)
class Passage:
    """One stretch of prose.

    Attributes
    ----------
    path
        File, relative to the top folder.
    first_line, last_line
        Its lines in the file, from 1.
    text
        The prose, with ellipses instead of code.
    """

    path: str
    first_line: int
    last_line: int
    kind: Kind
    text: str

    def line_of(self, position: int) -> int:
        """Return the line in the file of a position in the text."""
        return min(self.first_line + self.text.count("\n", 0, position), self.last_line)


def prose_files(root: Path = ROOT) -> list[Path]:
    """Return every file in `GLOBS`, in order, except generated ones."""
    found = {path for pattern in GLOBS for path in root.glob(pattern)}
    return sorted(path for path in found if not path.relative_to(root).as_posix().startswith(GENERATED))


def passages(path: Path, root: Path = ROOT, *, keep_code_spans: bool = False) -> list[Passage]:
    """Return the prose of one file.

    Parameters
    ----------
    keep_code_spans
        Leave text in backticks where it is, for human readers.

    Raises
    ------
    KeyError
        There is no reader for files of this type.
    """
    name = path.relative_to(root).as_posix()
    return [
        Passage(name, first, last, kind, text if keep_code_spans else _without(_CODE_SPAN, text))
        for first, last, kind, text in READERS[path.suffix](path.read_text(encoding="utf-8"))
        if text.strip()
    ]


Found = tuple[int, int, Kind, str]

_FENCE = re.compile(r"^(```+|~~~+).*?^\1[ \t]*$", re.DOTALL | re.MULTILINE)
_CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK_TARGET = re.compile(r"(?<=\])\([^()\s]*\)|<https?://[^>\s]*>")
_DOCTEST = re.compile(r"^[ \t]*>>> .*?(?=^[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)


def _without(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda match: "…" + "\n" * match[0].count("\n"), text)


def _markdown(text: str) -> Iterator[Found]:
    for pattern in (_FENCE, _COMMENT, _LINK_TARGET):
        text = _without(pattern, text)
    yield 1, text.count("\n") + 1, "page", text


def _python(source: str) -> Iterator[Found]:
    tree = ast.parse(source)
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    inner = {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(
                part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "…"
                for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            text = node.value
        else:
            continue
        kind: Kind = "docstring" if id(node) in documentation else "message"
        if " " in text.strip():  # A single word is a name or a key.
            yield node.lineno, node.end_lineno or node.lineno, kind, _without(_DOCTEST, text)


def _toml(text: str) -> Iterator[Found]:
    for number, line in enumerate(text.splitlines(), 1):
        yield number, number, "message", re.sub(r'^(?:#+ |\w+ = (?="))|"$', "", line).removeprefix('"')


_JS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`"""
    r"""|(?<=[=(,:\[!&|?{};\n])\s*/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+/""",
    re.DOTALL,
)


def _javascript(source: str) -> Iterator[Found]:
    for match in _JS.finditer(source):
        token = match[0]
        first = source.count("\n", 0, match.start()) + 1
        last = first + token.count("\n")
        if token.startswith("/**"):
            yield first, last, "docstring", token
        elif token[0] in "\"'`" and " " in token:
            yield first, last, "message", re.sub(r"\$\{[^{}]*\}", "…", token[1:-1])


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Found] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in {"script", "style", "code", "pre"}
        for name, value in attrs:
            if value and name in {"title", "alt", "aria-label", "placeholder", "content", "label"}:
                self._add(value)

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"script", "style", "code", "pre"}

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self._add(data)

    def _add(self, text: str) -> None:
        line, _ = self.getpos()
        self.found.append((line, line + text.count("\n"), "message", text))


def _html(source: str) -> Iterator[Found]:
    reader = _Html()
    reader.feed(source)
    yield from reader.found


READERS: Final[Mapping[str, Callable[[str], Iterable[Found]]]] = MappingProxyType(
    {".md": _markdown, ".py": _python, ".toml": _toml, ".js": _javascript, ".html": _html}
)
