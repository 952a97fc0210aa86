"""Boxes, the building blocks of MP4 and QuickTime (ISO/IEC 14496-12, 4.2). Sans-IO."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Box(NamedTuple):
    """The position of a box: its type, the offset of its payload, and the offset after it."""

    type: bytes
    body: int
    end: int


def read_box(data: bytes, at: int) -> Box | None:
    r"""Read the header of the box at an offset.

    Parameters
    ----------
    data
        Part of a file.
    at
        Offset of the box.

    Returns
    -------
    Box or None
        None if the header is incomplete. The box may end beyond the data.

    Raises
    ------
    ValueError
        If this cannot be a box.

    Examples
    --------
    >>> read_box(b"\x00\x00\x00\x10ftypisom", 0)
    Box(type=b'ftyp', body=8, end=16)
    """
    if at + 8 > len(data):
        return None
    size, body = int.from_bytes(data[at : at + 4]), at + 8
    if size == 1:
        if at + 16 > len(data):
            return None
        size, body = int.from_bytes(data[at + 8 : at + 16]), at + 16
    if size < body - at:
        raise ValueError("not a box")
    return Box(data[at + 4 : at + 8], body, at + size)


def boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    """Yield the complete boxes of a payload. Stops silently at damage."""
    while at < end:
        try:
            box = read_box(data, at)
        except ValueError:
            return
        if box is None or box.end > end:
            return
        yield box
        at = box.end


def child_at(data: bytes, parent: Box, *path: bytes) -> Box | None:
    """Return the first box at a path of types below `parent`, or None."""
    found: Box | None = parent
    for name in path:
        if found is None:
            return None
        found = next((box for box in boxes(data, found.body, found.end) if box.type == name), None)
    return found


def u32_at(data: bytes, at: int) -> int:
    """Return the 32-bit number at an offset. Raises ValueError beyond the end of the data."""
    if at + 4 > len(data):
        raise ValueError("box too short")
    return int.from_bytes(data[at : at + 4])
