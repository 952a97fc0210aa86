"""What a policy leaves out. It is left out here, before anything is scored, so nothing of it can be reported.

The policy `behaviour` is for places where the law forbids systems that infer emotions, such as workplaces and
schools in the European Union (Regulation (EU) 2024/1689, article 5(1)(f)). What is plainly visible or audible
stays: cues, and the signals that are named after what a person did with head and voice. Signals that are
named after what a person may feel are not scored, and quality is not judged, because every dimension needs
them.
"""

from collections.abc import Mapping
from typing import Final, get_args

from backchannel.signals.weights import quality_table
from backchannel.values import Policy, SignalType

LEFT_OUT: Final[Mapping[Policy, frozenset[SignalType]]] = {
    "full": frozenset(),
    "behaviour": frozenset(
        {"stress", "frustration", "confusion", "skepticism", "uncertainty", "confidence", "interest"}
    ),
}
"""Signals that are not scored: all that are named after a state of mind. The law takes the word emotion in a
wide sense (recital 18), so confidence and interest are among them (judgement)."""

EXPRESSIONS: Final = frozenset({"smile", "brow_raise", "pitch_lively"})
"""Cues that make nobody active under `behaviour`, where engagement follows attention, speech and the head."""


def scored_signals(policy: Policy) -> tuple[SignalType, ...]:
    """Signals that a policy allows, in alphabetical order.

    Examples
    --------
    >>> scored_signals("behaviour")
    ('agreement', 'disagreement', 'hesitation')
    """
    return tuple(name for name in get_args(SignalType) if name not in LEFT_OUT[policy])


def judged_dimensions(policy: Policy) -> frozenset[str]:
    """Dimensions of quality that need no signal that the policy leaves out.

    Examples
    --------
    >>> judged_dimensions("behaviour")
    frozenset()
    """
    return frozenset(
        dimension
        for dimension, row in quality_table().items()
        if not any(name.removesuffix("_resolved") in LEFT_OUT[policy] for name in row)
    )
