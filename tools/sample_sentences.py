"""Prints random sentences, so that anybody can judge the English.

Run ``python -m tools.sample_sentences --seed 7 --count 100``. Sentences come from pages, docstrings and
messages. The same seed on the same files gives the same sentences.
"""

import argparse
import random
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tools.prose import ROOT, Passage, passages, prose_files

MIN_WORDS: Final = 4
_END: Final = re.compile(r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)[\"'”*)]*\s+(?=[\"'“*(]?[A-Z`…])")
_UNDERLINE: Final = re.compile(r"^\s*-{3,}\s*$")


def sentences(passage: Passage) -> Iterator[tuple[int, str]]:
    """Yield each sentence of a passage with its line in the file."""
    blocks = _docstring_blocks(passage.text) if passage.kind == "docstring" else _blocks(passage.text)
    for offset, block in blocks:
        for sentence in _END.split(block):
            plain = re.sub(r"`[^`]*`", "", sentence)
            if len(re.findall(r"[A-Za-z’'-]+", plain)) >= MIN_WORDS and _is_prose(plain):
                yield min(passage.first_line + offset, passage.last_line), sentence.strip()


def _is_prose(text: str) -> bool:
    """Return False for patterns, headers, references and lists of numbers."""
    letters = sum(character.isalpha() or character in " ,." for character in text)
    return letters > 0.85 * len(text)


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield paragraphs, list items and table cells, each on one line, with their first line's offset."""
    start, lines = 0, list[str]()
    for offset, line in enumerate([*text.splitlines(), ""]):
        stripped = line.strip()
        item = re.match(r"(?:[-*#>]+|\d+\.|/?\*+/?)\s+", stripped)
        if lines and (not stripped or item or stripped.startswith("|")):
            yield start, " ".join(lines)
            lines = []
        if stripped.startswith("|"):
            yield from ((offset, cell.strip()) for cell in stripped.strip("|").split("|"))
        elif stripped:
            start = start if lines else offset
            lines.append(stripped[item.end() :] if item else stripped)


def _docstring_blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield the same for a docstring, without the headings and names of numpydoc sections."""
    lines = text.splitlines()
    indents = [len(line) - len(line.lstrip()) for line in lines]
    base = min(
        (indent for line, indent in zip(lines[1:], indents[1:], strict=True) if line.strip()), default=0
    )
    kept, section = list[str](), False
    for number, line in enumerate(lines):
        following = number + 1
        heading = following < len(lines) and bool(_UNDERLINE.match(lines[following]))
        section = section or heading
        name = (
            section
            and indents[number] == base
            and following < len(lines)
            and bool(lines[following].strip())
            and indents[following] > base
        )
        kept.append("" if heading or name or _UNDERLINE.match(line) else line)
    yield from _blocks("\n".join(kept))


def sample(files: Sequence[Path], seed: int, count: int, root: Path = ROOT) -> list[str]:
    """Return `count` sentences of the files, or all if there are fewer, each with its place."""
    found = [
        f"{passage.path}:{line}: {sentence}"
        for file in files
        for passage in passages(file, root, keep_code_spans=True)
        for line, sentence in sentences(passage)
    ]
    found = sorted(set(found))
    return random.Random(seed).sample(found, min(count, len(found)))  # noqa: S311 -- not for security


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.sample_sentences", description="Print sentences.")
    parser.add_argument("under", nargs="*", type=Path, help="only files in these folders, or these files")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=100)
    chosen = parser.parse_args(argv)
    places = [place.resolve() for place in chosen.under]
    files = [
        file
        for file in prose_files()
        if not places or any(place == file or place in file.parents for place in places)
    ]
    for number, line in enumerate(sample(files, chosen.seed, chosen.count), 1):
        print(f"{number:3}  {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
