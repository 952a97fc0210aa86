"""The file formats that a recording can be exported to."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

from backchannel.report.captions import srt_of, vtt_of
from backchannel.report.elan import eaf_of
from backchannel.report.page import render_report
from backchannel.report.recording import Recording
from backchannel.report.rows import csv_of

FileKind = Literal["html", "csv", "srt", "vtt", "eaf"]

_WRITERS: Final[Mapping[FileKind, Callable[[Recording, str], str]]] = MappingProxyType(
    {
        "html": lambda recording, _: render_report(recording),
        "csv": lambda recording, _: csv_of(recording),
        "srt": lambda recording, _: srt_of(recording),
        "vtt": lambda recording, _: vtt_of(recording),
        "eaf": eaf_of,
    }
)


def file_of(recording: Recording, kind: FileKind, media: str) -> bytes:
    """Export a recording.

    Parameters
    ----------
    recording
        The recording.
    kind
        ``html`` (report), ``csv`` (table), ``srt`` or ``vtt`` (captions), ``eaf`` (ELAN annotations).
    media
        Path of the media relative to the exported file. Only ``eaf`` uses it.

    Returns
    -------
    bytes
        The content of the file, UTF-8.

    See Also
    --------
    backchannel.report.gather.recording_of : Makes a recording from the results of an analysis.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> analyzed_at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> recording = Recording(
    ...     source="talk.mp4", analyzed_at=analyzed_at, duration=10.0, signals=(), engagement=()
    ... )
    >>> file_of(recording, "csv", "talk.mp4")[:16]
    b'source,kind,name'
    """
    return _WRITERS[kind](recording, media).encode()
