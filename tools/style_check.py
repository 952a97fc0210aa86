"""Checks texts against the glossary in docs/style.md: ``python -m tools.style_check``.

The table *Glossary* lists the words to avoid, and the table *Exceptions* the places where such a word is
right. The check prints ``file:line`` for each word it finds and exits with 1. `make lint` runs it.

The check ignores the files in ``tools/style_pending.txt``, which nobody has rewritten yet. That list can only
get shorter: the check fails if a listed file is clean or gone, and ``--prune`` removes such files.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from tools.prose import ROOT, Passage, passages, prose_files

STYLE: Final = ROOT / "docs" / "style.md"
PENDING: Final = ROOT / "tools" / "style_pending.txt"


class StyleError(ValueError):
    """The style guide cannot be read as one. The message says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the glossary.

    Attributes
    ----------
    words
        Words and phrases to avoid.
    better
        What to write instead, as the guide puts it.
    """

    words: tuple[str, ...]
    better: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """A place where a word of the glossary is right: the phrase around it, and a pattern for file names."""

    phrase: str
    files: str


@dataclass(frozen=True, slots=True)
class Style:
    """The glossary and its exceptions."""

    entries: tuple[Entry, ...]
    exceptions: tuple[Allowed, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One word in one place."""

    path: str
    line: int
    word: str
    better: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: “{self.word}”: write {self.better}"


def read_style(text: str) -> Style:
    """Read the tables of the style guide.

    Raises
    ------
    StyleError
        A table is missing or empty, or an exception has no reason.
    """
    entries = tuple(Entry(_code(row[0]), row[1]) for row in _table(text, "Glossary", 2))
    if not entries or not all(entry.words for entry in entries):
        raise StyleError("The glossary needs rows, each with words in backticks in its first column.")
    exceptions = []
    for phrase, files, reason in _table(text, "Exceptions", 3):
        if not (_code(phrase) and _code(files) and reason):
            raise StyleError(
                "Each exception needs a phrase, a file pattern (both in backticks) and a reason."
            )
        exceptions.append(Allowed(_code(phrase)[0], _code(files)[0]))
    return Style(entries, tuple(exceptions))


def _table(text: str, heading: str, columns: int) -> Iterator[list[str]]:
    _, _, section = text.partition(f"\n## {heading}\n")
    section, _, _ = section.partition("\n## ")
    rows = [line for line in section.splitlines() if line.startswith("|")]
    for row in rows[2:]:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if len(cells) != columns:
            raise StyleError(f"A row under {heading} has {len(cells)} columns instead of {columns}: {row}")
        yield cells


def _code(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


def _pattern(words: str) -> re.Pattern[str]:
    """Return a pattern for a phrase as whole words, in any case, across line breaks."""
    spaced = r"\s+".join(re.escape(word).replace("'", "['’]") for word in words.split())
    return re.compile(rf"(?<![\w-]){spaced}(?![\w-])", re.IGNORECASE)


def findings(passage: Passage, style: Style) -> Iterator[Finding]:
    """Yield every word of the glossary in a passage, except where an exception covers it."""
    covered = [
        match.span()
        for exception in style.exceptions
        if fnmatch(passage.path, exception.files)
        for match in _pattern(exception.phrase).finditer(passage.text)
    ]
    for entry in style.entries:
        for words in entry.words:
            for match in _pattern(words).finditer(passage.text):
                if not any(start <= match.start() and match.end() <= end for start, end in covered):
                    line = passage.line_of(match.start())
                    yield Finding(passage.path, line, " ".join(match[0].split()), entry.better)


def check(files: Iterable[Path], style: Style, root: Path = ROOT) -> list[Finding]:
    """Return what is wrong in some files, in order of place."""
    found = {finding for file in files for part in passages(file, root) for finding in findings(part, style)}
    return sorted(found, key=lambda finding: (finding.path, finding.line, finding.word))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.style_check", description="Check texts.")
    parser.add_argument(
        "files", nargs="*", type=Path, help="only these; by default all, without pending ones"
    )
    parser.add_argument("--prune", action="store_true", help="remove clean files from the pending list")
    chosen = parser.parse_args(argv)
    style = read_style(STYLE.read_text(encoding="utf-8"))
    if chosen.files:
        return _report(check([file.resolve() for file in chosen.files], style))
    found = check(prose_files(), style)
    pending = set(PENDING.read_text(encoding="utf-8").split()) if PENDING.is_file() else set()
    unclean = {finding.path for finding in found}
    if chosen.prune:
        PENDING.write_text("".join(f"{path}\n" for path in sorted(pending & unclean)), encoding="utf-8")
        return 0
    code = _report([finding for finding in found if finding.path not in pending])
    for path in sorted(pending - unclean):
        print(f"{path}: clean or gone; run `python -m tools.style_check --prune`", file=sys.stderr)
        code = 1
    return code


def _report(found: Sequence[Finding]) -> int:
    for finding in found:
        print(finding, file=sys.stderr)
    if found:
        print(f"{len(found)} to rewrite; docs/style.md says how.", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
