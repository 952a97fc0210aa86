"""Read what a caller passed as media, and name it in messages."""

import re
from os import PathLike
from pathlib import Path
from typing import Any, Final

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def media_of(source: Any) -> tuple[str, bytes]:
    """Return the name and the bytes of a file.

    Parameters
    ----------
    source
        A path, bytes, or a file that is open for reading bytes.

    Raises
    ------
    OSError
        The path cannot be read.
    TypeError
        It is something else.
    ValueError
        It is a web address.

    Examples
    --------
    >>> media_of(b"abc")
    ('3 bytes', b'abc')
    """
    match source:
        case str() if _ADDRESS.match(source):
            raise ValueError(f"{source} is a web address. Nothing is downloaded: pass a file or its bytes.")
        case str() | PathLike():
            path = Path(source)
            return path.name, path.read_bytes()
        case bytes() | bytearray() | memoryview():
            data = bytes(source)
            return f"{len(data)} bytes", data
    return _read(source)


def _read(source: Any) -> tuple[str, bytes]:
    reader = getattr(source, "read", None)
    if reader is None:
        raise TypeError(
            f"The source must be a path, bytes, or a file that is open for reading bytes, and not "
            f"{type(source).__name__}."
        )
    data = reader()
    if not isinstance(data, bytes):
        raise TypeError(f"{source!r} is open as text. Open it with mode 'rb'.")
    return str(getattr(source, "name", f"{len(data)} bytes")), data
