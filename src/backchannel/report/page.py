"""The report: one self-contained HTML page about a recording."""

from typing import Literal

from backchannel.html.markup import page, tag
from backchannel.report.brief import Stills, brief_sections
from backchannel.report.full import full_sections
from backchannel.report.parts import header
from backchannel.report.recording import Recording

Detail = Literal["brief", "full"]


def render_report(recording: Recording, detail: Detail = "brief", stills: Stills | None = None) -> str:
    """Render the report of a recording.

    Parameters
    ----------
    recording
        The recording.
    detail
        ``brief`` prints on two pages: the summary, the moments worth seeing, the timeline, the key figures
        and what to be careful about. ``full`` has every signal with its evidence, every cue and every table.
    stills
        JPEG pictures for moments, by the start of the moment, s. Only the brief report shows them.

    Returns
    -------
    str
        A self-contained HTML page. Every text of the recording is escaped. A content security policy in the
        page forbids loading anything, and allows only the page's own script, which unfolds details for print.

    See Also
    --------
    backchannel.report.gather.recording_of : Makes a recording from the results of an analysis.
    backchannel.report.files.file_of : Writes a recording as any kind of file.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> analyzed_at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> recording = Recording(
    ...     source="talk.mp4", analyzed_at=analyzed_at, duration=10.0, signals=(), engagement=()
    ... )
    >>> page = render_report(recording)
    >>> "<h1>talk.mp4</h1>" in page, "Nothing stood out." in page
    (True, True)
    """
    shown = dict(stills or {}) if detail == "brief" else {}
    body = [
        header(recording),
        tag("main", full_sections(recording) if detail == "full" else brief_sections(recording, shown)),
        tag("footer", tag("p", f"Created by Backchannel {recording.version} ({recording.engine}).")),
    ]
    return page(
        f"{recording.source} – report",
        tag("div", body, class_=detail),
        "backchannel.report",
        ("report.css", "brief.css") if detail == "brief" else ("report.css",),
        ("report.js",),
        pictures=bool(shown),
    )
