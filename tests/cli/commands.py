"""Running the real command."""

import subprocess
import sys
from pathlib import Path

COMMAND = Path(sys.executable).with_name("backchannel")


def run(*arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={"PATH": "", **environ},
        check=False,
        timeout=120,
    )


def is_one_line_without_a_traceback(failed: subprocess.CompletedProcess[str]) -> bool:
    return (
        failed.returncode == 1
        and failed.stdout == ""
        and failed.stderr.startswith("backchannel: ")
        and failed.stderr.count("\n") == 1
    )
