"""A recording as captions: one for each signal, to be read while the film plays. SRT and WebVTT.

Players show captions that overlap one above the other, as signals do.
"""

import html
from typing import Final

from backchannel.report.prose import WHAT_THIS_IS
from backchannel.report.recording import Recording, SignalEntry

MIN_CAPTION_MS: Final = 1
"""Both formats ask for an end after the beginning."""


def srt_of(recording: Recording) -> str:
    """Return the signals as SubRip captions."""
    return "".join(
        f"{number}\n{_times(signal, ',')}\n{_heading(signal)}\n{_one_line(signal.rationale)}\n\n"
        for number, signal in enumerate(recording.signals, 1)
    )


def vtt_of(recording: Recording) -> str:
    """Return the signals as WebVTT captions, after a note of what they are."""
    captions = (
        f"signal-{number}\n{_times(signal, '.')}\n"
        + html.escape(f"{_heading(signal)}\n{_one_line(signal.rationale)}\n", quote=False)
        for number, signal in enumerate(recording.signals, 1)
    )
    # A note ends at an empty line and must hold no arrow.
    note = f"{_one_line(recording.source)} {WHAT_THIS_IS}".replace("-->", "→")
    return "\n".join([f"WEBVTT\n\nNOTE {note}\n", *captions])


def _heading(signal: SignalEntry) -> str:
    return f"{signal.type} ({signal.probability})"


def _one_line(text: str) -> str:
    # An empty line would end the caption, and an arrow begin another.
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
