"""Choose one piece of advice for a stretch of a conversation: changes in, advice out.

The advice is a sentence from the table, followed by the evidence in the words of a rationale. So it names no
number and quotes no word that was not measured. The same changes give the same advice. Where no rule applies,
there is nothing to say, and the guide says that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from backchannel.guidance.rules import RANKS, Dimension, Rule, guidance_rules
from backchannel.signals.rationale import compose, evidence_of
from backchannel.updates import Changes, CueOver, SignalBegan, SignalChanged
from backchannel.values import Coverage, Cue, Evidence, Signal, Span

NO_GUIDANCE: Final = "NO_GUIDANCE"
"""The text that says that there is nothing to say; published clients know it."""
_MOST_GIVEN: Final = 32
"""Older advice is forgotten: its evidence is over."""
_EVERYTHING: Final = Coverage(picture=True, sound=True, face_share=None, speech_share=None)
"""Advice does not say what was missing: it is only about what was there."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to say about a stretch.

    Attributes
    ----------
    text
        One sentence, or `NO_GUIDANCE`.
    span
        The stretch, session time.
    evidence
        The measurements behind it; empty without advice.
    heard
        What the person said in the stretch, as far as it was known.
    """

    text: str
    span: Span
    evidence: tuple[Evidence, ...] = ()
    heard: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guide:
    """Follows a conversation and advises now and then.

    Attributes
    ----------
    period_s
        Media between two pieces of advice, s.
    since_s
        Session time at which the stretch begins.
    goals
        The dimensions to serve; empty for all.
    signals, cues
        Those with evidence in the stretch, as they were last reported.
    heard
        What the person said in the stretch.
    given
        Advice that was given: the rule, and when its evidence began. The same evidence gives it once.
    """

    period_s: float
    since_s: float
    goals: frozenset[Dimension] = frozenset()
    signals: tuple[Signal, ...] = ()
    cues: tuple[Cue, ...] = ()
    heard: tuple[str, ...] = ()
    given: tuple[tuple[str, float], ...] = ()

    def follow(self, changes: Changes) -> tuple["Guide", Advice | None]:
        """Take in changes, and advise if enough media has passed since the last time."""
        signals = {(one.type, one.span.start_s): one for one in self.signals}
        cues = list(self.cues)
        for change in changes.news:
            match change:
                case SignalBegan(signal=signal) | SignalChanged(signal=signal):
                    signals[signal.type, signal.span.start_s] = signal
                case CueOver(cue=cue):
                    cues.append(cue)
        heard = (*self.heard, *(one.text for one in changes.phrases if one.final and one.text))
        if changes.reached_s - self.since_s < self.period_s:
            signals_now, cues_now = tuple(signals.values()), tuple(cues)
            return replace(self, signals=signals_now, cues=cues_now, heard=heard), None
        stretch = Span(self.since_s, changes.reached_s)
        ahead = replace(self, since_s=stretch.end_s, signals=(), cues=(), heard=())
        for rule in guidance_rules():
            if self.goals and not self.goals & rule.dimensions:
                continue
            for begun_s, evidence in _reasons(rule, signals.values(), cues):
                if (rule.name, begun_s) not in self.given:
                    given = (*self.given[-_MOST_GIVEN:], (rule.name, begun_s))
                    return replace(ahead, given=given), Advice(
                        sentence(rule, evidence), stretch, evidence, heard
                    )
        return ahead, Advice(NO_GUIDANCE, stretch)


def _reasons(
    rule: Rule, signals: Iterable[Signal], cues: Iterable[Cue]
) -> Sequence[tuple[float, tuple[Evidence, ...]]]:
    """What calls for a rule, the newest first: when it began, and its evidence."""
    shown = [
        (one.span.start_s, one.evidence)
        for one in signals
        if one.type in rule.signals and RANKS[one.probability] >= RANKS[rule.least] and one.evidence
    ]
    heard = [
        (one.span.start_s, tuple(evidence_of(one, one.certainty))) for one in cues if one.name in rule.cues
    ]
    return sorted([*shown, *heard], key=lambda reason: -reason[0])


def sentence(rule: Rule, evidence: Sequence[Evidence]) -> str:
    """Write advice with its evidence.

    Examples
    --------
    >>> from backchannel.values import Cue
    >>> asked = Cue("question", "text", Span(2.0, 3.0), 2.0, "words", None, 0.9, quote="And then")
    >>> sentence(guidance_rules()[-3], evidence_of(asked, 1.0))
    'Answer their question: the person asked “And then”.'
    """
    said = compose(_strongest(evidence), _EVERYTHING)
    return f"{rule.advice}: the person {said[0].lower()}{said[1:]}"


def _strongest(evidence: Sequence[Evidence]) -> Sequence[Evidence]:
    """Keep the strongest kind of evidence: advice is read while people talk."""
    first = next((one.cue for one in evidence if one.cue != "facing"), evidence[0].cue)
    return [one for one in evidence if one.cue == first]
