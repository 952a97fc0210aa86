"""`backchannel calibrate`: fit priors and bands to a person's own labels."""

from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from backchannel.cli.escape import escaped
from backchannel.cli.show import progress
from backchannel.config import ENV_PREFIX


def calibrate(
    labels: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS", help="Folder of clips, each with a <clip>.labels.json.", show_default=False
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", envvar=f"{ENV_PREFIX}OUT", help="File of weights to write.", show_default=False
        ),
    ],
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            envvar=f"{ENV_PREFIX}HTML",
            help="Page with the reliability diagram. [default: beside --out, as .html]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Fit the priors and bands of signals to your own labels.

    The labels are those of `backchannel eval`; `signals_plausible` and `signals_implausible` count. Pass the
    file to `serve --weights`, `analyze --weights` or `eval --weights`. A few labels change little.
    """
    # Imported here because these load the decoders and the networks, which other commands do not need.
    from backchannel.explain.calibrate import EVERY_SCORE, MIN_JUDGED, fit, judged_signals  # noqa: PLC0415
    from backchannel.explain.labels import LabelsError, labelled_clips  # noqa: PLC0415
    from backchannel.explain.reliability import (  # noqa: PLC0415
        band_rows,
        prior_rows,
        reliability_page,
        verdict,
    )
    from backchannel.explain.run import evaluate_clips  # noqa: PLC0415
    from backchannel.explain.totals import markdown_table  # noqa: PLC0415
    from backchannel.signals.calibration import write_calibration  # noqa: PLC0415

    clips = labelled_clips(labels)
    done: list[str] = []
    with progress(Console(highlight=False), f"Analysing {len(clips)} clips", quiet=False) as status:

        def report(name: str) -> None:
            done.append(name)
            status.update(Text(f"Analysed {len(done)} of {len(clips)} clips, {escaped(name)} last"))

        judged = judged_signals(evaluate_clips(clips, on_done=report, rules=EVERY_SCORE))
    if not judged:
        raise LabelsError(
            f"No label in {labels} judges a signal that has evidence in its clip. Add signals to "
            "signals_plausible and signals_implausible."
        )
    fitted = fit(judged)
    page = out.with_suffix(".html") if html is None else html
    said = verdict(judged, fitted)
    comments = (f"Written by `backchannel calibrate` on {datetime.now(UTC):%Y-%m-%d}.", *wrap(said, 100))
    out.write_text(write_calibration(fitted.rules(), comments), encoding="utf-8")
    page.write_text(reliability_page(judged, fitted), encoding="utf-8")
    typer.echo(
        f"{markdown_table(prior_rows(judged, fitted))}\n\n{markdown_table(band_rows(fitted))}\n\n{said}"
    )
    if len(judged) < MIN_JUDGED:
        typer.echo(f"With fewer than {MIN_JUDGED} judged signals, the weights stay near the shipped ones.")
    typer.echo(f"Wrote {escaped(str(out))} and {escaped(str(page))}.", err=True)
