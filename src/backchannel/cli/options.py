"""Options that several commands share, each with the environment variable that stands in for it."""

from pathlib import Path
from typing import Annotated

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
    float,
    typer.Option("--segment", envvar=f"{ENV_PREFIX}SEGMENT", min=3.0, max=60.0, help="Seconds a segment."),
]
