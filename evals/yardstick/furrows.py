"""Furrowed brows against the script, in clips of their own: those of the design stay as they were drawn.

How deep the rendered furrow is shaded was chosen with the mesh network at hand, so these figures tell what
light, size and compression cost, not how many real furrows are found.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from evals.yardstick.design import APART_S, Case, Chance, case_of
from evals.yardstick.run import Outcome
from evals.yardstick.sample import Sample
from synthesis import Blink, BrowFurrow, BrowRaise, Smile, Squint
from synthesis.gestures import Gesture

MEASURES = ("brow furrows found", "brow furrow edges, s", "false brow furrows a clip")
KNOWN_S = 3.0
"""Rest before the furrow: a brow is lower than usual only to somebody who has seen the usual."""
_OWN_CHANCE = 4
"""Keeps these clips apart from those of the design, which draw from the same seed."""


def furrow_cases(clips: int, seed: int = 1) -> tuple[Case, ...]:
    """Draw clips with one furrow each, and something else on the face that is none."""
    return tuple(_case(number, seed) for number in range(clips))


def furrow_errors(outcomes: Iterable[Outcome]) -> dict[str, Sample]:
    """Pool what these clips say of furrows, and nothing else: other figures rest on the design alone."""
    samples = dict.fromkeys(MEASURES, Sample())
    for outcome in outcomes:
        for name in MEASURES:
            samples[name] += outcome.samples.get(name, Sample())
    return samples


def _case(number: int, seed: int) -> Case:
    chance = np.random.default_rng([seed, number, _OWN_CHANCE])
    speech = str(chance.choice(["none", "through", "sentences"], p=[0.6, 0.2, 0.2]))
    furrow = BrowFurrow(KNOWN_S + chance.uniform(0, 0.5), chance.uniform(1.0, 2.2), chance.uniform(0.8, 1.0))
    other = _other(chance, furrow.span.end_s + APART_S)
    return case_of(chance, number, seed, "furrow", speech, (Blink(1.2), furrow, other))


def _other(chance: Chance, start_s: float) -> Gesture:
    """Something that moves the brows or the lids, and is no furrow."""
    choices: tuple[Gesture, ...] = (
        BrowRaise(start_s, chance.uniform(0.6, 1.2)),
        Smile(start_s, chance.uniform(1.2, 2.0)),
        Squint(start_s, chance.uniform(0.9, 1.5)),
        Blink(start_s),
    )
    return choices[int(chance.integers(len(choices)))]
