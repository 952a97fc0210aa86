"""Options that several commands share, each with its environment variable."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from backchannel.cli.escape import escaped
from backchannel.config import ENV_PREFIX
from backchannel.values import Policy

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        envvar=f"{ENV_PREFIX}DATA_DIR",
        help="Folder of the key store. [default: your user data folder]",
        show_default=False,
    ),
]


class PolicyChoice(StrEnum):
    """What may be reported."""

    FULL = "full"
    BEHAVIOUR = "behaviour"

    @property
    def policy(self) -> Policy:
        """As a plain value."""
        return "full" if self is PolicyChoice.FULL else "behaviour"


def policy_option(variable: str, default: str) -> Any:
    """Return the option `--policy`, which servers and keys have with different defaults."""
    return typer.Option(
        "--policy",
        envvar=f"{ENV_PREFIX}{variable}",
        help=f"What may be reported: behaviour leaves out feelings and quality. [default: {default}]",
        show_default=False,
    )


PolicyName = Annotated[PolicyChoice | None, policy_option("POLICY", "full")]
WeightsFile = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        envvar=f"{ENV_PREFIX}WEIGHTS",
        metavar="FILE",
        help="Calibrated weights, as `backchannel calibrate` writes them. [default: the shipped ones]",
        show_default=False,
    ),
]
ListenForWords = Annotated[
    bool | None,
    typer.Option(
        "--words/--no-words",
        envvar=f"{ENV_PREFIX}WORDS",
        help="Listen for words too: write down what is said, and count it for signals. "
        "[default: if there is a network for words]",
        show_default=False,
    ),
]


def words_switch(words: bool | None) -> str | None:
    """Return the option as the setting."""
    return None if words is None else "on" if words else "off"


AsJson = Annotated[bool, typer.Option("--json", envvar=f"{ENV_PREFIX}JSON", help="Print only JSON.")]


SECTIONS: Final = (
    "conversation_quality_overall", "conversation_quality_timeline", "evidence", "transcript", "summary"
)  # fmt: skip
"""What `--include` accepts."""


def _require_known_sections(sections: list[str] | None) -> list[str] | None:
    # Servers ignore names that they do not know. On the command line such a name is a typing error.
    for name in sections or ():
        if name not in SECTIONS:
            raise typer.BadParameter(
                f"There is no section {escaped(name)}. Choose from {', '.join(SECTIONS)}."
            )
    return sections


IncludeFlags = Annotated[
    list[str] | None,
    typer.Option(
        "--include",
        envvar=f"{ENV_PREFIX}INCLUDE",
        callback=_require_known_sections,
        help=f"Add a section to the results: {', '.join(SECTIONS)}. Repeat for several.",
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
        help="Length of each piece, s. [default: 1 on v2, 5 on v0, which takes no less than 3]",
        show_default=False,
    ),
]


def _place(kind: str, what: str) -> Any:
    return typer.Option(
        f"--{kind}",
        envvar=f"{ENV_PREFIX}{kind.upper()}",
        metavar="PATH",
        help=f"{what}. Use - for standard output.",
        show_default=False,
    )


class DetailChoice(StrEnum):
    """How much a report has."""

    BRIEF = "brief"
    FULL = "full"

    @property
    def detail(self) -> Literal["brief", "full"]:
        """As a plain value."""
        return "brief" if self is DetailChoice.BRIEF else "full"


DetailName = Annotated[
    DetailChoice,
    typer.Option(
        "--detail",
        envvar=f"{ENV_PREFIX}DETAIL",
        help="What --html has: two printed pages, or every signal, cue and table.",
    ),
]
WithStills = Annotated[
    bool,
    typer.Option(
        "--stills",
        envvar=f"{ENV_PREFIX}STILLS",
        help="Put a picture of each moment into the brief report. It then shows the person.",
    ),
]
HtmlPlace = Annotated[Path | None, _place("html", "Write a report, one self-contained page")]
CsvPlace = Annotated[Path | None, _place("csv", "Write a table with a row for each signal, cue and state")]
SrtPlace = Annotated[Path | None, _place("srt", "Write the signals as SubRip captions")]
VttPlace = Annotated[Path | None, _place("vtt", "Write the signals as WebVTT captions")]
EafPlace = Annotated[Path | None, _place("eaf", "Write an ELAN document with a tier for each signal and cue")]
