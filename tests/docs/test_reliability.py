"""The table of faults names tests: each of them must exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)

    assert named
    assert [f"{file}::{name}" for file, name in named if name not in functions(ROOT / file)] == []


def test_every_fault_names_its_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| Fault")]

    assert rows
    assert [row for row in rows if "::test_" not in row] == []


def functions(file: Path) -> set[str]:
    """Names of a test file's functions."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
