"""Scripts of rendered examples for docs/rationales.md, for signals that no labelled clip shows.

Each script performs the signal's cues late in the clip, when the baselines are known. We adjusted the scripts
until the signal was reported. Nothing in the analysis is tuned to them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from backchannel import analyze
from backchannel.values import Signal, SignalType
from synthesis import (
    Blink,
    BrowFurrow,
    Glance,
    Lean,
    Melody,
    Nod,
    Performance,
    Say,
    Shot,
    Squint,
    Tilt,
    View,
    spans_of,
    write_clip,
)
from synthesis.gestures import Gesture

VIEW = View()


@dataclass(frozen=True, slots=True)
class Example:
    """One clip to render.

    Attributes
    ----------
    script
        What happens in it, in a few words.
    """

    script: str
    shot: Shot


def examples() -> Mapping[SignalType, tuple[Example, ...]]:
    """Return the scripts by signal. Signals without one are in `NOT_RENDERED`."""
    return MappingProxyType(
        {
            "agreement": (_three_nods(), _nods_after_a_phrase()),
            "confusion": (_furrow_and_lean(), _furrow_and_tilt()),
            "skepticism": (_narrowed_and_back(), _narrowed_twice()),
            "stress": (_higher_and_faster(), _blinks_and_glances()),
        }
    )


NOT_RENDERED: Mapping[SignalType, str] = MappingProxyType(
    {
        "frustration": "It needs lips pressed thin under furrowed brows. The face mesh does not recognise "
        "the pressed lips of our renderer, so there is no rendered example either."
    }
)
"""Reasons why a signal has no script."""


def signals_of(example: Example) -> list[Signal]:
    """Render an example into a real file, and analyse it like a user's file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "example.mp4"
        write_clip(path, example.shot)
        return [signal for result in analyze(path) for signal in result.signals]


def _listening(duration_s: float, *gestures: Gesture, seed: int, view: View = VIEW) -> Shot:
    """A listener who blinks now and then, but not during the gestures."""
    blinks = tuple(Blink(at_s) for at_s in (1.3, 4.6, 8.2))
    return Shot(Performance(duration_s, (*blinks, *gestures), seed=seed), view)


def _three_nods() -> Example:
    return Example("three nods while listening", _listening(14.0, Nod(11.0, cycles=3), seed=21))


def _nods_after_a_phrase() -> Example:
    say = Say(9.2, ("That is what I had in mind.",))
    nod = Nod(spans_of(say)[-1].end_s + 0.4, cycles=2, peak_to_peak_deg=11.0, rate_hz=1.7)
    return Example(
        "two nods after speaking",
        Shot(Performance(14.5, (Blink(2.1), Blink(6.4), nod), (say,), seed=22)),
    )


def _furrow_and_lean() -> Example:
    gestures = (BrowFurrow(11.2, 3.0), Lean(10.8, 3.6, scale=1.25), Tilt(11.6, 2.2, roll_deg=-13.0))
    return Example(
        "brows furrowed while coming much closer, the head tilted", _listening(16.0, *gestures, seed=24)
    )


def _furrow_and_tilt() -> Example:
    gestures = (BrowFurrow(11.0, 3.2), Tilt(11.2, 2.8, roll_deg=16.0), Lean(10.8, 3.4, scale=1.13))
    script = "brows furrowed with the head tilted far, a little closer, in a smaller picture"
    return Example(script, _listening(16.0, *gestures, seed=23, view=View(480, 360, 60.0)))


def _narrowed_and_back() -> Example:
    gestures = (Squint(11.2, 2.4), Tilt(11.0, 2.8, roll_deg=17.0), Lean(10.9, 3.0, scale=0.8))
    return Example("narrowed eyes and a tilted head, leaning back", _listening(15.0, *gestures, seed=25))


def _narrowed_twice() -> Example:
    gestures = (
        Squint(11.0, 4.3),
        Tilt(11.0, 1.9, roll_deg=16.0),
        Tilt(13.4, 1.9, roll_deg=-16.0),
    )
    return Example(
        "narrowed eyes, the head tilted to one side, then the other", _listening(16.5, *gestures, seed=26)
    )


def _higher_and_faster() -> Example:
    sentences = ("I looked at the numbers this morning.", 0.5, "They are better than we thought.")
    calm = Say(0.6, (*sentences, 0.6, "I cannot do all of that alone."), 0.85, melody=Melody(-2.0))
    # Each sentence at a level of its own: agitated speech is not even.
    tense: list[Say] = []
    at_s = spans_of(calm)[-1].end_s + 2.2
    for text, level_dbfs in (
        ("It was never my decision.", -24.0),
        ("You never even told me.", -12.0),
        ("We have to be done by Friday.", -24.0),
    ):
        tense.append(Say(at_s, (text,), 1.4, level_dbfs, Melody(3.0)))
        at_s = spans_of(tense[-1])[-1].end_s + 0.1
    gestures = (Blink(1.8), Blink(5.7), Blink(9.9))
    script = "calm speech, then higher, faster and less even"
    return Example(script, Shot(Performance(at_s + 1.0, gestures, (calm, *tense), seed=27)))


def _blinks_and_glances() -> Example:
    blinks = tuple(Blink(8.0 + 0.7 * number) for number in range(15))
    glances = (Glance(11.7, 1.3, yaw_deg=24.0), Glance(14.5, 1.3, yaw_deg=-24.0))
    return Example(
        "blinks in quick succession, glances aside", Shot(Performance(19.0, (*blinks, *glances), seed=28))
    )
