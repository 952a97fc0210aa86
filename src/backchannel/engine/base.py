"""Interfaces: the engine that the server uses, and the workers and carriers that an engine uses."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from backchannel.engine.jobs import Job, LiveState, Reply
from backchannel.engine.observer import Observer
from backchannel.updates import Changes
from backchannel.values import GivenWords, MediaLimits, Rules, Segment, SegmentResult

OnBegun = Callable[[float], Awaitable[None]]
"""Called with the media's duration, s, once it is open. An exception from it ends the analysis."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The next media of a live session.

    Attributes
    ----------
    segment
        The media; None for the end of a session that sends no more.
    limits
        Limits on the media.
    closes_window
        Its end closes the open window, as on v0. Otherwise windows have a fixed length.
    skipped
        Media before it that is not analysed. Only its time passes.
    ends
        It is the last one: the open window closes and every signal ends.
    rules
        How cues are interpreted. Those of a session's first piece hold until its end.
    owner
        Whose it is, for example an API key. Owners take turns when workers are short.
    words
        Listen for words. Workers that have no network for words ignore it.
    given
        The client's own words that were not taken in yet. The phrases that are over when the piece ends are
        taken in, and are in the changes. With them, nobody listens for words. None if the client gives none.
    """

    segment: Segment | None
    limits: MediaLimits
    closes_window: bool = False
    skipped: tuple[Segment, ...] = ()
    ends: bool = False
    rules: Rules = Rules()
    owner: str = ""
    words: bool = False
    given: GivenWords | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file, analysed as its own conversation.

    Attributes
    ----------
    data
        The file.
    limits
        Limits on the media.
    needs_picture, needs_sound
        Reject a file without one.
    sound_only
        Analyse only the sound.
    rules
        How cues are interpreted.
    owner, words, given
        As for `Piece`; those of the whole file.
    """

    data: bytes | bytearray
    limits: MediaLimits
    needs_picture: bool = False
    needs_sound: bool = False
    sound_only: bool = False
    rules: Rules = Rules()
    owner: str = ""
    words: bool = False
    given: GivenWords | None = None


class Engine(Protocol):
    """Analyses media outside the process that holds the sockets."""

    @property
    def ready(self) -> bool:
        """Whether media would be analysed now, without waiting for anything to start."""
        ...

    @property
    def failed(self) -> bool:
        """Whether nothing can be analysed, and that will not change soon."""
        ...

    @property
    def overloaded(self) -> bool:
        """Whether media waits too long even at the lowest analysis rate.

        Then media may be left out, and new sessions are rejected.
        """
        ...

    @property
    def waiting(self) -> int:
        """Number of live pieces that wait for a worker."""
        ...

    @property
    def worker_ids(self) -> tuple[int, ...]:
        """Ids of the warm workers for live pieces."""
        ...

    def watch(self, observer: Observer) -> None:
        """Tell an observer of the work from now on."""
        ...

    async def start(self) -> None:
        """Start the workers; returns at once."""
        ...

    async def close(self) -> None:
        """Stop at once. Nothing keeps running."""
        ...

    async def follow(self, state: LiveState, piece: Piece) -> tuple[LiveState, Changes]:
        """Analyse the next piece of a session; owners take turns, and each one's pieces keep their order.

        A session makes one call at a time, since each needs the state that the one before returned. So the
        order of calls is fair between an owner's sessions too. Long pieces give way to short ones. Under load
        fewer frames a second are analysed, and the results say so.

        Parameters
        ----------
        state
            The state from the call before, or ``LiveState()`` for a new session.

        Returns
        -------
        The state for the next call, and what changed.

        Raises
        ------
        Problem
            The media is bad, or ``ih1001`` or ``ih1003``. The state that was passed stays valid.
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
        """Analyse a file, window by window. Live media never waits behind it.

        Cancelling the call ends the analysis.

        Raises
        ------
        Problem
            The media is bad, ``ih1001`` or ``ih1003``; or the exception from `on_begun`.
        """
        ...


class Worker(Protocol):
    """Does one job at a time, wherever it runs. It knows nothing about their order or deadlines."""

    @property
    def id(self) -> int:
        """Number of the worker, also in logs."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it can take a job, as far as is known."""
        ...

    @property
    def memory_bytes(self) -> int:
        """Memory that it holds; 0 if unknown."""
        ...

    async def run(self, job: Job, on_begun: OnBegun) -> Reply:
        """Do a job.

        Raises
        ------
        WorkerLostError
            The worker is gone. The job may be worth another try.
        """
        ...

    async def ended(self) -> None:
        """Wait until the worker has ended."""
        ...

    def dismiss(self) -> None:
        """Let the worker end by itself: it gets no more jobs."""
        ...

    async def kill(self) -> None:
        """End the worker now and wait until it is gone."""
        ...


class Carrier(Protocol):
    """Starts workers of one kind: processes on this machine, or something else."""

    async def start(self, *, niceness: int) -> Worker:
        """Start a worker and wait until it is warm.

        Parameters
        ----------
        niceness
            How far its priority is lowered, 0..19.

        Raises
        ------
        WorkerUnfitError
            It could not start.
        """
        ...


class WorkerLostError(Exception):
    """The worker died or broke the protocol. It has been ended.

    Attributes
    ----------
    killed
        Somebody ended it from outside, as an operator or a system short of memory does. So its media is
        hardly to blame: a decoder that crashes ends in another way.
    """

    def __init__(self, *, killed: bool = False) -> None:
        super().__init__("killed" if killed else "died")
        self.killed = killed


class WorkerUnfitError(Exception):
    """The worker could not start. The text says why."""
