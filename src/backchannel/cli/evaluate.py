"""`backchannel eval`: how well cues and signals agree with labels."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from backchannel.cli.options import AsJson
from backchannel.cli.show import progress
from backchannel.config import ENV_PREFIX


def evaluate(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Clips, each with <clip>.labels.json beside it.", show_default=False
        ),
    ],
    as_json: AsJson = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            envvar=f"{ENV_PREFIX}HTML",
            help="Also write a page that shows every label against every detection.",
            show_default=False,
        ),
    ] = None,
    window: Annotated[
        float,
        typer.Option(
            "--window",
            envvar=f"{ENV_PREFIX}WINDOW",
            min=3.0,
            max=60.0,
            help="Seconds a window, as a live session's segments.",
        ),
    ] = 5.0,
) -> None:
    """Compare cues and signals with what people saw in labelled clips.

    A detection and a label of the same cue match when they share at least half of the shorter one, or 0.5 s.
    Labels of low certainty are not asked for, and a detection that overlaps one is not held against it.
    """
    # Imported here, since these load the decoders and the networks, which no other command needs.
    from backchannel.explain.confusion import confusion_page  # noqa: PLC0415
    from backchannel.explain.labels import labelled_clips  # noqa: PLC0415
    from backchannel.explain.run import evaluate_clips  # noqa: PLC0415
    from backchannel.explain.totals import as_json as totals_json  # noqa: PLC0415
    from backchannel.explain.totals import as_markdown  # noqa: PLC0415

    clips = labelled_clips(folder)
    done: list[str] = []
    with progress(Console(highlight=False), f"Analysing {len(clips)} clips", quiet=as_json) as status:

        def told(name: str) -> None:
            done.append(name)
            status.update(f"Analysed {len(done)} of {len(clips)} clips, {name} last")

        evaluated = evaluate_clips(clips, window, told)
    scores = [clip.score for clip in evaluated]
    if html is not None:
        html.write_text(confusion_page(evaluated, window), encoding="utf-8")
        typer.echo(f"Wrote {html}.", err=True)
    typer.echo(msgspec.json.encode(totals_json(scores)) if as_json else as_markdown(scores), nl=as_json)
