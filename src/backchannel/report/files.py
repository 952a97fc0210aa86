"""The kinds of file that a recording can be written as."""

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
    """Return a recording as a file of one kind, in UTF-8.

    Parameters
    ----------
    media
        Where the film is, relative to the file, for those that name it.
    """
    return _WRITERS[kind](recording, media).encode()
