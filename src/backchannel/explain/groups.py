"""Figures for each person, light and skin tone that labels name. Nothing is guessed from the picture."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from backchannel.explain.figures import precision, ratio, recall
from backchannel.explain.score import ClipScore, CueScore

Trait = Literal["person", "light", "skin_tone"]
TRAITS: Final[Mapping[Trait, str]] = {"person": "Person", "light": "Light", "skin_tone": "Skin tone"}
NOT_LABELLED: Final = "not labelled"

HEADING: Final = (
    "Clips",
    "Minutes",
    "Recall, all cues",
    "Precision, all cues",
    "Implausible",
    "Neither",
    "Plausible found",
)


def groups_of(clips: Sequence[ClipScore], trait: Trait) -> Mapping[str, tuple[ClipScore, ...]]:
    """Clips by what their labels say of a trait, last those that do not say; empty if none does."""
    named = sorted({clip.traits[trait] for clip in clips if clip.traits.get(trait)})
    if not named:
        return {}
    groups = {name: tuple(clip for clip in clips if clip.traits.get(trait) == name) for name in named}
    rest = tuple(clip for clip in clips if not clip.traits.get(trait))
    return groups | ({NOT_LABELLED: rest} if rest else {})


def group_rows(clips: Sequence[ClipScore], trait: Trait) -> list[tuple[str, ...]]:
    """The table of a trait as text, its heading first; empty if no label names the trait."""
    groups = groups_of(clips, trait)
    if not groups:
        return []
    return [(TRAITS[trait], *HEADING), *(_row(name, members) for name, members in groups.items())]


def _row(name: str, clips: Sequence[ClipScore]) -> tuple[str, ...]:
    scores = [sum((match.score for match in clip.cues.values()), CueScore()) for clip in clips]
    reported = [len(clip.reported) for clip in clips]
    return (
        name,
        str(len(clips)),
        f"{sum(clip.duration_s for clip in clips) / 60.0:.1f}",
        str(recall(scores)),
        str(precision(scores)),
        str(ratio([(len(clip.implausible), total) for clip, total in zip(clips, reported, strict=True)])),
        str(ratio([(len(clip.neither), total) for clip, total in zip(clips, reported, strict=True)])),
        str(ratio([(len(clip.found), len(clip.plausible)) for clip in clips])),
    )
