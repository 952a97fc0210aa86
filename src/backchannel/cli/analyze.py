"""`backchannel analyze`: analyse a file here, without a server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec import UNSET
from rich.console import Console

from backchannel.cli.files import require_media_file
from backchannel.cli.options import AsJson, IncludeFlags, SegmentSeconds
from backchannel.cli.show import progress, show_sections
from backchannel.model import MediaLimits, SegmentResult
from backchannel.protocol.include import parse_include
from backchannel.protocol.results import AnalysisBody, analysis_body

SHOWN_TO_PEOPLE = ("conversation_quality_overall", "conversation_quality_timeline")


def analyze(
    file: Annotated[Path, typer.Argument(help="A video, or a sound recording.", show_default=False)],
    include: IncludeFlags = None,
    segment: SegmentSeconds = 5.0,
    as_json: AsJson = False,
) -> None:
    """Analyse a file and print what it shows."""
    flags = include or (() if as_json else SHOWN_TO_PEOPLE)
    console = Console(highlight=False)
    with progress(console, "Loading the networks", quiet=as_json) as status:
        results = []
        for result in _results(require_media_file(file), segment):
            results.append(result)
            status.update(f"Analysed {result.span.end_s:.0f} s")
    body = analysis_body(results, parse_include(flags))
    if as_json:
        typer.echo(msgspec.json.encode(body))
        return
    _show(console, body)


def _results(file: Path, segment_s: float) -> Iterator[SegmentResult]:
    # Imported here, since these load the decoders and the networks, which no other command needs.
    from backchannel.media.cut import cut_file  # noqa: PLC0415
    from backchannel.model import Segment  # noqa: PLC0415
    from backchannel.session import analyze_segment  # noqa: PLC0415

    state = b""
    limits = MediaLimits(max_duration_s=10 * segment_s)
    for cut in cut_file(file, segment_s):
        state, result = analyze_segment(state, Segment(cut.data), limits)
        yield result


def _show(console: Console, body: AnalysisBody) -> None:
    quality = body.conversation_quality
    show_sections(console, body.signals, body.engagement_state, None if quality is UNSET else quality)
