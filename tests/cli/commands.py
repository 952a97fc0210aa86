"""Running the real command."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


def on_terminal(*arguments: object, **environ: str) -> str:
    """What a person at a terminal of 200 columns sees of a command that ends well."""
    outer, inner = pty.openpty()
    settings = {"PATH": "", "TERM": "xterm-256color", "COLUMNS": "200", "LANG": "C.UTF-8", **environ}
    with subprocess.Popen(
        [COMMAND, *map(str, arguments)], stdin=inner, stdout=inner, stderr=inner, env=settings
    ) as running:
        os.close(inner)
        shown = b"".join(reading(outer))
        assert running.wait(30) == 0
    return shown.decode()


def reading(terminal: int) -> Iterator[bytes]:
    """What is written to a terminal, until nobody writes to it any more; then it is closed."""
    try:
        while select.select([terminal], [], [], 60)[0]:
            yield os.read(terminal, 65536)
    except OSError:  # how Linux says that the other end is closed
        return
    finally:
        os.close(terminal)


def interruptible() -> None:
    """To be called in a child: a shell's background job ignores Ctrl-C, and so would pytest's child."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def serving(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """A warm server on a free port, its address, and the key that it printed."""
    with starting(data_dir) as (process, url):
        assert process.stdout is not None
        key = re.search(r"bk_live_\w+", process.stdout.readline())
        assert key is not None
        yield process, url, key[0]


@contextmanager
def starting(data_dir: Path, **environ: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server that listens on a free port and may not be ready yet, and its address."""
    process = subprocess.Popen(
        [COMMAND, "serve", "--port", "0", "--workers", "1", "--data-dir", str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "", **environ},
        preexec_fn=interruptible,  # noqa: PLW1509
    )
    assert process.stderr is not None
    try:
        yield process, json.loads(process.stderr.readline())["url"]
    finally:
        process.kill()
        process.communicate()


def is_one_line_without_a_traceback(failed: subprocess.CompletedProcess[str]) -> bool:
    return (
        failed.returncode == 1
        and failed.stdout == ""
        and failed.stderr.startswith("backchannel: ")
        and failed.stderr.count("\n") == 1
    )
