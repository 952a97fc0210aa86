"""What the server asks of whatever analyses: one call, one answer, or a `Problem`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from backchannel.values import MediaLimits, Progress, Segment, SegmentResult

OnBegun = Callable[[float], Awaitable[None]]
"""Told the media's duration, s, once it is open; what it raises ends the analysis."""


@dataclass(frozen=True, slots=True)
class File:
    """A complete medium to be analysed as a conversation of its own.

    Attributes
    ----------
    data
        The file.
    limits
        What it may cost.
    needs_picture, needs_sound
        Refuse it without one.
    sound_only
        Leave the picture alone.
    """

    data: bytes | bytearray
    limits: MediaLimits
    needs_picture: bool = False
    needs_sound: bool = False
    sound_only: bool = False


class Engine(Protocol):
    """Analyses segments somewhere else than in the process that holds the sockets."""

    @property
    def ready(self) -> bool:
        """Whether a segment would be analysed now, without waiting for anything to start."""
        ...

    @property
    def failed(self) -> bool:
        """Whether nothing can be analysed and it does not look as if that would change by itself soon."""
        ...

    @property
    def overloaded(self) -> bool:
        """Whether there is more to do than can be done, although as little is looked at as may be.

        Then media may be left out, and nobody new should be let in.
        """
        ...

    async def start(self) -> None:
        """Begin to get ready; returns at once."""
        ...

    async def close(self) -> None:
        """Stop at once. Nothing is left running."""
        ...

    async def analyze(
        self, state: bytes, segment: Segment, limits: MediaLimits
    ) -> tuple[bytes, SegmentResult]:
        """Analyse one segment of a session; calls are served in the order they are made.

        A session makes one call at a time, since each needs the state that the one before it returned.
        So the order of calls is fair between sessions; and long segments stand aside for the usual ones.
        When there is much to do fewer pictures a second are looked at, and the result's coverage says so.

        Parameters
        ----------
        state
            What the call before returned, or ``b""`` for a new session.
        segment, limits
            The media, and what it may cost.

        Returns
        -------
        The state for the next call, and the answer.

        Raises
        ------
        Problem
            The media is bad (the state is then still the one that was passed), or ``ih1001`` or ``ih1003``.
        """
        ...

    async def follow(
        self, state: bytes, segment: Segment, limits: MediaLimits, left_out: Sequence[Segment] = ()
    ) -> tuple[bytes, Progress]:
        """Follow a live session by one segment, in windows of our own; otherwise as `analyze`.

        The two keep different states, so a session uses either the one or the other.

        Parameters
        ----------
        left_out
            Media before the segment that is not to be analysed; only its time passes.
        """
        ...

    async def inspect_file(self, file: File) -> float:
        """Open a file without analysing it, which takes a moment; returns its duration, s.

        Raises
        ------
        Problem
            The media is bad, ``ih1001`` or ``ih1003``.
        """
        ...

    async def analyze_file(self, file: File, on_begun: OnBegun) -> tuple[SegmentResult, ...]:
        """Analyse a file, window by window. Segments never wait behind it.

        Cancelling the call ends the analysis.

        Raises
        ------
        Problem
            The media is bad, ``ih1001`` or ``ih1003``; or whatever `on_begun` raised.
        """
        ...
