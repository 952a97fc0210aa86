"""Choose the two or three moments of a conversation that are most worth seeing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backchannel.html.words import headline, length, likely
from backchannel.summary.story import Story
from backchannel.values import Cue, Probability, Signal, SignalType, Span

MOST_MOMENTS: Final = 3
"""What somebody remembers of a summary (judgement)."""
FEWEST_MOMENTS: Final = 2
"""With fewer signals than this, notable cues are moments too (judgement)."""
_RANKS: Final = MappingProxyType({"low": 0, "medium": 1, "high": 2})
_NOTABLE: Final = MappingProxyType(
    {
        "smile": (1.0, "Smiled for {}."),
        "nod": (1.0, "Nodded for {}."),
        "shake": (1.2, "Shook the head for {}."),
        "long_pause": (1.0, "Paused for {}."),
        "gaze_away": (0.5, "Looked away for {}."),
        "brow_furrow": (0.7, "Furrowed the brows for {}."),
    }
)
"""Cues that a person would point out: how much a second of each counts (judgement), and its sentence."""
MIN_NOTABLE_S: Final = 0.8
"""Shorter ones pass unnoticed (judgement)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment worth seeing.

    Attributes
    ----------
    span
        When, s.
    sentence
        What was visible or audible, without numbers in brackets.
    signal, probability
        What it suggests; None for a moment that is only a cue.
    """

    span: Span
    sentence: str
    signal: SignalType | None = None
    probability: Probability | None = None

    @property
    def heading(self) -> str:
        """What it suggests in words, such as "Likely interested"; empty for a cue."""
        if self.signal is None or self.probability is None:
            return ""
        return likely(self.probability, self.signal)


def moments(story: Story) -> tuple[Moment, ...]:
    """Return the moments most worth seeing, in order of time.

    The most probable signals come first, and of those the ones with the most evidence. Each type comes once,
    so that three moments say three things. Without enough signals, the longest notable cues are added.
    """
    chosen = [_of_signal(signal) for signal in _strongest_of_each_type(story.signals)][:MOST_MOMENTS]
    if len(chosen) < FEWEST_MOMENTS:
        apart = (cue for cue in _notable(story) if not any(_overlap(cue.span, one.span) for one in chosen))
        chosen += [_of_cue(cue) for cue in _one_of_each_name(apart)][: FEWEST_MOMENTS - len(chosen)]
    return tuple(sorted(chosen, key=lambda moment: moment.span))


def strength(signal: Signal) -> tuple[int, float, float]:
    """Return a key that orders signals from weak to strong; of equal ones, the first is stronger."""
    weight = sum(entry.weight for entry in signal.evidence)
    return _RANKS[signal.probability], weight, -signal.span.start_s


def _strongest_of_each_type(signals: Sequence[Signal]) -> list[Signal]:
    best: dict[SignalType, Signal] = {}
    for signal in sorted(signals, key=strength):
        best[signal.type] = signal
    return sorted(best.values(), key=strength, reverse=True)


def _notable(story: Story) -> list[Cue]:
    cues = [cue for cue in story.named(*_NOTABLE) if cue.span.duration_s >= MIN_NOTABLE_S]
    return sorted(cues, key=lambda cue: (-_NOTABLE[cue.name][0] * cue.span.duration_s, cue.span))


def _one_of_each_name(cues: Iterator[Cue]) -> list[Cue]:
    first: dict[str, Cue] = {}
    for cue in cues:
        first.setdefault(cue.name, cue)
    return list(first.values())


def _of_signal(signal: Signal) -> Moment:
    return Moment(signal.span, headline(signal.rationale), signal.type, signal.probability)


def _of_cue(cue: Cue) -> Moment:
    return Moment(cue.span, _NOTABLE[cue.name][1].format(length(cue.span.duration_s)))


def _overlap(one: Span, other: Span) -> bool:
    return one.overlap_s(other) > 0
