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
from backchannel.server.streams.marks import Mark, as_it_was, next_marks
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
    through
        Number of the last message that is answered for.
    marks
        Places in the stream; the client keeps the messages from the first one on.
    waiting
        Tracks that must wait for a key frame when the stream has been read again; None otherwise.
    """

    stream: StreamState = StreamState()
    odd_byte: bytes = b""
    skipped: tuple[Segment, ...] = ()
    analysis: LiveState = LiveState()
    reached_s: float = 0.0
    through: int = 0
    marks: tuple[Mark, ...] = (Mark(),)
    waiting: frozenset[int] | None = None

    @property
    def resend_from(self) -> int:
        """The first message that is necessary to go on in another process."""
        return self.marks[0].number

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

    def answered(self, count: int, stream: StreamState, odd_byte: bytes = b"") -> "Intake":
        """Go on after messages that are answered for, with what they left."""
        through = self.through + count
        marks = next_marks(self.marks, through + 1, stream)
        return replace(self, stream=stream, odd_byte=odd_byte, through=through, marks=marks)

    def read_again(self, chunks: Sequence[bytes], *, last: bool) -> "Intake":
        """Read messages that were answered for before, from the first mark on."""
        stream, _ = take_chunks(self.stream, chunks)
        if not last or self.waiting is None:
            return replace(self, stream=stream)
        return replace(self, stream=as_it_was(stream, self.waiting), waiting=None)

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
