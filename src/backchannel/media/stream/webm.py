"""A running WebM or Matroska stream, cut anywhere, made into pieces that decode on their own.

Sans-IO. Element identifiers and layouts: RFC 9559 (Matroska) and RFC 8794 (EBML). Clusters are read flat,
their children as if they were siblings, since live streams leave their sizes open and every identifier
belongs to one level only.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from backchannel.media.stream.ebml import Element, children, number_of, read_element, sized
from backchannel.media.stream.units import MAX_UNIT_BYTES, Media, Unit, admit, keep, refuse_too_many
from backchannel.media.stream.webm_header import CLUSTER, PASSED_OVER, WebmStream

TIMESTAMP = 0xE7
SIMPLE_BLOCK = 0xA3
BLOCK_GROUP = 0xA0
BLOCK = 0xA1
REFERENCE_BLOCK = 0xFB

_CLUSTER_BYTES = CLUSTER.to_bytes(4)
# Inside one cluster times never go back further than pictures are reordered; more means another cluster.
_MAX_STEP_BACK_S = 2.0
# Recorders cut their chunks between blocks, so a lost chunk leaves no damage, only a jump of time. Sound
# comes in packets of at most 0.12 s (RFC 7587); pictures alone may be slow.
_MAX_STEP_S, _MAX_STEP_WITHOUT_SOUND_S = 0.25, 1.5
# A cluster of its own for every block has a head and a time besides.
_ELEMENTS_A_BLOCK = 3


def feed(stream: WebmStream, chunk: bytes) -> tuple[WebmStream, Media]:
    """Read the next bytes of a stream.

    Parameters
    ----------
    stream
        The stream so far.
    chunk
        What follows, cut anywhere.

    Returns
    -------
    tuple of WebmStream and Media

    Raises
    ------
    Problem
        ``ih5004`` for absurdly many blocks.
    """
    reader = _Reader(stream, chunk)
    reader.run()
    kept, admitted = admit(stream.kept, reader.blocks, stream.pictures, reader.lost_at)
    media = Media(stream.header, _clusters(kept.units), _clusters(admitted), reader.lost_at is not None)
    newest_s = max((unit.time_s for unit in admitted), default=stream.newest_s)
    after = replace(
        stream,
        cluster_time=reader.cluster_time,
        astray=reader.astray,
        newest_s=newest_s,
        read_s=reader.read_s,
        heard_s=reader.heard_s,
        kept=keep(kept, admitted, stream.pictures),
        skip=reader.skip,
        tail=reader.tail,
    )
    return after, media


def starts_over(stream: WebmStream, rest: bytes) -> bool:
    """Whether what follows a repeated header is a new recording, whose clock began anew."""
    try:
        cluster = read_element(rest, 0)
        if cluster is None or cluster.id != CLUSTER:
            return False
        time = read_element(rest, cluster.body)
    except ValueError:
        return False
    if time is None or time.id != TIMESTAMP or time.end is None:
        return False
    return number_of(rest, time) * stream.second_per_unit < stream.newest_s - _MAX_STEP_BACK_S


def _clusters(blocks: Sequence[Unit]) -> bytes:
    """Write blocks into clusters of known size, a new one wherever the cluster's time changes."""
    written = []
    for time, group in groupby(blocks, key=lambda block: block.clock):
        payload = b"\xe7\x88" + time.to_bytes(8) + b"".join(block.raw for block in group)
        written.append(_CLUSTER_BYTES + sized(payload))
    return b"".join(written)


class _Reader:
    """Reads one chunk. Lives no longer than that; what must last goes back into the stream."""

    def __init__(self, stream: WebmStream, chunk: bytes) -> None:
        self.stream = stream
        skipped = min(stream.skip, len(chunk))
        self.skip = stream.skip - skipped
        self.data = stream.tail + chunk[skipped:]
        # Where the chunk begins: what lies across this was put together on trust.
        self.seam = len(stream.tail)
        self.cluster_time = stream.cluster_time
        self.newest_in_cluster: int | None = None
        self.blocks: list[Unit] = []
        self.lost_at: int | None = None
        self.astray = stream.astray
        self.tail = b""
        self.read_s, self.heard_s = stream.read_s, stream.heard_s
        # Blocks before this chunk's first cluster head, once that is known.
        self._headless: int | None = None
        self._last_at = 0

    def run(self) -> None:
        """Read every whole element; keep the rest for the next chunk."""
        at = self._next_cluster(0) if self.astray else 0
        for count in itertools.count():
            if at >= len(self.data):
                return
            refuse_too_many(max(len(self.blocks), count // _ELEMENTS_A_BLOCK))
            try:
                element = read_element(self.data, at)
                after = self._take(element, at) if element is not None else None
            except ValueError:
                after = self._resync(at)
            if after is None:
                # Nothing legal is this long before its end is known.
                self.tail = self.data[at:]
                return
            at = after

    def _take(self, element: Element, at: int) -> int | None:
        """Take one element; None if it must wait for more bytes. Raises ValueError where none can be."""
        if element.id == CLUSTER:
            self.cluster_time = self.newest_in_cluster = None
            self.astray = False
            if self._headless is None:
                self._headless = len(self.blocks)
            return element.body
        if element.end is None:
            raise ValueError("only clusters may leave their size open")
        if element.id in PASSED_OVER:
            self.skip = max(0, element.end - len(self.data))
            return element.end
        if element.id not in {TIMESTAMP, SIMPLE_BLOCK, BLOCK_GROUP} or element.end - at > MAX_UNIT_BYTES:
            raise ValueError("no element of a cluster")
        if element.end > len(self.data):
            return None
        if element.id == TIMESTAMP:
            if not 0 < element.end - element.body <= 8:
                raise ValueError("no time")
            self.cluster_time = number_of(self.data, element)
        else:
            self._take_block(element, at)
        return element.end

    def _take_block(self, element: Element, at: int) -> None:
        body, key = element.body, None
        if element.id == BLOCK_GROUP:
            parts = {child.id: child for child in children(self.data, element.body, element.end or 0)}
            if BLOCK not in parts:
                raise ValueError("no block in its group")
            body, key = parts[BLOCK].body, REFERENCE_BLOCK not in parts
        number = read_element(b"\xec" + self.data[body : body + 8], 0)
        if number is None:
            raise ValueError("no track number")
        length = number.body - 1
        track = int.from_bytes(self.data[body : body + length]) & ((1 << 7 * length) - 1)
        if element.end is None or body + length + 3 > element.end:
            raise ValueError("no block")
        if key is None:
            key = bool(self.data[body + length + 2] & 0x80)
        offset = int.from_bytes(self.data[body + length : body + length + 2], signed=True)
        self._add(track, offset, Unit(track, 0.0, key, self.data[at : element.end]))
        self._last_at = at

    def _add(self, track: int, offset: int, block: Unit) -> None:
        if track in self.stream.others:
            return
        if track not in self.stream.pictures and track not in self.stream.sounds:
            raise ValueError("no such track")
        if self.newest_in_cluster is not None:
            back_s = (self.newest_in_cluster - offset) * self.stream.second_per_unit
            if back_s > _MAX_STEP_BACK_S:
                # The head of another cluster went by unseen.
                self.cluster_time = None
                self._lose()
        if self.newest_in_cluster is None or offset > self.newest_in_cluster:
            self.newest_in_cluster = offset
        if self.cluster_time is None or self.cluster_time >= 1 << 63:
            return
        time_s = (self.cluster_time + offset) * self.stream.second_per_unit
        if self._leaps_to(time_s) and not self._accept_leap():
            return
        self.read_s = time_s if self.read_s is None else max(self.read_s, time_s)
        if track in self.stream.sounds:
            self.heard_s = time_s if self.heard_s is None else max(self.heard_s, time_s)
        self.blocks.append(
            block._replace(
                time_s=time_s, key=block.key and track in self.stream.pictures, clock=self.cluster_time
            )
        )

    def _leaps_to(self, time_s: float) -> bool:
        """Whether media must be missing before this time."""
        if self.read_s is None:
            return False
        sounds = self.heard_s is not None and self.read_s - self.heard_s <= _MAX_STEP_S
        return time_s - self.read_s > (_MAX_STEP_S if sounds else _MAX_STEP_WITHOUT_SOUND_S)

    def _accept_leap(self) -> bool:
        """Note a loss; False if what follows cannot be placed, since its cluster's head may be lost too."""
        if self._headless is None:
            self.cluster_time = None
            self._lose()
            return False
        if len(self.blocks) == self._headless:
            # They were counted from a cluster that ended in the part that is missing.
            self.blocks.clear()
            self._headless = 0
            self.lost_at = 0
        self._lose()
        return True

    def _resync(self, at: int) -> int:
        """Go on at the next cluster after damage."""
        if self.blocks and self._last_at < self.seam < at:
            # The block across the seam was made of bytes that do not belong together.
            self.blocks.pop()
            at = self.seam - 1
        self._lose()
        self.astray = True
        self.cluster_time = self.newest_in_cluster = None
        return self._next_cluster(at + 1)

    def _lose(self) -> None:
        if self.lost_at is None:
            self.lost_at = len(self.blocks)

    def _next_cluster(self, at: int) -> int:
        """Offset of the next cluster, or of what may be its first bytes at the end, or of the end."""
        found = self.data.find(_CLUSTER_BYTES, at)
        if found >= 0:
            return found
        cut = next((n for n in (3, 2, 1) if self.data.endswith(_CLUSTER_BYTES[:n])), 0)
        return max(at, len(self.data) - cut)
