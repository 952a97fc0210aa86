"""The config frame of the realtime stream. Each one replaces the whole configuration."""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from backchannel.errors import Problem
from backchannel.guidance.rules import Dimension
from backchannel.protocol.config_frame import invalid_text
from backchannel.protocol.realtime_messages import AnalysisGroup, Frequency

GROUPS: Final[tuple[AnalysisGroup, ...]] = ("visual", "audio")
PERIODS_S: Final[dict[Frequency, float]] = {"high": 10.0, "medium": 20.0, "low": 30.0}
"""Analysed media between two recommendations, s, by frequency (the vendor's documentation)."""
DEFAULT_FREQUENCY: Final[Frequency] = "medium"
MAX_INSTRUCTIONS: Final = 8000
"""Characters (judgement: two pages)."""

EXAMPLE: Final = '{"analysis_groups": ["visual", "audio"]}'

_FIELDS: Final = (
    "analysis_groups",
    "realtime_recommendation_frequency",
    "realtime_recommendation_instructions",
    "goal_dimensions",
    "words",
)


@dataclass(frozen=True, slots=True)
class RealtimeConfig:
    """A session's configuration.

    Attributes
    ----------
    groups
        What is analysed: the picture, the sound, or both.
    frequency
        How often to advise.
    instructions
        The client's instructions for advice; empty for none. Our rules do not read them.
    goals
        The dimensions of quality that advice should serve; empty for all.
    words
        False to stop listening for words until the session ends; None to leave that as it is.
    """

    groups: tuple[AnalysisGroup, ...] = GROUPS
    frequency: Frequency = DEFAULT_FREQUENCY
    instructions: str = ""
    goals: frozenset[Dimension] = frozenset()
    words: bool | None = None

    @property
    def wants_guidance(self) -> bool:
        """Whether the client asked for advice."""
        return bool(self.instructions or self.goals)

    @property
    def period_s(self) -> float:
        """Media between two recommendations, s."""
        return PERIODS_S[self.frequency]


class _Frame(msgspec.Struct, frozen=True):
    analysis_groups: Annotated[list[AnalysisGroup], Meta(min_length=1)] | None = None
    realtime_recommendation_frequency: Frequency | None = None
    realtime_recommendation_instructions: Annotated[str, Meta(max_length=MAX_INSTRUCTIONS)] | None = None
    goal_dimensions: list[Dimension] | None = None
    words: bool | None = None


_decoder: msgspec.json.Decoder[_Frame] = msgspec.json.Decoder(_Frame)


def read_config(text: str) -> RealtimeConfig:
    """Read a config frame. Unknown fields are ignored; fields that are left out get their defaults.

    Raises
    ------
    Problem
        ``ih6001``. Its message never quotes what the client sent.

    Examples
    --------
    >>> read_config('{"analysis_groups": ["audio"]}').groups
    ('audio',)
    """
    try:
        frame = _decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise _invalid("") from None
    groups = frame.analysis_groups or GROUPS
    return RealtimeConfig(
        tuple(group for group in GROUPS if group in groups),
        frame.realtime_recommendation_frequency or DEFAULT_FREQUENCY,
        (frame.realtime_recommendation_instructions or "").strip(),
        frozenset(frame.goal_dimensions or ()),
        frame.words,
    )


def _invalid(error: str) -> Problem:
    """Name the invalid field. The decoder's own error text may quote values, so it stays out."""
    field = next((name for name in _FIELDS if f"$.{name}" in error), None)
    why = f"`{field}` has the wrong type or an unsupported value" if field else "it is not a JSON object"
    return invalid_text(why, EXAMPLE)
