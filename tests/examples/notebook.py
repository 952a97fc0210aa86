"""Runs the cells of a notebook in order, and shows their last values as Jupyter does: `notebook.py FILE`."""

import ast
import json
import sys
from pathlib import Path
from typing import Any

JUPYTER_ASKS_FIRST = ("_repr_html_", "__repr__")


def run(path: Path) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(json.loads(path.read_text("utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            _run_cell("".join(cell["source"]), f"{path.name}, cell {number}", names)


def _run_cell(source: str, place: str, names: dict[str, Any]) -> None:
    tree = ast.parse(source, place)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, place, "exec"), names)  # noqa: S102
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), place, "eval"), names)  # noqa: S307
        shown = next(getattr(type(value), name) for name in JUPYTER_ASKS_FIRST if hasattr(type(value), name))
        print(shown(value))  # noqa: T201


if __name__ == "__main__":
    run(Path(sys.argv[1]))
