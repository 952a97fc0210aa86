"""Files that `analyze` writes: reports, tables, captions, annotations."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Self

import typer

from backchannel.cli.escape import escaped
from backchannel.cli.files import STDOUT, require_places_to_write, write_out
from backchannel.report.files import FileKind, file_of
from backchannel.values import SegmentResult


@dataclass(frozen=True, slots=True)
class Places:
    """Where to write each kind of file."""

    by_kind: Mapping[FileKind, Path]

    @classmethod
    def of(
        cls, *, html: Path | None, csv: Path | None, srt: Path | None, vtt: Path | None, eaf: Path | None
    ) -> Self:
        """Collect the options of a command."""
        asked: dict[FileKind, Path | None] = {"html": html, "csv": csv, "srt": srt, "vtt": vtt, "eaf": eaf}
        return cls(MappingProxyType({kind: place for kind, place in asked.items() if place is not None}))

    def require_usable(self, media: Path, *, json_on_stdout: bool) -> None:
        """Refuse places that cannot be written to; see `require_places_to_write`."""
        places = {f"--{kind}": place for kind, place in self.by_kind.items()}
        require_places_to_write({"--json": STDOUT} | places if json_on_stdout else places, media)


def write_exports(
    places: Places, results: Sequence[SegmentResult], media: Path, name: str, analyzed_at: datetime
) -> None:
    """Write each file and report it on standard error."""
    if not places.by_kind:
        return
    # Imported here because it loads the cues, which most commands do not need.
    from backchannel.report.gather import recording_of  # noqa: PLC0415

    recording = recording_of(results, name, analyzed_at)
    for kind, place in places.by_kind.items():
        folder = Path() if place == STDOUT else place.parent
        relative = Path(os.path.relpath(media, folder)).as_posix()
        write_out(place, file_of(recording, kind, os.fsencode(relative).decode("utf-8", "replace")))
        if place != STDOUT:
            typer.echo(f"Wrote {escaped(str(place))}.", err=True)
