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
