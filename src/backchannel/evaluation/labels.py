"""Reads labels: ``<clip>.labels.json`` beside each clip, as in `evals/README.md`."""

from pathlib import Path
from typing import Literal

import msgspec

from backchannel.model import EngagementLevel, SignalType, Span

LABEL_SUFFIX = ".labels.json"


class LabelledCue(msgspec.Struct, frozen=True):
    """A cue that a person saw."""

    cue: str
    start: float
    end: float
    certainty: Literal["low", "medium", "high"] = "high"

    @property
    def span(self) -> Span:
        """When it was there."""
        return Span(self.start, self.end)


class LabelledSpan(msgspec.Struct, frozen=True):
    """A stretch of speech, or of a pause."""

    start: float
    end: float

    @property
    def span(self) -> Span:
        """When it was there."""
        return Span(self.start, self.end)


class Labels(msgspec.Struct, frozen=True):
    """What a person saw and heard in one clip.

    `signals_plausible` and `signals_implausible` are what a careful person might, or should never, report.
    """

    file: str
    cues: tuple[LabelledCue, ...] = ()
    speech: tuple[LabelledSpan, ...] = ()
    long_pauses: tuple[LabelledSpan, ...] = ()
    filled_pauses: tuple[LabelledSpan, ...] = ()
    signals_plausible: tuple[SignalType, ...] = ()
    signals_implausible: tuple[SignalType, ...] = ()
    engagement_plausible: tuple[EngagementLevel, ...] = ()


def read_labels(path: Path) -> Labels:
    """Read one file of labels.

    Raises
    ------
    msgspec.MsgspecError
        When it is not one.
    """
    return msgspec.json.decode(path.read_bytes(), type=Labels)


def labelled_clips(folder: Path) -> tuple[tuple[Path, Labels], ...]:
    """Every clip in a folder that has labels beside it, by name."""
    found = (
        (path.with_name(path.name.removesuffix(LABEL_SUFFIX)), path)
        for path in folder.glob(f"*{LABEL_SUFFIX}")
    )
    return tuple((clip, read_labels(labels)) for clip, labels in sorted(found) if clip.is_file())
