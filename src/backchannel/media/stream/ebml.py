"""EBML elements, the building blocks of WebM and Matroska (RFC 8794). Sans-IO."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

MOST_NUMBER_BYTES: Final = 8
"""RFC 8794, 7.2."""


class Element(NamedTuple):
    """The position of an element.

    Attributes
    ----------
    id
        Identifier, including its length marker.
    body
        Offset of the payload.
    end
        Offset after the payload. None if the size is unknown, as in live streams.
    """

    id: int
    body: int
    end: int | None


def read_element(data: bytes, at: int) -> Element | None:
    """Read the header of the element at an offset.

    Parameters
    ----------
    data
        Part of a file.
    at
        Offset of the element.

    Returns
    -------
    Element or None
        None if the header is incomplete. The element may end beyond the data.

    Raises
    ------
    ValueError
        If this cannot be an element.
    """
    if at >= len(data):
        return None
    id_length = 9 - data[at].bit_length()
    if id_length > 4:
        raise ValueError("not an element identifier")
    size_at = at + id_length
    if size_at >= len(data):
        return None
    size_length = 9 - data[size_at].bit_length()
    if size_length > 8:
        raise ValueError("not an element size")
    body = size_at + size_length
    if body > len(data):
        return None
    unknown = (1 << 7 * size_length) - 1
    size = int.from_bytes(data[size_at:body]) & unknown
    return Element(int.from_bytes(data[at:size_at]), body, None if size == unknown else body + size)


def children(data: bytes, at: int, end: int) -> Iterator[Element]:
    """Yield the complete elements of a payload. Stops silently at damage."""
    while at < end:
        try:
            element = read_element(data, at)
        except ValueError:
            return
        if element is None or element.end is None or element.end > end:
            return
        yield element
        at = element.end


def number_of(data: bytes, element: Element) -> int:
    """Return the payload of an element as an unsigned number; 0 if it is longer than EBML allows."""
    payload = data[element.body : element.end]
    return int.from_bytes(payload) if len(payload) <= MOST_NUMBER_BYTES else 0


def sized(payload: bytes) -> bytes:
    """Return a payload with its size in eight bytes before it."""
    return (len(payload) | 1 << 56).to_bytes(8) + payload
