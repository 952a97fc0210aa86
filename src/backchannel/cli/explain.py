"""`backchannel explain`: a page that shows why each cue of a clip fired or did not."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from backchannel.cli.files import require_media_file
from backchannel.cli.show import progress
from backchannel.config import ENV_PREFIX


def explain(
    file: Annotated[Path, typer.Argument(help="A video, or a sound recording.", show_default=False)],
    out: Annotated[
        Path, typer.Option("--out", envvar=f"{ENV_PREFIX}OUT", help="The page to write.", show_default=False)
    ],
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
    """Draw every track of a clip over time, with its cues, baselines and thresholds.

    Labels in <file>.labels.json beside it are drawn too. The page needs nothing else and loads nothing.
    """
    # Imported here, since these load the decoders and the networks, which no other command needs.
    from backchannel.explain.clip_page import explain_page  # noqa: PLC0415
    from backchannel.explain.labels import labels_of, read_labels  # noqa: PLC0415
    from backchannel.explain.replay import replay  # noqa: PLC0415

    beside = labels_of(require_media_file(file))
    labels = read_labels(beside) if beside.is_file() else None
    with progress(Console(highlight=False), "Loading the networks", quiet=False) as status:
        played = replay(file.read_bytes(), window, lambda time_s: status.update(f"Looked at {time_s:.0f} s"))
    out.write_text(explain_page(file.name, played, labels), encoding="utf-8")
    typer.echo(f"Wrote {out}.", err=True)
