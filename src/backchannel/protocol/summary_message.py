"""The data of `session.summary`, our own message on streams v1 and v2."""

from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from backchannel.values import Probability, SignalType


class ShareBody(msgspec.Struct, frozen=True):
    """A time, s, and its share of what was analysed, 0..1."""

    seconds: float
    share: float


class CountBody(msgspec.Struct, frozen=True):
    """How often something was found, the total time and the longest one, s."""

    count: int
    seconds: float
    longest: float


class MomentBody(msgspec.Struct, frozen=True):
    """A moment worth seeing. `signal_type` and `probability` are there if it suggests a signal."""

    start: float
    end: float
    sentence: str
    signal_type: SignalType | UnsetType = UNSET
    probability: Probability | UnsetType = UNSET


class SessionSummary(msgspec.Struct, frozen=True):
    """The session in plain words, before `session.ended`. Our own: sent only with `include` of summary.

    Null means not measured, which is not zero. `lines` has all of it in four lines of text.
    """

    type: ClassVar[str] = "session.summary"

    duration: float
    talk: ShareBody | None
    others_talk: ShareBody | None
    facing: ShareBody | None
    smiles: CountBody | None
    pauses: CountBody | None
    moments: tuple[MomentBody, ...]
    coverage: tuple[str, ...]
    lines: tuple[str, ...]
