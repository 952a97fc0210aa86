"""Give the packets of joined recordings one clock.

Somebody appends one recording to another, a recorder restarts, or a broadcast switches its source: the
container's clock goes back, or jumps by hours. Players continue, and so does this. What follows the jump is
placed where the media before it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from backchannel.values import MAX_GAP_S

if TYPE_CHECKING:
    from backchannel.media.decode.demux import AnyPacket

MAX_STEP_BACK_S: Final = 1.0
"""Presentation times go back by less where pictures are reordered."""


def on_one_clock(packets: Iterable[AnyPacket]) -> Iterator[AnyPacket]:
    """Yield the same packets, in the same order, with times that never go back.

    Parameters
    ----------
    packets
        Packets of some tracks. Their times are changed in place.
    """
    clock = _Clock()
    for packet in packets:
        ticks = packet.dts if packet.pts is None else packet.pts
        if ticks is not None:
            second_per_unit = float(packet.time_base)
            length_s = (packet.duration or 0) * second_per_unit
            # Where pictures are reordered, only times of decoding always increase.
            order = ticks if packet.dts is None else packet.dts
            times_s = order * second_per_unit, ticks * second_per_unit
            _move(packet, round(clock.shift_s(packet.stream_index, *times_s, length_s) / second_per_unit))
        yield packet


def _move(packet: AnyPacket, ticks: int) -> None:
    if ticks:
        packet.pts = None if packet.pts is None else packet.pts + ticks
        packet.dts = None if packet.dts is None else packet.dts + ticks


@dataclass(slots=True)
class _Clock:
    """Where each track is.

    Attributes
    ----------
    shifts_s
        For each recording so far, what is added to its times, s.
    recording
        The recording that a track is in. The tracks of a file do not change over at the same packet.
    newest_s
        Newest time of decoding in each track, with its shift, s.
    end_s
        Where the media so far ends, s.
    """

    shifts_s: list[float] = field(default_factory=lambda: [0.0])
    recording: dict[int, int] = field(default_factory=dict)
    newest_s: dict[int, float] = field(default_factory=dict)
    end_s: float = float("-inf")

    def shift_s(self, track: int, time_s: float, shown_s: float, length_s: float) -> float:
        """Return what to add to the next packet's times, s: of decoding, and of presentation."""
        number = self.recording.setdefault(track, len(self.shifts_s) - 1)
        if not self._continues(track, time_s + self.shifts_s[number]):
            number = len(self.shifts_s) - 1
            if not self._continues(track, time_s + self.shifts_s[number]):
                self.shifts_s.append(self.end_s - shown_s)
                number += 1
            self.recording[track] = number
        shift_s = self.shifts_s[number]
        self.newest_s[track] = max(self.newest_s.get(track, time_s + shift_s), time_s + shift_s)
        self.end_s = max(self.end_s, shown_s + shift_s + length_s)
        return shift_s

    def _continues(self, track: int, time_s: float) -> bool:
        newest_s = self.newest_s.get(track, time_s)
        return -MAX_STEP_BACK_S <= time_s - newest_s <= MAX_GAP_S
