"""`backchannel explain`: write a page that shows why each cue of a clip fired or did not."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from backchannel.cli.files import require_media_file
from backchannel.cli.options import PolicyName
from backchannel.cli.show import progress
from backchannel.config import ENV_PREFIX
from backchannel.values import Rules


def explain(
    file: Annotated[Path, typer.Argument(help="A video or sound file.", show_default=False)],
    out: Annotated[
        Path, typer.Option("--out", envvar=f"{ENV_PREFIX}OUT", help="Page to write.", show_default=False)
    ],
    policy: PolicyName = None,
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
    """Write a page that shows why each cue fired or did not.

    It draws every measurement over time, with cues, baselines and thresholds, and the labels of
    <file>.labels.json if there are any. The page is self-contained.
    """
    # Imported here because these load the decoders and the networks, which other commands do not need.
    from backchannel.explain.clip_page import explain_page  # noqa: PLC0415
    from backchannel.explain.labels import labels_of, read_labels  # noqa: PLC0415
    from backchannel.explain.replay import replay  # noqa: PLC0415

    beside = labels_of(require_media_file(file))
    labels = read_labels(beside) if beside.is_file() else None
    with progress(Console(highlight=False), "Loading the networks", quiet=False) as status:
        played = replay(
            file.read_bytes(),
            window,
            lambda time_s: status.update(f"Analysed {time_s:.0f} s"),
            Rules() if policy is None else Rules(policy=policy.policy),
        )
    out.write_text(explain_page(file.name, played, labels), encoding="utf-8")
    typer.echo(f"Wrote {out}.", err=True)
