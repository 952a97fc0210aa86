"""Fit priors and bands to a person's own labels: logistic regression that is drawn to the shipped weights.

A signal's score is a sum of log-odds, ``x``. If the weights suit the labels, the share of plausible signals
among those with log-odds ``x`` is ``sigmoid(x)``. The fit finds ``sigmoid(slope · x + shift)``, with a shift
for each signal and one slope, as in Platt 1999. Both have normal priors around the shipped weights (shift 0,
slope 1), so a few labels change little, and a signal without labels keeps its prior. A shift becomes another
prior of its signal, and the slope becomes other bands: ``slope · x + shift ≥ logit(band)``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from backchannel.explain.run import EvaluatedClip
from backchannel.signals.weights import signal_table
from backchannel.values import Bands, Rules, SignalType

SHIFT_SD: Final = 0.7
"""How far a shift is expected from 0, log-odds (judgement: about one cue's weight would surprise)."""
SLOPE_SD: Final = 0.3
"""How far the slope is expected from 1 (judgement)."""
SLOPE_BOUNDS: Final = (0.4, 2.5)
"""Beyond these, bands would make no sense whatever the labels say."""
STEPS: Final = 50
TOLERANCE: Final = 1e-9
MIN_JUDGED: Final = 20
"""With fewer judged signals a calibration is hardly more than the shipped weights (judgement)."""

EVERY_SCORE: Final = Rules(bands=Bands(report=0.0, medium=0.0, high=1.0))
"""Rules under which every signal with a primary cue appears with its score, however low, uncapped."""

SIGNALS: Final = get_args(SignalType)
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """A signal of a clip that has a score and a label.

    Attributes
    ----------
    log_odds
        Of its largest score in the clip, with the shipped weights.
    plausible
        Labelled plausible; otherwise implausible. Signals with neither label are not judged.
    """

    clip: str
    signal: SignalType
    log_odds: float
    plausible: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """A slope, and a shift for each signal in the order of `SIGNALS`."""

    slope: float = 1.0
    shifts: tuple[float, ...] = (0.0,) * len(SIGNALS)

    def probability(self, judged: Sequence[Judged]) -> Numbers:
        """Probability of each signal, (n,)."""
        log_odds = np.asarray([one.log_odds for one in judged], np.float64)
        shifts = np.asarray([self.shifts[SIGNALS.index(one.signal)] for one in judged], np.float64)
        return _sigmoid(self.slope * log_odds + shifts)

    def rules(self) -> Rules:
        """Priors of the signals that shifted, and bands."""
        shipped = Bands()
        priors = {
            name: signal_table()[name].prior + shift / self.slope
            for name, shift in zip(SIGNALS, self.shifts, strict=True)
            if shift
        }
        return Rules(
            priors=tuple(sorted(priors.items())),
            bands=Bands(*(self._band(edge) for edge in (shipped.report, shipped.medium, shipped.high))),
        )

    def _band(self, probability: float) -> float:
        return 1.0 / (1.0 + math.exp(-_log_odds(probability) / self.slope))


SHIPPED: Final = Fit()


def judged_signals(clips: Sequence[EvaluatedClip]) -> tuple[Judged, ...]:
    """Signals of clips that were evaluated under `EVERY_SCORE`, as far as their labels judge them."""
    return tuple(
        Judged(clip.score.name, name, _log_odds(max(scores)), name in clip.labels.signals_plausible)
        for clip in clips
        for name in sorted({*clip.labels.signals_plausible, *clip.labels.signals_implausible})
        if (scores := [s.score for result in clip.results for s in result.signals if s.type == name])
    )


def fit(judged: Sequence[Judged]) -> Fit:
    """Fit to labels, with Newton's method; without any, the fit is `SHIPPED`."""
    log_odds = np.asarray([one.log_odds for one in judged], np.float64)
    own = np.asarray([[one.signal == name for name in SIGNALS] for one in judged], np.float64)
    columns = np.column_stack([log_odds, own.reshape(-1, len(SIGNALS))])
    plausible = np.asarray([one.plausible for one in judged], np.float64)
    centre = np.asarray([1.0, *np.zeros(len(SIGNALS))])
    pull = 1.0 / np.square([SLOPE_SD, *np.full(len(SIGNALS), SHIFT_SD)])
    found = centre.copy()
    for _ in range(STEPS):
        probability = _sigmoid(columns @ found)
        slope = columns.T @ (plausible - probability) - pull * (found - centre)
        curve = (columns.T * (probability * (1.0 - probability))) @ columns + np.diag(pull)
        step = np.linalg.solve(curve, slope)
        found = found + step
        if np.abs(step).max() < TOLERANCE:
            break
    return Fit(float(np.clip(found[0], *SLOPE_BOUNDS)), tuple(found[1:].tolist()))


def left_out(judged: Sequence[Judged]) -> Numbers:
    """Probability of each signal by the fit to the labels of all other clips, (n,)."""
    fits = {clip: fit([one for one in judged if one.clip != clip]) for clip in {one.clip for one in judged}}
    return np.asarray([fits[one.clip].probability([one])[0] for one in judged], np.float64)


def brier(judged: Sequence[Judged], probability: Numbers) -> float:
    """Mean squared error of probabilities (Brier 1950); 0 is best, 0.25 is a coin."""
    return float(np.mean(np.square(probability - np.asarray([one.plausible for one in judged]))))


def _sigmoid(log_odds: Numbers) -> Numbers:
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)), np.float64)


def _log_odds(probability: float) -> float:
    certain = min(max(probability, 1e-6), 1.0 - 1e-6)
    return math.log(certain / (1.0 - certain))
