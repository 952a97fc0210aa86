"""Files as arguments, checked before any work starts."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from backchannel.config import SettingsError

STDOUT: Final = Path("-")
"""Means standard output."""


class FileUnusableError(SettingsError):
    """A file cannot be used. The message is one plain sentence."""


def require_media_file(path: Path) -> Path:
    """Return the path if it can be read and is not empty.

    Raises
    ------
    FileUnusableError
        It is missing, a directory, empty or unreadable.
    """
    if not path.exists():
        raise FileUnusableError(f"There is no file {path}. Check its name and its folder.")
    if not path.is_file():
        raise FileUnusableError(f"{path} is not a file. Give the name of a video or sound file.")
    try:
        with path.open("rb") as file:
            first = file.read(1)
    except OSError as error:
        raise FileUnusableError(f"{path} cannot be read: {error.strerror}. Choose another file.") from None
    if not first:
        raise FileUnusableError(f"{path} is empty. Choose a file with video or sound.")
    return path


def require_places_to_write(places: Mapping[str, Path], media: Path) -> None:
    """Refuse places that cannot be written to, before any work starts.

    A file that is already there is overwritten, but never the input.

    Parameters
    ----------
    places
        By option.
    media
        The input.

    Raises
    ------
    FileUnusableError
        A place is the input, a folder, in a folder that does not exist, not writable, or given twice.
    """
    taken: dict[Path, str] = {}
    for option, place in places.items():
        if (other := taken.setdefault(_one_name(place), option)) != option:
            what = "standard output" if place == STDOUT else str(place)
            raise FileUnusableError(
                f"{other} and {option} cannot both be written to {what}. Give one another name."
            )
        if place != STDOUT:
            _require_writable(place, option, media)


def _one_name(place: Path) -> Path:
    return place if place == STDOUT else Path(os.path.realpath(place))


def _require_writable(place: Path, option: str, media: Path) -> None:
    if place.is_dir():
        raise FileUnusableError(f"{option} {place} is a folder. Give the name of a file.")
    if place.exists() and media.exists() and place.samefile(media):
        raise FileUnusableError(f"{option} {place} would overwrite the input. Choose another file name.")
    if not place.parent.is_dir():
        raise FileUnusableError(f"{option} {place}: there is no folder {place.parent}. Create it first.")
    if not os.access(place if place.exists() else place.parent, os.W_OK):
        raise FileUnusableError(f"{option} {place}: you have no permission to write there. Choose another.")


def write_out(place: Path, content: bytes) -> None:
    """Write bytes to a file or to standard output."""
    if place == STDOUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    place.write_bytes(content)


def shown_name(path: Path) -> str:
    """Return a file's name as text for reports; characters that do not print become U+FFFD."""
    name = os.fsencode(path.name).decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name) or "unnamed"
