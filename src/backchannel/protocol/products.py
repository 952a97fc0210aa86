"""The models a client can choose, as published, and what each of them reports."""

from typing import Final, Literal

from backchannel.values import SignalType

ModelName = Literal["inter-2", "inter-2-audio"]

PICTURE_AND_SOUND: Final[ModelName] = "inter-2"
SOUND_ONLY: Final[ModelName] = "inter-2-audio"
MODELS: Final[tuple[ModelName, ...]] = (PICTURE_AND_SOUND, SOUND_ONLY)
ENGINE: Final = "backchannel-1"
"""What answers, whichever name it was asked by."""

HEARD: Final[frozenset[SignalType]] = frozenset(
    {"agreement", "confidence", "frustration", "hesitation", "interest", "uncertainty"}
)
"""The signals that can be told from sound alone (wire contract, section 3)."""


def model_named(name: str) -> ModelName | None:
    """Return the model of this name, or None when there is none."""
    return next((model for model in MODELS if model == name), None)


def reported_by(model: ModelName) -> frozenset[SignalType] | None:
    """Return the types of signals that a model reports; None for every one."""
    return HEARD if model == SOUND_ONLY else None
