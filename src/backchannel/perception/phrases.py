"""Cut speech into phrases, from voice activity alone. Pure.

One call of the network takes nearly the same time for 1 s of speech as for 8 s, so speech is collected: up to
a pause, or up to 8 s.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from backchannel.arrays import BoolArray
from backchannel.constants import VOICE_ROW_S

MIN_SPEECH: Final = 0.5
"""Probability of speech from which somebody speaks, as for cues (Silero's own advice)."""
PAUSE: Final = round(0.4 / VOICE_ROW_S)
"""Rows of silence that end a phrase (measured: words.md)."""
LONGEST: Final = round(8.0 / VOICE_ROW_S)
"""Rows of the longest phrase (measured: the encoder gets 10 s, and silence must be behind the speech)."""
SHORTEST_S: Final = 0.1
"""Speech, s, from which a phrase can hold a word (judgement: a short "no" takes 0.15 s)."""
GAP: Final = round(0.1 / VOICE_ROW_S)
"""Rows of silence at which a long phrase may be cut (judgement: a stop closes it for less)."""
SOONEST: Final = round(3.0 / VOICE_ROW_S)
"""A phrase that is too long is not cut before so many rows (judgement)."""

Rest = Literal["keep", "show", "say", "end"]
"""What happens to speech that goes on at the end of the sound: ``keep`` it for the next piece; also ``show``
it as an interim phrase when it gets old; ``say`` all its whole words now; or ``end`` it, because nothing
follows."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A phrase as rows.

    Attributes
    ----------
    start, end
        First row with speech, and one past the last.
    complete
        False when the speech goes on right behind it, so that its last word may be cut off.
    """

    start: int
    end: int
    complete: bool = True


def first_phrase(speaking: BoolArray, rest: Rest = "keep") -> Cut | None:
    """Find the first phrase that can be written.

    Parameters
    ----------
    speaking
        (n,) bool, a row every 10 ms.
    rest
        What happens to speech that goes on at the end.

    Returns
    -------
    Cut or None
        None when nobody spoke, or a phrase is still growing.

    Examples
    --------
    >>> first_phrase(np.array([False] * 50 + [True] * 100 + [False] * 50))
    Cut(start=50, end=150, complete=True)
    """
    growing = growing_phrase(speaking)
    if growing is None:
        return None
    if growing.end - growing.start > LONGEST:
        return _too_long(speaking, growing.start)
    silence = speaking.size - growing.end
    if silence >= PAUSE or rest == "end":
        return Cut(growing.start, growing.end)
    # Speech that stopped a moment ago has no word that is cut off.
    return Cut(growing.start, growing.end, complete=silence >= GAP) if rest == "say" else None


def growing_phrase(speaking: BoolArray) -> Cut | None:
    """Find the first phrase, as if it were not over."""
    runs = _runs(speaking)
    if not runs.size:
        return None
    pauses = np.flatnonzero(runs[1:, 0] - runs[:-1, 1] >= PAUSE)
    last = int(pauses[0]) if pauses.size else runs.shape[0] - 1
    return Cut(int(runs[0, 0]), int(runs[last, 1]), complete=False)


def halved(speaking: BoolArray, cut: Cut) -> Cut | None:
    """Cut a phrase at its longest pause near the middle, or else in the middle; None if it is short.

    Of a phrase in which somebody repeats the same words, the network may write a half where it loops over
    the whole.
    """
    length = cut.end - cut.start
    if length <= LONGEST // 2:
        return None
    return _shortened(speaking, cut.start, soonest=length // 3, longest=length - length // 3) or Cut(
        cut.start, cut.start + length // 2, complete=False
    )


def _too_long(speaking: BoolArray, start: int) -> Cut:
    """Cut a phrase that is too long at its longest pause, or else where it becomes too long."""
    return _shortened(speaking, start, SOONEST, LONGEST) or Cut(start, start + LONGEST, complete=False)


def _shortened(speaking: BoolArray, start: int, soonest: int, longest: int) -> Cut | None:
    """Cut a phrase at its longest pause between two lengths; None if there is no pause."""
    runs = _runs(speaking[start : start + longest])
    gaps = runs[1:, 0] - runs[:-1, 1]
    late = runs[:-1, 1] >= soonest
    if not (gaps[late] >= GAP).any():
        return None
    at = int(np.argmax(np.where(late, gaps, 0)))
    return Cut(start, start + int(runs[at, 1]))


def _runs(speaking: BoolArray) -> NDArray[np.intp]:
    """(k, 2) first row, and one past the last, of each stretch of speech."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], speaking, [False]]).astype(np.int8)))
    return edges.reshape(-1, 2)
