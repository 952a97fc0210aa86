"""Read labels: ``<clip>.labels.json`` beside each clip, as in `evals/README.md`."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from backchannel.values import EngagementLevel, SignalType, Span

LABEL_SUFFIX = ".labels.json"

Seconds = Annotated[float, Meta(ge=0)]


class LabelsError(ValueError):
    """A folder or a file of labels cannot be used. The message is one plain sentence that names it."""


class LabelledSpan(msgspec.Struct, frozen=True):
    """A stretch of speech, or of a pause."""

    start: Seconds
    end: Seconds

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"it ends at {self.end:g} s, before it starts at {self.start:g} s")

    @property
    def span(self) -> Span:
        """Its time."""
        return Span(self.start, self.end)


class LabelledCue(LabelledSpan, frozen=True, kw_only=True):
    """A cue that a person saw."""

    cue: str
    certainty: Literal["low", "medium", "high"] = "high"

    @property
    def asked(self) -> bool:
        """Whether a detector must find it. Labels of low certainty are not required."""
        return self.certainty != "low"


class Labels(msgspec.Struct, frozen=True):
    """A person's labels of one clip.

    `signals_plausible` and `signals_implausible` are what a careful person might, or should never, report.
    `person`, `light` and `skin_tone` are free text, empty if the label does not say; clips with the same text
    form a group in the evaluation.
    """

    file: str
    cues: tuple[LabelledCue, ...] = ()
    speech: tuple[LabelledSpan, ...] = ()
    long_pauses: tuple[LabelledSpan, ...] = ()
    filled_pauses: tuple[LabelledSpan, ...] = ()
    signals_plausible: tuple[SignalType, ...] = ()
    signals_implausible: tuple[SignalType, ...] = ()
    engagement_plausible: tuple[EngagementLevel, ...] = ()
    person: str = ""
    light: str = ""
    skin_tone: str = ""


def labels_of(clip: Path) -> Path:
    """Path of a clip's labels, beside the clip."""
    return clip.with_name(clip.name + LABEL_SUFFIX)


def read_labels(path: Path) -> Labels:
    """Read one file of labels.

    Raises
    ------
    LabelsError
        The file does not hold labels.
    OSError
        The file cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Labels)
    except msgspec.MsgspecError as error:
        raise LabelsError(f"{path} does not hold labels: {error}.") from None


def labelled_clips(folder: Path) -> tuple[tuple[Path, Labels], ...]:
    """Every clip in a folder that has labels beside it, by name.

    Raises
    ------
    LabelsError
        When there is no such folder, no clip with labels in it, labels without their clip, or labels that
        cannot be read.
    """
    if not folder.is_dir():
        raise LabelsError(f"There is no folder {folder}.")
    found = [
        (path.with_name(path.name.removesuffix(LABEL_SUFFIX)), path)
        for path in sorted(folder.glob(f"*{LABEL_SUFFIX}"))
    ]
    if not found:
        raise LabelsError(f"{folder} has no labelled clips: none of its files is named *{LABEL_SUFFIX}.")
    for clip, labels in found:
        if not clip.is_file():
            raise LabelsError(f"{labels.name} is there, but its clip {clip} is not.")
    return tuple((clip, read_labels(labels)) for clip, labels in found)
