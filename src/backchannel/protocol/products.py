"""The models that a client can choose, and the signals that each of them reports."""

from typing import Final, Literal

from backchannel.values import SignalType

ModelName = Literal["inter-2", "inter-2-audio"]

PICTURE_AND_SOUND: Final[ModelName] = "inter-2"
SOUND_ONLY: Final[ModelName] = "inter-2-audio"
MODELS: Final[tuple[ModelName, ...]] = (PICTURE_AND_SOUND, SOUND_ONLY)
ENGINE: Final = "backchannel-1"
"""The name of our engine. It answers for every published model."""

HEARD: Final[frozenset[SignalType]] = frozenset(
    {"agreement", "confidence", "frustration", "hesitation", "interest", "uncertainty"}
)
"""The signals that audio alone can show (wire contract, section 3)."""


def model_named(name: str) -> ModelName | None:
    """Return the model with this name, or None if there is none."""
    return next((model for model in MODELS if model == name), None)


def reported_by(model: ModelName) -> frozenset[SignalType] | None:
    """Return the signal types that a model reports. None means all."""
    return HEARD if model == SOUND_ONLY else None
