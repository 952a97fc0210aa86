"""Nods and shakes of one clip against its script, and figures with intervals over many clips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from backchannel.explain.score import MATCH_S, MATCH_SHARE
from backchannel.tracks import Tracks
from backchannel.values import Cue, Span
from evals.nods.design import DURATION_S, Clip
from evals.yardstick.run import found_cues

RESAMPLES = 1000
INTERVAL = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of one gesture, of one clip or of many.

    Attributes
    ----------
    asked, found
        Scripted gestures, and those that a detection matches.
    detections, right
        Detections, and those that match a scripted gesture.
    seconds
        Length of the clips.
    """

    asked: int = 0
    found: int = 0
    detections: int = 0
    right: int = 0
    seconds: float = 0.0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.asked + other.asked,
            self.found + other.found,
            self.detections + other.detections,
            self.right + other.right,
            self.seconds + other.seconds,
        )

    @property
    def recall(self) -> float:
        """Share of the scripted gestures that are found; NaN without any."""
        return self.found / self.asked if self.asked else np.nan

    @property
    def precision(self) -> float:
        """Share of the detections that are right; NaN without any."""
        return self.right / self.detections if self.detections else np.nan

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall: twice the right ones over all; NaN of nothing."""
        if not self.found:
            return 0.0 if self.asked or self.detections else np.nan
        return 2 * self.precision * self.recall / (self.precision + self.recall)

    @property
    def false_a_minute(self) -> float:
        """Detections that match nothing, for each minute; NaN without clips."""
        return 60.0 * (self.detections - self.right) / self.seconds if self.seconds else np.nan


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found in one clip."""

    clip: Clip
    nod: Counts
    shake: Counts

    def of(self, gesture: str) -> Counts:
        """Counts of a gesture."""
        return self.nod if gesture == "nod" else self.shake


def outcome_of(clip: Clip, tracks: Tracks) -> Outcome:
    """Find the cues as a session would, and compare them with the script."""
    cues = found_cues(tracks)
    return Outcome(
        clip,
        *(
            counts(clip.wanted(gesture), [c for c in cues if c.name == gesture])
            for gesture in ("nod", "shake")
        ),
    )


def counts(wanted: Sequence[Span], detected: Sequence[Cue]) -> Counts:
    """Compare detections with scripted gestures, by the rule for real clips (`explain.score`)."""
    return Counts(
        asked=len(wanted),
        found=sum(any(_match(cue.span, span) for cue in detected) for span in wanted),
        detections=len(detected),
        right=sum(any(_match(cue.span, span) for span in wanted) for cue in detected),
        seconds=DURATION_S,
    )


def _match(one: Span, other: Span) -> bool:
    shared_s = one.overlap_s(other)
    return shared_s >= min(MATCH_S, MATCH_SHARE * min(one.duration_s, other.duration_s)) > 0


def total(parts: Sequence[Counts]) -> Counts:
    """Add up."""
    return reduce(Counts.__add__, parts, Counts())


def interval(
    outcomes: Sequence[Outcome], gesture: str, figure: Callable[[Counts], float]
) -> tuple[float, float]:
    """95% interval of a figure: clips are drawn again, kind by kind (percentile bootstrap, Efron 1979)."""
    chance = np.random.default_rng(7)
    kinds: dict[str, list[Counts]] = {}
    for outcome in outcomes:
        kinds.setdefault(outcome.clip.kind, []).append(outcome.of(gesture))
    drawn = [
        np.array([(c.asked, c.found, c.detections, c.right, c.seconds) for c in parts])
        for parts in kinds.values()
    ]
    figures = []
    for _ in range(RESAMPLES):
        sums = sum(rows[chance.integers(len(rows), size=len(rows))].sum(axis=0) for rows in drawn)
        asked, found, detections, right, seconds = np.asarray(sums).tolist()
        figures.append(figure(Counts(int(asked), int(found), int(detections), int(right), seconds)))
    known = np.array([value for value in figures if np.isfinite(value)])
    if not known.size:
        return np.nan, np.nan
    low, high = np.quantile(known, INTERVAL)
    return float(low), float(high)
