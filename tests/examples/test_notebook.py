"""The notebook in `examples` runs from its first cell to its last, in an empty folder with a recording."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.material import joined
from tests.media.making import Recipe, make

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "examples" / "library.ipynb"


@pytest.mark.slow
@pytest.mark.parametrize("person", [True, False])
def test_every_cell_runs(tmp_path: Path, captures: Path, person: bool) -> None:
    talk = joined(captures / "webm-vp8-timeslice-3s") if person else make(Recipe(duration_s=6.0))
    (tmp_path / "talk.mp4").write_bytes(talk)
    shutil.copy(NOTEBOOK, tmp_path)
    ran = subprocess.run(
        [sys.executable, ROOT / "tests" / "examples" / "notebook.py", NOTEBOOK.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert not ran.stderr
    assert "<b>talk.mp4</b>" in ran.stdout
    assert ("Smiled" in ran.stdout) is person
    assert "WindowClosed" in ran.stdout


def test_it_is_a_clean_notebook() -> None:
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    cells = notebook["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells if "outputs" in cell)
