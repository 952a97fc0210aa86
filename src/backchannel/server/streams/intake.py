"""The media of one session, from chunks to analysed pieces, as one value.

The shells hold sockets and clocks. Everything else that a session needs to go on is here and in the
protocol's `Session`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from backchannel.engine.jobs import LiveState
from backchannel.media.stream.batch import Taken, take_chunks
from backchannel.media.stream.continuity import StreamState, end_stream
from backchannel.media.stream.pcm import take_samples
from backchannel.protocol.config_frame import AudioFormat
from backchannel.updates import Changes
from backchannel.values import Segment

MOST_SKIPPED: Final = 16
"""Segments that wait for their time to pass; bounded in case nothing that comes after them can be used."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Where a session's media stands. Begins as ``Intake()``.

    Attributes
    ----------
    stream
        What earlier chunks left for the next one.
    odd_byte
        The first byte of a raw sample whose second one has not come.
    skipped
        Segments that are not analysed. The next one brings their time with it.
    analysis
        What the analysis carries.
    reached_s
        Session time up to which media has arrived.
    """

    stream: StreamState = StreamState()
    odd_byte: bytes = b""
    skipped: tuple[Segment, ...] = ()
    analysis: LiveState = LiveState()
    reached_s: float = 0.0

    def take(self, chunks: Sequence[bytes], audio_format: AudioFormat | None) -> tuple["Intake", list[Taken]]:
        """Make segments of chunks.

        Parameters
        ----------
        audio_format
            Of raw samples; None for chunks of a container.
        """
        if audio_format is None:
            stream, taken = take_chunks(self.stream, chunks)
            return replace(self, stream=stream), taken
        odd_byte, segment = take_samples(self.odd_byte, b"".join(chunks), audio_format.sample_rate)
        return replace(self, odd_byte=odd_byte), [Taken(len(chunks), segment)]

    def skip(self, segment: Segment) -> "Intake":
        """Leave a segment out. What is analysed next brings its time with it."""
        return replace(self, skipped=(*self.skipped, segment)[-MOST_SKIPPED:])

    def analysed(self, analysis: LiveState, changes: Changes) -> tuple["Intake", float]:
        """Go on after an analysed piece; returns how much video that was, too, s."""
        lost_s = sum(gap.duration_s for gap in changes.dropped)
        after = replace(self, analysis=analysis, skipped=(), reached_s=changes.reached_s)
        return after, changes.reached_s - self.reached_s - lost_s

    def end(self) -> tuple["Intake", Segment | None]:
        """Give what only the next chunk could have shown to be whole."""
        stream, rest = end_stream(self.stream)
        return replace(self, stream=stream), rest
