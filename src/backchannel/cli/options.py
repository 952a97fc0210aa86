"""Options that several commands share, each with the environment variable that stands in for it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from backchannel.config import ENV_PREFIX

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", envvar=f"{ENV_PREFIX}DATA_DIR", help="Folder of the key store.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", envvar=f"{ENV_PREFIX}JSON", help="Print JSON only.")]
IncludeFlags = Annotated[
    list[str] | None,
    typer.Option(
        "--include",
        envvar=f"{ENV_PREFIX}INCLUDE",
        help="Once for each: conversation_quality_overall, conversation_quality_timeline, evidence.",
        show_default=False,
    ),
]
SegmentSeconds = Annotated[
    float | None,
    typer.Option(
        "--segment",
        envvar=f"{ENV_PREFIX}SEGMENT",
        min=0.5,
        max=60.0,
        help="Seconds a piece; 1 on v2, and 5 (3 at least) on v0 by default.",
        show_default=False,
    ),
]


def _place(kind: str, what: str) -> Any:
    return typer.Option(
        f"--{kind}",
        envvar=f"{ENV_PREFIX}{kind.upper()}",
        metavar="PATH",
        help=f"{what}; - for standard output.",
        show_default=False,
    )


HtmlPlace = Annotated[Path | None, _place("html", "Write a report: one page that needs nothing else")]
CsvPlace = Annotated[Path | None, _place("csv", "Write a table, a row for each signal, cue and state")]
SrtPlace = Annotated[Path | None, _place("srt", "Write the signals as SubRip captions")]
VttPlace = Annotated[Path | None, _place("vtt", "Write the signals as WebVTT captions")]
EafPlace = Annotated[Path | None, _place("eaf", "Write an ELAN document with a tier for each signal and cue")]
