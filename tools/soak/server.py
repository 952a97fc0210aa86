"""The server of a run, in a process of its own: it can be signalled and measured, and its clock set."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backchannel.config import load_settings
from backchannel.server.log import configure_logging
from backchannel.server.run import listen, serve
from backchannel.store import open_store
from bench.served import children, rss_bytes

ROOT = Path(__file__).resolve().parents[2]
STOPS_WITHIN_S = 60


@dataclass(frozen=True)
class Server:
    """A running server, ready to analyse.

    Attributes
    ----------
    process
        The gateway.
    url
        Its address.
    folder
        Its store.
    log
        The file with its log.
    """

    process: subprocess.Popen[str]
    url: str
    folder: Path
    log: Path

    @property
    def workers(self) -> tuple[int, ...]:
        """Process ids of the workers."""
        return children(self.process.pid)

    @property
    def memory_bytes(self) -> int:
        """Resident memory of the gateway."""
        return rss_bytes(self.process.pid)

    def new_key(self) -> str:
        """Return a new API key."""
        with open_store(self.folder) as store:
            return store.keys.create("soak")[1]

    def set_clock(self, ahead_s: float) -> None:
        """Set the server's clock, as an operator would: no time passes."""
        _clock_file(self.log).write_text(str(ahead_s))

    def readiness(self) -> str:
        """Return what ``/readyz`` says."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=10) as answer:  # noqa: S310 -- our own server
                said: str = json.load(answer)["status"]
        except urllib.error.HTTPError as error:
            said = json.load(error)["status"]
        return said

    def stop(self) -> int:
        """Send SIGTERM, and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOPS_WITHIN_S)

    def logged(self) -> Counter[str]:
        """Return how often each event was logged as a warning or an error."""
        rows = (json.loads(row) for row in self.log.read_text().splitlines() if row.startswith("{"))
        return Counter(row["event"] for row in rows if row.get("level") in {"warning", "error"})


@contextmanager
def serving(folder: Path, log: Path, **settings: object) -> Iterator[Server]:
    """Run a server for as long as the block lasts. Whatever still runs at its end is killed."""
    generous = {"port": 0, "sessions_per_key": 1000, "requests_per_minute": 1e6, "log_level": "warning"}
    chosen = {**generous, "data_dir": str(folder), **settings}
    command = [sys.executable, "-m", "tools.soak.server", str(log), json.dumps(chosen)]
    with (
        log.open("a") as errors,
        subprocess.Popen(  # noqa: S603 -- our own command
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        ) as process,
    ):
        try:
            url = "" if process.stdout is None else process.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"The server did not start: {log.read_text()}")
            yield Server(process, url, folder, log)
        finally:
            process.kill()


def _clock_file(log: Path) -> Path:
    return log.with_suffix(".ahead")


def main() -> None:
    """Serve, and print the address once media would be analysed."""
    log, chosen = sys.argv[1:]
    taken, settings = listen(load_settings({}, **json.loads(chosen)))
    configure_logging(settings.log_level)
    ahead = _clock_file(Path(log))

    def now() -> datetime:
        ahead_s = float(ahead.read_text() or 0) if ahead.exists() else 0.0
        return datetime.now(UTC) + timedelta(seconds=ahead_s)

    with open_store(settings.data_dir, now) as store:
        serve(settings, store, taken, lambda: _say(settings.base_url))


def _say(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
