"""Opens the key store for a command; names it, and the command that makes a key in it."""

import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import typer
from sqlalchemy import make_url

from backchannel.cli.escape import escaped
from backchannel.config import ENV_PREFIX, Settings, load_settings
from backchannel.store import Store, open_store

_COMMAND: Final = "backchannel"


@contextmanager
def opened_store(data_dir: Path | None, *, quiet: bool = False) -> Iterator[Store]:
    """Open the key store and, unless `quiet`, say on standard error which one it is.

    Raises
    ------
    backchannel.config.SettingsError
        A setting cannot be used.
    backchannel.store.StoreError
        The store cannot be opened.
    """
    settings = load_settings(data_dir=data_dir)
    with open_store(settings.data_dir, url=settings.store_url) as store:
        if not quiet:
            typer.echo(store_line(settings), err=True)
        yield store


def store_line(settings: Settings) -> str:
    """Return the line that says which store is in use."""
    return f"Key store: {store_name(settings)}"


def store_name(settings: Settings) -> str:
    """Return the data directory, or the database's address without user, password and options."""
    if not settings.store_url:
        return escaped(str(settings.data_dir.absolute()))
    # Options can hold a password too. The port and the name are enough to tell two databases apart.
    url = make_url(settings.store_url)
    host = f"{url.host or ''}{f':{url.port}' if url.port else ''}"
    return escaped(f"{url.get_backend_name()}://{host}/{url.database or ''}")


def create_key_command(settings: Settings) -> str:
    """Return the command that makes a key in this server's store, as it can be typed here."""
    words = [_program(), "keys", "create"]
    if settings.store_url:
        return f"{shlex.join(words)} (with the server's {ENV_PREFIX}STORE_URL)"
    # Other terminals may have other variables, so the folder is left out only where it makes no difference.
    if {load_settings({}).data_dir, load_settings().data_dir} != {settings.data_dir}:
        words += ["--data-dir", str(settings.data_dir.absolute())]
    return shlex.join(words)


def _program() -> str:
    script = Path(sys.executable).with_name(_COMMAND)
    on_path = shutil.which(_COMMAND)
    if not script.exists() or (on_path is not None and Path(on_path).samefile(script)):
        return _COMMAND
    return str(script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script)
