"""What was said, beside the signals of the same time."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from backchannel.html.markup import Html, tag
from backchannel.html.table import table
from backchannel.html.words import clock, counted, likely
from backchannel.report.parts import section
from backchannel.report.recording import PhraseEntry, Recording, SignalEntry
from backchannel.values import Span

MOST_CHARACTERS: Final = 1000
"""Most text of a transcript that the brief report prints, with the rest of it on two pages (measured)."""
MOST_ROWS: Final = 10
MOST_QUOTED: Final = 90
"""Most characters that a moment quotes."""


def said_during(recording: Recording, span: Span) -> str:
    """Return what was said in a stretch, shortened; empty if nothing was, or its time is not known."""
    said = " ".join(filter(None, (_within(phrase, span) for phrase in recording.transcript)))
    return said if len(said) <= MOST_QUOTED else f"{said[:MOST_QUOTED].rsplit(' ', 1)[0]} …"


def _within(phrase: PhraseEntry, span: Span) -> str:
    """Return the words of a phrase that were said in a stretch."""
    if not phrase.words:
        inside = phrase.span.overlap_s(span) >= phrase.span.duration_s / 2
        return phrase.text if inside else ""
    said = [word for word in phrase.words if word.span.overlap_s(span) > 0]
    cut = bool(said) and said[0] is not phrase.words[0]
    return f"{'… ' if cut else ''}{' '.join(word.text.strip() for word in said)}"


def spoken_beside_signals(recording: Recording) -> Html:
    """Draw the transcript with the signals beside it; a long one is shortened, with the rest folded."""
    phrases = recording.transcript
    if not phrases:
        return Html("")
    beside = _Beside(recording.signals)
    kept = _worth_printing(beside, phrases)
    rest = len(phrases) - len(kept)
    return section(
        "What was said",
        "transcript",
        _phrase_table(beside, kept),
        tag(
            "details",
            tag("summary", f"All of it ({counted(len(phrases), 'phrase')})"),
            _phrase_table(beside, phrases),
            class_="long",
        )
        if rest
        else Html(""),
    )


def whole_transcript(recording: Recording) -> Html:
    """Draw all that was said; nothing if nobody listened for words."""
    if not recording.transcript:
        return Html("")
    rows = _phrase_table(_Beside(recording.signals), recording.transcript)
    return section("What was said", "transcript", rows)


def _worth_printing(beside: "_Beside", phrases: Sequence[PhraseEntry]) -> list[PhraseEntry]:
    """Choose phrases with a signal first, then the earliest, as far as there is room; in order of time."""
    ranked = sorted(phrases, key=lambda phrase: (not any(beside.signals(phrase)), phrase.start))
    kept: list[PhraseEntry] = []
    room = MOST_CHARACTERS
    for phrase in ranked[:MOST_ROWS]:
        room -= len(phrase.text)
        if room < 0 and kept:
            break
        kept.append(phrase)
    return sorted(kept, key=lambda phrase: phrase.start)


def _phrase_table(beside: "_Beside", phrases: Sequence[PhraseEntry]) -> Html:
    rows = [(clock(one.start, 0), one.text, ", ".join(beside.signals(one)).capitalize()) for one in phrases]
    return table(("at", "said", "signals at the time"), rows)


class _Beside:
    """Finds the signals at the time of a phrase, also among thousands."""

    def __init__(self, signals: Sequence[SignalEntry]) -> None:
        self._signals = sorted(signals, key=lambda signal: signal.start)
        self._starts = [signal.start for signal in self._signals]
        # The latest end of each signal and all before it: where a search backwards can stop.
        self._ends = list(accumulate((signal.end for signal in self._signals), max))

    def signals(self, phrase: PhraseEntry) -> list[str]:
        """Return the headings of the signals, in order of time."""
        found: list[str] = []
        place = bisect_left(self._starts, phrase.end) - 1
        while place >= 0 and self._ends[place] > phrase.start:
            signal = self._signals[place]
            if signal.end > phrase.start:
                found.append(likely(signal.probability, signal.type))
            place -= 1
        return found[::-1]
