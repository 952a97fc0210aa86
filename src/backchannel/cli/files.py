"""Files as arguments: what is wrong with one is said before anything starts."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from backchannel.config import SettingsError

STDOUT: Final = Path("-")
"""Stands for standard output."""


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


def require_places_to_write(places: Mapping[str, Path], media: Path) -> None:
    """Refuse places that cannot be written to, before any work is done.

    An older file of the same name is written over; the media itself never is.

    Parameters
    ----------
    places
        By the option that named each.
    media
        What is analysed.

    Raises
    ------
    FileUnusableError
        One is the media, a folder, in no folder, may not be written, or is meant for two things.
    """
    taken: dict[Path, str] = {}
    for option, place in places.items():
        if (other := taken.setdefault(_one_name(place), option)) != option:
            what = "standard output" if place == STDOUT else str(place)
            raise FileUnusableError(f"{other} and {option} cannot both be written to {what}.")
        if place != STDOUT:
            _require_writable(place, option, media)


def _one_name(place: Path) -> Path:
    return place if place == STDOUT else Path(os.path.realpath(place))


def _require_writable(place: Path, option: str, media: Path) -> None:
    if place.is_dir():
        raise FileUnusableError(f"{option} {place} is a folder; name a file.")
    if place.exists() and media.exists() and place.samefile(media):
        raise FileUnusableError(f"{option} {place} is what is to be analysed; name another file.")
    if not place.parent.is_dir():
        raise FileUnusableError(f"There is no folder {place.parent} for {option}.")
    if not os.access(place if place.exists() else place.parent, os.W_OK):
        raise FileUnusableError(f"{option} {place} may not be written.")


def write_out(place: Path, content: bytes) -> None:
    """Write a file, or standard output, whatever the terminal's encoding is."""
    if place == STDOUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    place.write_bytes(content)


def shown_name(path: Path) -> str:
    """A file's name as text that can be shown anywhere."""
    name = os.fsencode(path.name).decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name) or "unnamed"
