"""Making a clip reports nothing to anybody: neither engine that it uses has its telemetry on."""

import os
import subprocess
import sys
from pathlib import Path

USE_BOTH_ENGINES = """
import synthesis.mesh
from synthesis.speaker import sentence
assert sentence("Good morning.").any()
"""


def test_neither_engine_leaves_an_identifier_of_this_machine_for_its_vendor(tmp_path: Path) -> None:
    # Each engine's telemetry begins with an identifier in the home folder, before it sends anything. In a
    # process of its own, since the one that runs this test may have loaded an engine already.
    subprocess.run(
        [sys.executable, "-c", USE_BOTH_ENGINES],
        env={**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / ".cache")},
        check=True,
        timeout=120,
    )
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == []
