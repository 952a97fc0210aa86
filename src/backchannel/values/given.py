"""Words that a client gives, instead of those that would be heard."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backchannel.values.clock import Span
from backchannel.values.words import Phrase


@dataclass(frozen=True, slots=True)
class Said:
    """Words of a client's own transcript. They are the client's, so nobody checks them against the sound.

    Attributes
    ----------
    span
        When they were said, session time.
    text
        As the client wrote them.
    speaker
        Who said them, from 0. Speaker 0 is the person whom the session is about.
    """

    span: Span
    text: str
    speaker: int = 0


@dataclass(frozen=True, slots=True)
class GivenWords:
    """Words that a client gives, instead of those that would be heard.

    Attributes
    ----------
    phrases
        What the person said, in order.
    language
        ISO 639-1 code; empty to detect it.
    """

    phrases: tuple[Said, ...] = ()
    language: str = ""

    def without(self, taken: Sequence[Phrase]) -> "GivenWords":
        """Leave out the phrases that were taken in."""
        spans = {phrase.span for phrase in taken}
        return replace(self, phrases=tuple(one for one in self.phrases if one.span not in spans))
