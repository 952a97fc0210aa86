"""Give each phrase of a file to the window in which it begins.

A phrase is known after the pause behind it, when its window may be over. A file can wait for that; live media
cannot.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from backchannel.constants import VOICE_ROW_S
from backchannel.perception.phrases import LONGEST, PAUSE
from backchannel.tracks import Tracks

KNOWN_AFTER_S: Final = (LONGEST + PAUSE) * VOICE_ROW_S + 0.1
"""Every phrase that begins before some time is known so long after it, with some rows for rounding."""


def words_in_place(windows: Iterable[Tracks]) -> Iterator[Tracks]:
    """Move the words of consecutive windows, each to where it begins.

    Parameters
    ----------
    windows
        Tracks, with the phrases that became known in them. At most `KNOWN_AFTER_S` of them wait.
    """
    waiting: list[Tracks] = []
    for tracks in windows:
        waiting = _in_place([*waiting, tracks])
        while sum(later.duration_s for later in waiting[1:]) >= KNOWN_AFTER_S:
            yield waiting.pop(0)
    yield from waiting


def _in_place(windows: Sequence[Tracks]) -> list[Tracks]:
    """Move the phrases of the last window."""
    placed = [*windows[:-1], replace(windows[-1], words=None if windows[-1].words is None else ())]
    for phrase in windows[-1].words or ():
        at, by_s = len(windows) - 1, 0.0
        while at > 0 and phrase.span.start_s + by_s < 0:
            at -= 1
            by_s += windows[at].duration_s
        placed[at] = replace(placed[at], words=(*(placed[at].words or ()), phrase.shifted(by_s)))
    return placed
