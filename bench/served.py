"""A real server in processes of its own, and what they cost: read from `/proc`, as `ps` does."""

import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backchannel.store import open_store

MIB: Final = 1024 * 1024
READY_WITHIN_S: Final = 60.0
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGESIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a server's processes have used at one moment.

    Attributes
    ----------
    at_s
        When, on the monotonic clock.
    gateway_rss_bytes, worker_rss_bytes
        Resident memory of the process that holds the sockets, and of each worker, by process id.
    gateway_cpu_s, workers_cpu_s
        CPU time so far; of the workers that are alive, together.
    """

    at_s: float
    gateway_rss_bytes: int
    worker_rss_bytes: Mapping[int, int]
    gateway_cpu_s: float
    workers_cpu_s: float


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    url: str
    key: str
    pid: int

    def usage(self) -> Usage:
        """Return what its processes have used so far."""
        workers = children(self.pid)
        return Usage(
            at_s=time.monotonic(),
            gateway_rss_bytes=rss_bytes(self.pid),
            worker_rss_bytes={pid: rss_bytes(pid) for pid in workers},
            gateway_cpu_s=cpu_s(self.pid),
            workers_cpu_s=sum(map(cpu_s, workers)),
        )


@contextmanager
def serving(**settings: object) -> Iterator[Served]:
    """Run a server on a port of its own for as long as the block lasts; it is warm when the block begins.

    Parameters
    ----------
    **settings
        By their names in `backchannel.config.Settings`; nothing is taken from the environment.
    """
    with tempfile.TemporaryDirectory(prefix="backchannel-bench-") as folder:
        with open_store(Path(folder)) as store:
            _, key = store.keys.create("bench")
        process, url = start(Path(folder), sessions_per_key=1000, requests_per_minute=100_000, **settings)
        try:
            wait_until_ready(url, process)
            yield Served(url, key, process.pid)
        finally:
            process.terminate()
            process.wait(30)


def start(data_dir: Path, **settings: object) -> tuple[subprocess.Popen[str], str]:
    """Start a server as a user would; returns as soon as it listens, with its address."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKCHANNEL_")}
    chosen = {f"BACKCHANNEL_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-c", "from backchannel.cli import main; main()", "serve"]
    process = subprocess.Popen(  # noqa: S603 -- our own command
        [*command, "--port", "0", "--data-dir", str(data_dir)],
        env=kept | chosen,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = process.stdout or ()
    for line in output:
        if '"listening"' in line:
            address = line.partition('"url": "')[2].partition('"')[0]
            # Read on: a log that nobody reads fills its pipe, and then the server waits for room in it.
            threading.Thread(target=lambda: deque(output, maxlen=0), daemon=True).start()
            return process, address
    raise RuntimeError("the server ended before it listened")


def wait_until_ready(url: str, process: subprocess.Popen[str]) -> None:
    """Wait until the server would analyse."""
    deadline_s = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310 -- our own server
                return
        except urllib.error.HTTPError:
            time.sleep(0.01)
    raise RuntimeError("the server did not get ready")


# --- /proc -----------------------------------------------------------------------------------------


def children(pid: int) -> tuple[int, ...]:
    """Process ids of a process's children."""
    found = (
        Path(f"/proc/{pid}/task/{task.name}/children").read_text()
        for task in Path(f"/proc/{pid}/task").iterdir()
    )
    return tuple(sorted(int(child) for line in found for child in line.split()))


def tree(pid: int) -> tuple[int, ...]:
    """Process ids of a process and its children."""
    return (pid, *children(pid))


def rss_bytes(pid: int) -> int:
    """Resident memory of a process; 0 when it has gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def cpu_s(pid: int) -> float:
    """CPU time of a process so far, its threads together; 0 when it has gone."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(after_name[11]) + int(after_name[12])) / _TICKS_A_SECOND
