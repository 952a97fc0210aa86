"""How the cues of a conversation are interpreted."""

from dataclasses import dataclass

from backchannel.values.names import Policy, SignalType


@dataclass(frozen=True, slots=True)
class Bands:
    """Probabilities from which a signal is reported, and is called medium and high (signals table)."""

    report: float = 0.35
    medium: float = 0.55
    high: float = 0.75


@dataclass(frozen=True, slots=True)
class Rules:
    """How the cues of a conversation are interpreted, for as long as it lasts.

    Attributes
    ----------
    policy
        What may be reported.
    priors
        Calibrated log-odds without evidence, by signal. The others are as in the table of weights.
    bands
        Probabilities of the three words.
    """

    policy: Policy = "full"
    priors: tuple[tuple[SignalType, float], ...] = ()
    bands: Bands = Bands()
