"""Media files as arguments: what is wrong with one is said before anything starts."""

from pathlib import Path

from backchannel.config import SettingsError


class FileUnusableError(SettingsError):
    """The file that was named cannot be used. The message is one plain sentence."""


def require_media_file(path: Path) -> Path:
    """Return the path if there is something in it to read.

    Raises
    ------
    FileUnusableError
        It is missing, a directory, empty or unreadable.
    """
    if not path.exists():
        raise FileUnusableError(f"There is no file {path}.")
    if not path.is_file():
        raise FileUnusableError(f"{path} is not a file.")
    try:
        with path.open("rb") as file:
            first = file.read(1)
    except OSError as error:
        raise FileUnusableError(f"{path} cannot be read: {error.strerror}.") from None
    if not first:
        raise FileUnusableError(f"{path} is empty.")
    return path
