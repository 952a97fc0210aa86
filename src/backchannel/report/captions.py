"""Export the signals of a recording as captions, in SRT and WebVTT.

Signals may overlap. Players then show the captions one above the other.
"""

import html
from typing import Final

from backchannel.html.words import headline, likely
from backchannel.report.prose import WHAT_THIS_IS
from backchannel.report.recording import Recording, SignalEntry

MIN_CAPTION_MS: Final = 1
"""Both formats require an end after the start."""


def srt_of(recording: Recording) -> str:
    r"""Return the signals as SubRip captions.

    See Also
    --------
    vtt_of : The same as WebVTT.
    backchannel.report.files.file_of : Writes a recording as any kind of file.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> signal = SignalEntry(type="interest", start=1.0, end=2.5, probability="low", rationale="Smiled.")
    >>> recording = Recording(
    ...     source="talk.mp4",
    ...     analyzed_at=datetime(2026, 1, 1, tzinfo=UTC),
    ...     duration=10.0,
    ...     signals=(signal,),
    ...     engagement=(),
    ... )
    >>> srt_of(recording)
    '1\n00:00:01,000 --> 00:00:02,500\nPossibly interested\nSmiled.\n\n'
    """
    return "".join(
        f"{number}\n{_times(signal, ',')}\n{_heading(signal)}\n{_one_line(headline(signal.rationale))}\n\n"
        for number, signal in enumerate(recording.signals, 1)
    )


def vtt_of(recording: Recording) -> str:
    """Return the signals as WebVTT captions, after a note that explains them.

    See Also
    --------
    srt_of : The same as SubRip.
    """
    captions = (
        f"signal-{number}\n{_times(signal, '.')}\n"
        + html.escape(f"{_heading(signal)}\n{_one_line(headline(signal.rationale))}\n", quote=False)
        for number, signal in enumerate(recording.signals, 1)
    )
    # A note ends at an empty line and must not contain an arrow.
    note = f"{_one_line(recording.source)} {WHAT_THIS_IS}".replace("-->", "→")
    return "\n".join([f"WEBVTT\n\nNOTE {note}\n", *captions])


def _heading(signal: SignalEntry) -> str:
    return likely(signal.probability, signal.type)


def _one_line(text: str) -> str:
    # An empty line would end the caption, and an arrow would begin another.
    return " ".join(text.split()).replace("-->", "→")


def _times(signal: SignalEntry, point: str) -> str:
    start_ms = round(signal.start * 1000)
    end_ms = max(round(signal.end * 1000), start_ms + MIN_CAPTION_MS)
    return f"{_time(start_ms, point)} --> {_time(end_ms, point)}"


def _time(time_ms: int, point: str) -> str:
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"
