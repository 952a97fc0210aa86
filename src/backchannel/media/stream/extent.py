"""Find out whether a file ends before its own end. Sans-IO."""

from __future__ import annotations

from backchannel.media.stream.boxes import read_box
from backchannel.media.stream.container import Container, detect_container
from backchannel.media.stream.ebml import read_element
from backchannel.media.stream.webm_header import CLUSTER, SEGMENT

# Recorders that could not go back to their header leave these sizes in it.
_UNKNOWN_RIFF_BYTES = frozenset({0, 0xFFFF_FFFF})
_RIFF_HEAD_BYTES = 8


def is_truncated(data: bytes) -> bool:
    """Whether the last element of a file is incomplete. Transport and program streams have no such end.

    Examples
    --------
    >>> is_truncated(b"RIFF" + (100).to_bytes(4, "little") + b"AVI " + bytes(96))
    False
    >>> is_truncated(b"RIFF" + (100).to_bytes(4, "little") + b"AVI " + bytes(50))
    True
    """
    kind = detect_container(data)
    try:
        if kind in {Container.MP4, Container.MOV}:
            return _ends_in_box(data)
        if kind in {Container.WEBM, Container.MKV}:
            return _ends_in_element(data)
    except ValueError:
        # Damage is not a missing end.
        return False
    if kind in {Container.AVI, Container.WAV}:
        size = int.from_bytes(data[4:8], "little")
        return size not in _UNKNOWN_RIFF_BYTES and size + _RIFF_HEAD_BYTES > len(data)
    return False


def _ends_in_box(data: bytes) -> bool:
    at = 0
    while at < len(data):
        if data[at : at + 4] == bytes(4):
            # This box reaches to the end, whatever that is.
            return False
        box = read_box(data, at)
        if box is None:
            return True
        at = box.end
    return at > len(data)


def _ends_in_element(data: bytes) -> bool:
    at = 0
    while at < len(data):
        element = read_element(data, at)
        if element is None:
            return True
        if element.end is None and element.id not in {SEGMENT, CLUSTER}:
            return False
        at = element.body if element.end is None else element.end
    return at > len(data)
