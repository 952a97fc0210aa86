"""Export the signals of a recording, and what was said, as captions in SRT and WebVTT.

Captions are read over a video. So each comes when its signal begins, stays for as long as reading takes, and
gives way to the next; signals that begin together share a caption. No line is longer than subtitles are. In
WebVTT, signals are at the top and words at the bottom.
"""

import html
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from backchannel.html.words import headline, likely
from backchannel.report.prose import WHAT_THIS_IS
from backchannel.report.recording import Recording, SignalEntry

LINE_CHARACTERS: Final = 42
"""Longest line of a subtitle (BBC Subtitle Guidelines: 37 characters of teletext; Netflix: 42)."""
MOST_LINES: Final = 2
"""Lines of a subtitle, below the heading of a signal (the same sources)."""
READ_PER_S: Final = 15.0
"""Characters that viewers read in a second (the same sources: 160 to 180 words a minute)."""
MIN_CAPTION_S, MAX_CAPTION_S = 1.5, 7.0
MIN_CAPTION_MS: Final = 1
"""Both formats require an end after the start."""


@dataclass(frozen=True, slots=True)
class _Caption:
    """A caption: its name, its times, its lines, and whether it is about a signal."""

    name: str
    start_ms: int
    end_ms: int
    text: str
    signal: bool


def srt_of(recording: Recording) -> str:
    r"""Return the signals, and what was said, as SubRip captions.

    See Also
    --------
    vtt_of : The same as WebVTT.
    backchannel.report.files.file_of : Writes a recording as any kind of file.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> signal = SignalEntry(type="interest", start=1.0, end=4.5, probability="low", rationale="Smiled.")
    >>> recording = Recording(
    ...     source="talk.mp4",
    ...     analyzed_at=datetime(2026, 1, 1, tzinfo=UTC),
    ...     duration=10.0,
    ...     signals=(signal,),
    ...     engagement=(),
    ... )
    >>> srt_of(recording)
    '1\n00:00:01,000 --> 00:00:02,800\nPossibly interested\nSmiled.\n\n'
    """
    return "".join(
        f"{number}\n{_times(caption, ',')}\n{caption.text}\n\n"
        for number, caption in enumerate(_captions(recording), 1)
    )


def vtt_of(recording: Recording) -> str:
    """Return the signals, and what was said, as WebVTT captions, after a note that explains them.

    See Also
    --------
    srt_of : The same as SubRip.
    """
    captions = (
        f"{caption.name}\n{_times(caption, '.')}{' line:5%' if caption.signal else ''}\n"
        + html.escape(f"{caption.text}\n", quote=False)
        for caption in _captions(recording)
    )
    # A note ends at an empty line and must not contain an arrow.
    note = f"{_one_line(recording.source)} {WHAT_THIS_IS}".replace("-->", "→")
    return "\n".join([f"WEBVTT\n\nNOTE {note}\n", *captions])


def _captions(recording: Recording) -> Sequence[_Caption]:
    """Return all captions in order of time."""
    captions = [*_of_signals(recording.signals), *_of_words(recording)]
    return sorted(captions, key=lambda caption: (caption.start_ms, caption.end_ms))


def _of_signals(signals: Sequence[SignalEntry]) -> Iterator[_Caption]:
    groups = _begun_together(signals)
    for place, group in enumerate(groups):
        text = _text_of(group)
        start_ms = round(group[0].start * 1000)
        end_ms = start_ms + _reading_ms(text)
        if place + 1 < len(groups):
            end_ms = min(end_ms, round(groups[place + 1][0].start * 1000))
        yield _Caption(f"signal-{place + 1}", start_ms, end_ms, text, signal=True)


def _begun_together(signals: Sequence[SignalEntry]) -> list[list[SignalEntry]]:
    """Group signals that begin too close to each other for a caption each."""
    groups: list[list[SignalEntry]] = []
    for signal in signals:
        if groups and signal.start - groups[-1][0].start < MIN_CAPTION_S:
            groups[-1].append(signal)
        else:
            groups.append([signal])
    return groups


def _text_of(group: Sequence[SignalEntry]) -> str:
    """Return the heading and the sentence of a signal, or only the headings of several."""
    headings = [likely(signal.probability, signal.type) for signal in group]
    if len(group) > 1:
        return "\n".join(headings)
    return f"{headings[0]}\n{_wrapped(_short(headline(group[0].rationale)))}"


def _of_words(recording: Recording) -> Iterator[_Caption]:
    """Return captions for what was said, cut into pieces of two lines at most."""
    number = 0
    for phrase in recording.transcript:
        lines = textwrap.wrap(_one_line(phrase.text), LINE_CHARACTERS)
        pieces = ["\n".join(lines[at : at + MOST_LINES]) for at in range(0, len(lines), MOST_LINES)]
        characters, done = max(1, sum(map(len, pieces))), 0
        for piece in pieces:
            number += 1
            times_ms = [
                round(1000 * (phrase.start + (phrase.end - phrase.start) * at / characters))
                for at in (done, done + len(piece))
            ]
            done += len(piece)
            end_ms = max(times_ms[1], times_ms[0] + MIN_CAPTION_MS)
            yield _Caption(f"words-{number}", times_ms[0], end_ms, piece, signal=False)


def _reading_ms(text: str) -> int:
    return round(1000 * min(MAX_CAPTION_S, max(MIN_CAPTION_S, len(text) / READ_PER_S)))


def _short(sentence: str) -> str:
    """Leave out the last facts of a sentence until it fits."""
    sentence = _one_line(sentence)
    while len(textwrap.wrap(sentence, LINE_CHARACTERS)) > MOST_LINES:
        cut = max(sentence.rfind(", "), sentence.rfind(" and "))
        if cut <= 0:
            return textwrap.shorten(sentence, LINE_CHARACTERS * MOST_LINES - 4, placeholder=" …")
        *first, last = sentence[:cut].rstrip(",").rsplit(", ", 1)
        sentence = f"{' and '.join([*first, last])}."
    return sentence


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, LINE_CHARACTERS))


def _one_line(text: str) -> str:
    # An empty line would end the caption, and an arrow would begin another.
    return " ".join(text.split()).replace("-->", "→")


def _times(caption: _Caption, point: str) -> str:
    return f"{_time(caption.start_ms, point)} --> {_time(caption.end_ms, point)}"


def _time(time_ms: int, point: str) -> str:
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"
