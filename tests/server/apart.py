"""A server in a process of its own, which a test may signal, measure and kill."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backchannel.config import load_settings
from backchannel.engine.dispatch import Dispatcher
from backchannel.engine.process import ProcessCarrier
from backchannel.server.log import configure_logging
from backchannel.server.run import listen, make_server
from backchannel.store import open_store

FAULTY = "tests.engine.faulty"


@dataclass(frozen=True)
class Apart:
    """A running server, ready to analyse."""

    process: subprocess.Popen[str]
    http: str
    log: Path
    store_url: str = ""

    @property
    def ws(self) -> str:
        return self.http.replace("http", "ws", 1)

    @property
    def memory_bytes(self) -> int:
        """Resident memory of the gateway, without its workers."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return next(int(row.split()[1]) for row in status.splitlines() if row.startswith("VmRSS:")) * 1024

    @property
    def workers(self) -> list[int]:
        """Process ids of its children."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def key(self) -> str:
        """Make an API key in its store."""
        with open_store(self.log.parent, url=self.store_url) as store:
            return store.keys.create("test")[1]


@contextmanager
def apart(data_dir: Path, module: str = FAULTY, **settings: Any) -> Iterator[Apart]:
    """Run a server in a process of its own. Whatever still runs at the end is killed."""
    chosen = {"port": 0, "workers": 1, "file_workers": 1, "data_dir": str(data_dir), **settings}
    data_dir.mkdir(exist_ok=True)
    log = data_dir / "server.log"
    command = [sys.executable, "-m", "tests.server.apart", module, json.dumps(chosen)]
    with (
        log.open("a") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url, log.read_text()
            yield Apart(process, url, log, str(chosen.get("store_url", "")))
        finally:
            process.kill()


def main() -> None:
    """Serve, and print the address once media would be analysed."""
    taken, settings = listen(load_settings({}, **json.loads(sys.argv[2])))
    configure_logging(settings.log_level)
    carrier = ProcessCarrier(
        settings.worker_memory_bytes, settings.worker_start_s, sys.argv[1], sandboxed=False
    )
    with open_store(settings.data_dir, url=settings.store_url) as store:
        engine = Dispatcher(settings, carrier)
        make_server(settings, store, engine, lambda: _say(settings.base_url)).run(sockets=[taken])


def _say(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
