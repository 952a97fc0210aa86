"""The file formats that a recording can be exported to."""

from typing import Literal

from backchannel.report.brief import Stills
from backchannel.report.captions import srt_of, vtt_of
from backchannel.report.elan import eaf_of
from backchannel.report.page import Detail, render_report
from backchannel.report.recording import Recording
from backchannel.report.rows import csv_of

FileKind = Literal["html", "csv", "srt", "vtt", "eaf"]


def file_of(
    recording: Recording,
    kind: FileKind,
    media: str,
    detail: Detail = "brief",
    stills: Stills | None = None,
) -> bytes:
    """Export a recording.

    Parameters
    ----------
    recording
        The recording.
    kind
        ``html`` (report), ``csv`` (table), ``srt`` or ``vtt`` (captions), ``eaf`` (ELAN annotations).
    media
        Path of the media relative to the exported file. Only ``eaf`` uses it.
    detail, stills
        As for `backchannel.report.page.render_report`. Only ``html`` uses them.

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
    return _text_of(recording, kind, media, detail, stills).encode()


def _text_of(recording: Recording, kind: FileKind, media: str, detail: Detail, stills: Stills | None) -> str:
    match kind:
        case "html":
            return render_report(recording, detail, stills)
        case "csv":
            return csv_of(recording)
        case "srt":
            return srt_of(recording)
        case "vtt":
            return vtt_of(recording)
        case "eaf":
            return eaf_of(recording, media)
