"""A segment opened once: read through, timed, and ready to be decoded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from backchannel.media.decode.demux import Demuxed, demuxed
from backchannel.media.decode.timing import Timing, timing_of
from backchannel.values import MediaLimits, Segment


@dataclass(frozen=True, slots=True)
class Medium:
    """An open segment. Opening it again would take as long as decoding a key frame.

    Its decoders start where they were left, so each track is decoded once.

    Attributes
    ----------
    source
        Its tracks and packets.
    limits
        Limits on the media.
    timing
        Times of its new media.
    """

    source: Demuxed
    limits: MediaLimits
    timing: Timing

    @property
    def segment(self) -> Segment:
        """The segment itself."""
        return self.source.segment


@contextmanager
def read(segment: Segment, limits: MediaLimits, sound_track: int = 0) -> Iterator[Medium]:
    """Open a segment, read its packets and check it against the limits.

    Parameters
    ----------
    segment, limits
        The media, and what it may cost.
    sound_track
        Which of several sound tracks to read, from 0.

    Yields
    ------
    Medium

    Raises
    ------
    Problem
        ``ih5004`` if it cannot be opened or holds no packets, ``ih5001`` if it has no picture or sound
        that can be decoded or the picture is too large or too fast, ``ih5006`` if it is too short,
        ``ih4004`` if it is too long.
    """
    with demuxed(segment, limits, sound_track) as source:
        yield Medium(source, limits, timing_of(source, limits))
