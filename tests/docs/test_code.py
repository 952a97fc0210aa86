"""The Python of the README and of the pages runs as it stands, and its types are right."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import blocks
from tests.media.making import Recipe, make
from tests.server.live import Live

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = blocks("python")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages speak of: a film, and chunks as a recorder writes them."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "talk.mp4").write_bytes(make(Recipe(duration_s=6.0)))
    (folder / "chunks").mkdir()
    recording = make(Recipe(container="webm", video="vp8", audio="opus", duration_s=6.0))
    third = len(recording) // 3 + 1
    for number in range(3):
        chunk = recording[number * third : (number + 1) * third]
        (folder / "chunks" / f"{number}.webm").write_bytes(chunk)
    return folder


def test_there_are_programs() -> None:
    assert {page for page, _ in PROGRAMS} == {
        "README.md",
        "quickstart.md",
        "library.md",
        "streams.md",
        "migrating.md",
    }


@pytest.mark.slow
@pytest.mark.parametrize(("page", "program"), PROGRAMS, ids=[page for page, _ in PROGRAMS])
def test_a_program_runs(live: Live, desk: Path, page: str, program: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", program.replace("http://127.0.0.1:8000", live.http)],
        cwd=desk,
        env=os.environ | {"BACKCHANNEL_KEY": live.key},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, f"{page}: {ran.stderr}"
    assert not ran.stderr, page


@pytest.mark.slow
def test_types_of_the_programs(tmp_path: Path) -> None:
    for number, (page, program) in enumerate(PROGRAMS):
        (tmp_path / f"{Path(page).stem.replace('-', '_')}_{number}.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(ROOT / ".mypy_cache" / "docs")]
    checked = subprocess.run(
        [*command, *map(str, sorted(tmp_path.iterdir()))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
