"""`backchannel eval`: measure how well cues and signals agree with labels."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from backchannel.cli.escape import escaped
from backchannel.cli.options import AsJson, WeightsFile
from backchannel.cli.show import progress
from backchannel.config import ENV_PREFIX
from backchannel.signals.calibration import read_calibration
from backchannel.values import Rules


def evaluate(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Folder of clips, each with a <clip>.labels.json.", show_default=False
        ),
    ],
    as_json: AsJson = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            envvar=f"{ENV_PREFIX}HTML",
            help="Also write a page with every label and every detection.",
            show_default=False,
        ),
    ] = None,
    neither: Annotated[
        bool,
        typer.Option(
            "--neither",
            envvar=f"{ENV_PREFIX}NEITHER",
            help="Also list every reported signal that is labelled neither plausible nor implausible.",
        ),
    ] = False,
    weights: WeightsFile = None,
    words: Annotated[
        bool, typer.Option("--words/--no-words", envvar=f"{ENV_PREFIX}WORDS", help="Listen for words too.")
    ] = False,
    window: Annotated[
        float,
        typer.Option(
            "--window",
            envvar=f"{ENV_PREFIX}WINDOW",
            min=3.0,
            max=60.0,
            help="Length of the analysis window, s.",
        ),
    ] = 5.0,
) -> None:
    """Measure accuracy on clips that people have labelled.

    A detection matches a label of the same cue when they overlap by half of the shorter one, or by 0.5 s.
    A label of low certainty counts neither as a hit nor as a miss, nor does a detection that overlaps it.
    Each figure has its 95% confidence interval, from a bootstrap over clips.
    """
    # Imported here because these load the decoders and the networks, which other commands do not need.
    from backchannel.explain.confusion import confusion_page  # noqa: PLC0415
    from backchannel.explain.labels import labelled_clips  # noqa: PLC0415
    from backchannel.explain.run import evaluate_clips  # noqa: PLC0415
    from backchannel.explain.totals import as_json as totals_json  # noqa: PLC0415
    from backchannel.explain.totals import as_markdown, markdown_table  # noqa: PLC0415
    from backchannel.explain.unlabelled import unlabelled_rows  # noqa: PLC0415

    rules = Rules() if weights is None else read_calibration(weights)
    clips = labelled_clips(folder)
    done: list[str] = []
    with progress(Console(highlight=False), f"Analysing {len(clips)} clips", quiet=as_json) as status:

        def report(name: str) -> None:
            done.append(name)
            status.update(Text(f"Analysed {len(done)} of {len(clips)} clips, {escaped(name)} last"))

        evaluated = evaluate_clips(clips, window, report, rules, words=words)
    scores = [clip.score for clip in evaluated]
    if html is not None:
        html.write_text(confusion_page(evaluated, window), encoding="utf-8")
        typer.echo(f"Wrote {escaped(str(html))}.", err=True)
    typer.echo(msgspec.json.encode(totals_json(scores)) if as_json else as_markdown(scores), nl=as_json)
    if neither and not as_json:
        typer.echo(f"\n{markdown_table(unlabelled_rows(evaluated))}")
