"""`backchannel analyze`: analyse a file here, without a server."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec import UNSET
from rich.console import Console

from backchannel.cli.files import require_media_file
from backchannel.cli.options import AsJson, IncludeFlags
from backchannel.cli.show import progress, show_line, show_sections
from backchannel.model import MediaLimits, Segment, SegmentResult
from backchannel.protocol.include import parse_include
from backchannel.protocol.results import AnalysisBody, analysis_body

MAX_FILE_S = 1800.0
"""Longest file, s (wire contract, section 8)."""
SHOWN_TO_PEOPLE = ("conversation_quality_overall", "conversation_quality_timeline")


def analyze(
    file: Annotated[Path, typer.Argument(help="A video, or a sound recording.", show_default=False)],
    include: IncludeFlags = None,
    as_json: AsJson = False,
) -> None:
    """Analyse a file and print what it shows."""
    flags = include or (() if as_json else SHOWN_TO_PEOPLE)
    console = Console(highlight=False)
    with progress(console, "Loading the networks", quiet=as_json) as status:
        data = require_media_file(file).read_bytes()
        results = list(_results(data, lambda time_s: status.update(f"Looked at {time_s:.0f} s")))
    body = analysis_body(results, parse_include(flags))
    if as_json:
        typer.echo(msgspec.json.encode(body))
        return
    _show(console, body)


def _results(data: bytes, on_progress: Callable[[float], None]) -> Iterator[SegmentResult]:
    # Imported here, since it loads the decoders and the networks, which no other command needs.
    from backchannel.session import analyze_whole  # noqa: PLC0415

    return analyze_whole(Segment(data), MediaLimits(max_duration_s=MAX_FILE_S), on_progress=on_progress)


def _show(console: Console, body: AnalysisBody) -> None:
    if body.coverage is not UNSET and body.coverage.notes:
        show_line(console, f"  {' '.join(body.coverage.notes)}")
    quality = body.conversation_quality
    show_sections(console, body.signals, body.engagement_state, None if quality is UNSET else quality)
