"""What an engine tells about its work: how long jobs wait and take, how much media they hold, and losses."""

from typing import Literal, Protocol

JobKind = Literal["live", "file"]


class Observer(Protocol):
    """Hears of an engine's work. Its methods return at once and never raise."""

    def waited(self, kind: JobKind, waited_s: float) -> None:
        """A job got a worker after so long, s."""
        ...

    def worked(self, kind: JobKind, took_s: float) -> None:
        """A worker replied to a job after so long, s."""
        ...

    def analysed(self, kind: JobKind, media_s: float, dropped_s: float, words: int) -> None:
        """So much media was analysed, and so much was dropped, s; so many words were heard in it."""
        ...

    def lost(self, *, hung: bool) -> None:
        """A worker died, or took too long and was ended."""
        ...


class Unobserved:
    """Hears nothing."""

    def waited(self, kind: JobKind, waited_s: float) -> None:
        """Ignore it."""

    def worked(self, kind: JobKind, took_s: float) -> None:
        """Ignore it."""

    def analysed(self, kind: JobKind, media_s: float, dropped_s: float, words: int) -> None:
        """Ignore it."""

    def lost(self, *, hung: bool) -> None:
        """Ignore it."""
