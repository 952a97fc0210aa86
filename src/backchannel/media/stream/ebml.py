"""EBML elements, the bricks of WebM and Matroska (RFC 8794). Sans-IO."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Element(NamedTuple):
    """Where an element's parts lie.

    Attributes
    ----------
    id
        Identifier with its length marker.
    body
        Offset of the payload.
    end
        Offset behind the payload; None if the size is left open.
    """

    id: int
    body: int
    end: int | None


def read_element(data: bytes, at: int) -> Element | None:
    """Read the head of the element at an offset.

    Returns
    -------
    Element or None
        None if the head is not all there.

    Raises
    ------
    ValueError
        If there can be no element.
    """
    if at >= len(data):
        return None
    id_length = 9 - data[at].bit_length()
    if id_length > 4:
        raise ValueError("no element identifier")
    size_at = at + id_length
    if size_at >= len(data):
        return None
    size_length = 9 - data[size_at].bit_length()
    if size_length > 8:
        raise ValueError("no element size")
    body = size_at + size_length
    if body > len(data):
        return None
    unknown = (1 << 7 * size_length) - 1
    size = int.from_bytes(data[size_at:body]) & unknown
    return Element(int.from_bytes(data[at:size_at]), body, None if size == unknown else body + size)


def children(data: bytes, at: int, end: int) -> Iterator[Element]:
    """Yield the whole elements of a payload; stops quietly at damage."""
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
    """Return the unsigned number that is an element's payload."""
    return int.from_bytes(data[element.body : element.end])


def sized(payload: bytes) -> bytes:
    """Return a payload with its size before it, in eight bytes."""
    return (len(payload) | 1 << 56).to_bytes(8) + payload
