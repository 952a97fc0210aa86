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
from backchannel.config import SettingsError
from backchannel.report.files import FileKind, file_of
from backchannel.report.page import Detail
from backchannel.report.recording import Recording
from backchannel.report.story import story_of
from backchannel.summary.summarize import summarize
from backchannel.values import MediaLimits, SegmentResult


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


@dataclass(frozen=True, slots=True)
class Look:
    """How the report looks: how much it has, and whether it has a still of each moment."""

    detail: Detail
    stills: bool

    def require_possible(self, places: Places) -> None:
        """Refuse stills where there is no place for them."""
        if self.stills and ("html" not in places.by_kind or self.detail != "brief"):
            raise SettingsError("--stills needs --html, and works only with --detail brief.")


def write_exports(
    places: Places, look: Look, results: Sequence[SegmentResult], media: Path, name: str, at: datetime
) -> None:
    """Write each file, with the time of the analysis, and report it on standard error."""
    if not places.by_kind:
        return
    # Imported here because it loads the cues, which most commands do not need.
    from backchannel.report.gather import recording_of  # noqa: PLC0415

    recording = recording_of(results, name, at)
    stills = _stills(recording, media) if look.stills else {}
    for kind, place in places.by_kind.items():
        folder = Path() if place == STDOUT else place.parent
        relative = os.fsencode(Path(os.path.relpath(media, folder)).as_posix()).decode("utf-8", "replace")
        write_out(place, file_of(recording, kind, relative, look.detail, stills))
        if place != STDOUT:
            typer.echo(f"Wrote {escaped(str(place))}.", err=True)


def _stills(recording: Recording, media: Path) -> dict[float, bytes]:
    """Take a still in the middle of each moment, by the start of the moment."""
    # Imported here because it loads the decoders.
    from backchannel.api.analyze import MAX_FILE_S  # noqa: PLC0415
    from backchannel.api.stills import stills_of  # noqa: PLC0415

    spans = [moment.span for moment in summarize(story_of(recording)).moments]
    middles_s = [(span.start_s + span.end_s) / 2 for span in spans]
    found = stills_of(media.read_bytes(), middles_s, MediaLimits(max_duration_s=MAX_FILE_S))
    return {
        span.start_s: found[middle_s]
        for span, middle_s in zip(spans, middles_s, strict=True)
        if middle_s in found
    }
