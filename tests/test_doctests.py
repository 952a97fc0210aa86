"""Every example in a docstring runs and gives the result that it shows."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src"
MODULES = sorted(
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for path in SOURCE.rglob("*.py")
    # The examples of the clients need a server: tests/client/test_examples.py.
    if ">>> " in path.read_text(encoding="utf-8") and path.parent.name != "client"
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0


@pytest.mark.parametrize(
    "name",
    [
        "backchannel.media.stream.container",
        "backchannel.media.stream.continuity",
        "backchannel.report.captions",
        "backchannel.report.elan",
        "backchannel.report.files",
        "backchannel.report.page",
        "backchannel.report.rows",
    ],
)
def test_the_main_functions_have_examples(name: str) -> None:
    assert doctest.testmod(import_module(name)).attempted > 0
